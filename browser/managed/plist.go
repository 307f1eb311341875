package managed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"

	"howett.net/plist"

	"ipguard/browser"
)

var errNoPlist = errors.New("no property list")

// propertyList is a file of managed preferences, as XML or binary.
type propertyList struct{ family browser.Family }

func (propertyList) decode(data []byte) (top map[string]any, err error) {
	// The decoder gives up on some damage by panicking.
	defer func() {
		if recover() != nil {
			top, err = nil, errNoPlist
		}
	}()
	if !bytes.HasPrefix(data, []byte("bplist00")) && !wellFormed(data) {
		return nil, errNoPlist
	}
	if _, err := plist.Unmarshal(data, &top); err != nil || top == nil {
		return nil, errNoPlist
	}
	return top, nil
}

// wellFormed tells whether it is XML to the last byte, which the decoder of property lists does not look at.
func wellFormed(data []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(data))
	for depth, roots := 0, 0; ; {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && roots == 1
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; depth > 200 {
				return false
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(token)) > 0 {
				return false
			}
		}
	}
}

func (propertyList) encode(top map[string]any) (data []byte, err error) {
	defer func() {
		if recover() != nil {
			data, err = nil, errNoPlist
		}
	}()
	return plist.MarshalIndent(top, plist.XMLFormat, "\t")
}

func (propertyList) settings(top map[string]any) map[string]any {
	settings := maps.Clone(top)
	delete(settings, markName)
	return settings
}

func (propertyList) with(top, settings map[string]any) map[string]any {
	out := maps.Clone(settings)
	if out == nil {
		out = map[string]any{}
	}
	if m, there := top[markName]; there {
		out[markName] = m
	}
	return out
}

// want adds what makes Firefox look at the rest on macOS: https://github.com/mozilla/policy-templates.
func (p propertyList) want(values map[string]any) map[string]any {
	if p.family != browser.Gecko {
		return values
	}
	out := maps.Clone(values)
	out["EnterprisePoliciesEnabled"] = true
	return out
}
