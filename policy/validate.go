package policy

import (
	"slices"
	"time"
)

// Validate tells whether a policy is within what the program can obey and a person would mean. The error is a
// *FileError that names the key as a file would, without a line.
func (p Policy) Validate() error {
	if err := p.check(); err != nil {
		return err
	}
	return nil
}

func (p Policy) check() *FileError {
	c := &checker{}
	p.times(c)
	p.places(c)
	p.Browsers.check(c)
	p.Organization.check(c)
	p.lists(c)
	p.Trace.check(c)
	return c.err
}

func (p Policy) times(c *checker) {
	c.between(p.Documents.HoldFor, time.Minute, 8*time.Hour, "documents.hold_for")
	c.between(p.Applications.CloseWithin, time.Second, time.Minute, "applications.close_within")
	c.between(p.Applications.SaveWithin, 5*time.Second, 10*time.Minute, "applications.save_within")
	c.oneOf(p.Session.End, []string{EndStay, EndLogout}, "session.end")
	c.between(p.Session.Countdown, 0, 5*time.Minute, "session.countdown")
	for _, t := range []struct {
		key string
		Countdown
	}{{"idle", p.Triggers.Idle}, {"lid", p.Triggers.Lid}, {"resume", p.Triggers.Resume}} {
		c.between(t.After, time.Minute, 8*time.Hour, "triggers."+t.key+".after")
	}
	c.within(int64(p.Enrollment.MaxFiles), 1000, 10_000_000, "enrollment.max_files")
	c.within(p.Enrollment.MaxBytes, 16<<20, 1<<40, "enrollment.max_bytes")
	c.oneOf(p.Erase.AtLeast, assurances(), "erase.at_least")
	c.between(p.FreeSpace.Within, time.Minute, 4*time.Hour, "free_space.within")
	c.within(p.FreeSpace.Reserve, 0, 1<<40, "free_space.reserve")
}

// assurances lists the values of Erase.AtLeast, as package wipe spells them.
func assurances() []string {
	return []string{"", "unlinked", "discarded", "overwritten", "memory_only", "key_destroyed"}
}

func (p Policy) places(c *checker) {
	each(c, p.Keep, 100, "keep", func(k KeepRule, key string) {
		c.inside(k.Base, k.Pattern, key)
		c.must(!everything(k.Pattern), key+".pattern", ProblemWholeFolder)
	})
	each(c, p.Watch.Folders, 50, "watch.folders", func(f Folder, key string) {
		c.inside(f.Base, f.Pattern, key)
		c.must(f.Base != "HOME" || f.Pattern != "", key+".pattern", ProblemWholeFolder)
	})
}

func (o Organization) check(c *checker) {
	c.text(o.Name, false, "organization.name")
	c.text(o.Place, false, "organization.place")
	c.text(o.Contact, false, "organization.contact")
	c.text(o.Elsewhere, false, "organization.elsewhere")
}

func (p Policy) lists(c *checker) {
	seen := map[string]bool{}
	each(c, p.Services, 200, "services", func(s Service, key string) {
		c.id(s.ID, key+".id")
		c.distinct(seen, s.ID, key+".id")
		c.text(s.Name, true, key+".name")
		if s.Logout != "" {
			c.address(s.Logout, key+".logout")
		}
		c.text(s.Button, false, key+".button")
		c.text(s.Recover, false, key+".recover")
	})
	seen = map[string]bool{}
	each(c, p.Procedures, 200, "procedures", func(x Procedure, key string) {
		c.id(x.ID, key+".id")
		c.distinct(seen, x.ID, key+".id")
		c.text(x.Name, true, key+".name")
		c.text(x.Bring, false, key+".bring")
	})
}

func (t Trace) check(c *checker) {
	c.text(t.Title, false, "trace.title")
	c.text(t.Before, false, "trace.before")
	c.text(t.After, false, "trace.after")
	seen := map[string]bool{}
	each(c, t.Sections, len(Sections()), "trace.sections", func(s Section, key string) {
		c.must(slices.Contains(Sections(), s), key, ProblemNotInList)
		c.distinct(seen, string(s), key)
	})
	c.within(int64(t.Large), 12, 28, "trace.large")
}
