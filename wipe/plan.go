package wipe

// Rule says what goes from a root.
type Rule string

// The rules.
const (
	RuleDeny      Rule = "default_deny" // everything but the baseline
	RuleBaselined Rule = "baselined"    // default deny among the names that match the pattern
	RuleOwned     Rule = "owned"        // what the account owns
	RuleMatched   Rule = "matched"      // the names that match the pattern
	RulePrintJobs Rule = "print_jobs"   // CUPS job files of the account
)

// Root is one place where a wipe works, with its rule. A plan has rules, not a list of files: what appears between
// planning and erasing is dealt with all the same.
type Root struct {
	Dir      string // absolute
	Rule     Rule
	Pattern  string // a path.Match pattern for names directly in Dir; empty means every name
	Manifest string // the root's name in the baseline; empty: nothing there belongs to the laptop
	Artifact ArtifactID
	Class    Class
}

// Plan is what a wipe will do. Showing it and doing it use the same value.
type Plan struct {
	Account Account
	Version int // of the baseline
	Roots   []Root
	// Live says that the account's desktop keeps running.
	Live bool
	// HomeTrouble is why the home itself cannot be wiped, CodeNone if it can.
	HomeTrouble Code
}

// Folder is one folder outside the home, as package locate resolves it.
type Folder struct {
	Artifact ArtifactID
	Class    Class
	Kind     Kind
	Dir      string
	Pattern  string
}

// Facts is what planning needs to know about the machine.
type Facts struct {
	Version  int               // of the baseline
	Damaged  bool              // the baseline cannot be read
	Folders  []Folder          // outside the home
	Manifest func(Root) string // the name of a root's manifest in the baseline, empty if it has none
	Live     bool
	Home     HomeFacts
}

// HomeFacts says what the kernel says of the home, asked without touching it where it might hang.
type HomeFacts struct {
	Exists  bool
	Network bool // on a network or user-space file system
	UID     uint32
}

// NewPlan computes the plan of a wipe. It is pure.
func NewPlan(acct Account, facts Facts) Plan {
	p := Plan{Account: acct, Version: facts.Version, Live: facts.Live}
	switch {
	case facts.Home.Network:
		p.HomeTrouble = CodeNetwork
	case !facts.Home.Exists:
		p.HomeTrouble = CodeMissing
	default:
		p.Roots = append(p.Roots, Root{Dir: acct.Home, Rule: RuleDeny, Manifest: HomeManifest, Artifact: HomeArtifact, Class: ClassSettings})
	}
	for _, f := range facts.Folders {
		r := Root{Dir: f.Dir, Pattern: f.Pattern, Artifact: f.Artifact, Class: f.Class}
		switch f.Kind {
		case KindOwned:
			r.Rule = RuleOwned
		case KindMatched:
			r.Rule = RuleMatched
		case KindPrintJob:
			r.Rule = RulePrintJobs
		case KindBaselined:
			if facts.Damaged {
				continue // without a baseline nobody knows what there is the laptop's
			}
			r.Rule = RuleBaselined
			r.Manifest = facts.Manifest(r)
		default:
			continue // kinds that only give names
		}
		p.Roots = append(p.Roots, r)
	}
	return p
}

// HomeManifest is the name of the home in a baseline; HomeArtifact stands for the home as a whole in a report.
const (
	HomeManifest            = "home"
	HomeArtifact ArtifactID = "home"
)
