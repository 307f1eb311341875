package browsertest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Policies is what a browser says of the settings that it was given.
type Policies struct {
	// Active says that the browser obeys settings at all. Chromium: it has at least one; Firefox: Services.policies.status.
	Active bool
	// Set are those that it knows of, by name, as chrome://policy and about:policies list them.
	Set []Policy
	// Problems are what about:policies lists under "Errors", and each error and warning of chrome://policy.
	Problems []string
}

// Policy is one setting as the browser understands it. Only Chromium fills in more than Name and Value.
type Policy struct {
	Name  string
	Value any // as JSON decodes it
	Level, Scope, Source,
	Error, Warning, Info string
	Ignored, Deprecated bool
}

// Value returns what the browser made of a setting, or nil.
func (p Policies) Value(name string) any {
	for _, one := range p.Set {
		if one.Name == name {
			return one.Value
		}
	}
	return nil
}

// chromiumPolicies reads what Chromium's own policy page is sent: a map of groups, each with its policies.
func chromiumPolicies(text string) (Policies, error) {
	var sent struct {
		PolicyGroups map[string]struct {
			Policies map[string]struct {
				Value any
				Level, Scope, Source,
				Error, Warning, Info string
				Ignored, Deprecated bool
			}
		}
	}
	var out Policies
	if err := json.Unmarshal([]byte(text), &sent); err != nil {
		return out, err
	}
	groups := sent.PolicyGroups
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for _, name := range slices.Sorted(maps.Keys(groups[group].Policies)) {
			row := groups[group].Policies[name]
			p := Policy{Name: name, Value: row.Value, Level: row.Level, Scope: row.Scope, Source: row.Source, Error: row.Error,
				Warning: row.Warning, Info: row.Info, Ignored: row.Ignored, Deprecated: row.Deprecated}
			out.Set = append(out.Set, p)
			for _, problem := range []string{p.Error, p.Warning} {
				if problem != "" {
					out.Problems = append(out.Problems, name+": "+strings.TrimSpace(problem))
				}
			}
		}
	}
	out.Active = len(out.Set) > 0
	return out, nil
}
