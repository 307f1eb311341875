package catalog

import "ipguard/wipe"

// RootAs is Root for a folder that is one artifact as a whole: what no location names counts as that artifact.
func (c *Classifier) RootAs(id wipe.ArtifactID, class wipe.Class) Match {
	m := c.Root()
	if m.rule == nil {
		m.rule = &rule{id: id, class: class, kind: wipe.KindOwned, enroll: wipe.EnrollKeep}
	}
	return m
}
