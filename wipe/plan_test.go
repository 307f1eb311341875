package wipe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
)

func folders() []wipe.Folder {
	return []wipe.Folder{
		{Artifact: "tmp", Class: wipe.ClassTemporary, Kind: wipe.KindOwned, Dir: "/tmp"},
		{Artifact: "named", Class: wipe.ClassTemporary, Kind: wipe.KindMatched, Dir: "/var/x", Pattern: "u-*"},
		{Artifact: "net", Class: wipe.ClassNetwork, Kind: wipe.KindBaselined, Dir: "/etc/net", Pattern: "*"},
		{Artifact: "new", Class: wipe.ClassNetwork, Kind: wipe.KindBaselined, Dir: "/etc/new", Pattern: "*"},
		{Artifact: "jobs", Class: wipe.ClassPrint, Kind: wipe.KindPrintJob, Dir: "/var/spool/cups", Pattern: "[cd]*"},
		{Artifact: "name-only", Class: wipe.ClassBrowser, Kind: wipe.KindHome, Dir: "/home/public/.x"},
	}
}

func manifest(r wipe.Root) string {
	if r.Dir == "/etc/net" {
		return "outside-2"
	}
	return ""
}

func TestNewPlan(t *testing.T) {
	acct := wipe.Account{Name: "public", UID: 1000, Home: "/home/public"}
	home := wipe.Root{Dir: "/home/public", Rule: wipe.RuleDeny, Manifest: wipe.HomeManifest, Artifact: wipe.HomeArtifact, Class: wipe.ClassSettings}
	tmp := wipe.Root{Dir: "/tmp", Rule: wipe.RuleOwned, Artifact: "tmp", Class: wipe.ClassTemporary}
	named := wipe.Root{Dir: "/var/x", Rule: wipe.RuleMatched, Pattern: "u-*", Artifact: "named", Class: wipe.ClassTemporary}
	network := wipe.Root{Dir: "/etc/net", Rule: wipe.RuleBaselined, Pattern: "*", Manifest: "outside-2", Artifact: "net", Class: wipe.ClassNetwork}
	empty := wipe.Root{Dir: "/etc/new", Rule: wipe.RuleBaselined, Pattern: "*", Artifact: "new", Class: wipe.ClassNetwork}
	jobs := wipe.Root{Dir: "/var/spool/cups", Rule: wipe.RulePrintJobs, Pattern: "[cd]*", Artifact: "jobs", Class: wipe.ClassPrint}
	for _, c := range []struct {
		name    string
		facts   wipe.Facts
		roots   []wipe.Root
		trouble wipe.Code
	}{
		{"ordinary", wipe.Facts{Home: wipe.HomeFacts{Exists: true}}, []wipe.Root{home, tmp, named, network, empty, jobs}, wipe.CodeNone},
		{"no home", wipe.Facts{}, []wipe.Root{tmp, named, network, empty, jobs}, wipe.CodeMissing},
		{"home elsewhere", wipe.Facts{Home: wipe.HomeFacts{Exists: true, Network: true}}, []wipe.Root{tmp, named, network, empty, jobs}, wipe.CodeNetwork},
		// Without a baseline nobody knows which of the laptop's networks are its own: they are left alone.
		{"damaged", wipe.Facts{Damaged: true, Home: wipe.HomeFacts{Exists: true}}, []wipe.Root{home, tmp, named, jobs}, wipe.CodeNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.facts.Version, c.facts.Live, c.facts.Folders, c.facts.Manifest = 3, true, folders(), manifest
			want := wipe.Plan{Account: acct, Version: 3, Live: true, Roots: c.roots, HomeTrouble: c.trouble}
			if diff := cmp.Diff(want, wipe.NewPlan(acct, c.facts)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
