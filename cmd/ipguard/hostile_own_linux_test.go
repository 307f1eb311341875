package main

import (
	"os"
	"testing"
)

// An account that wipes itself, without an administrator, gets rid of what it may, goes nowhere else, and never calls
// itself clean, since it may not write that down.
func TestHostileWithoutRoot(t *testing.T) {
	tr := newTrial(t)
	tr.as(`out=` + tr.outside + `
		mkdir -p closed/in; echo trace > closed/in/file; chmod 400 closed/in/file; chmod 0 closed/in; chmod 111 closed
		chmod 500 kept/deep; mkdir stray; mkfifo stray/fifo; echo trace > -trace; ln -s $out outside; ln -s $out/secret secret
		ln -s . self; echo trace > $'line\nbreak'; d=.; for i in $(seq 150); do mkdir $d/d; echo x > $d/d/f; d=$d/d; done
		while [ $d != . ]; do chmod 500 $d; d=${d%/d}; done`)
	r := tr.ipguardAs("wipe", "--account", tr.user.Name, "--yes")
	if r.code != exitIncomplete || r.answer.Totals.Residual != 0 || !r.answer.Unsaved {
		t.Errorf("exit %d, %d residual, unsaved %v\n%s%s", r.code, r.answer.Totals.Residual, r.answer.Unsaved, r.out, r.err)
	}
	same(t, tr.user.Home, tr.home)
	same(t, tr.outside, tr.world)

	// What only an administrator can put right is told.
	tr.must(os.Mkdir(tr.path("of root"), 0o700))
	tr.must(os.WriteFile(tr.path("of root/file"), nil, 0o600))
	tr.as(`echo evil >> .bashrc`)
	r = tr.ipguardAs("wipe", "--account", tr.user.Name, "--yes")
	if r.code != exitIncomplete || !r.has("residual", "needs_root") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	same(t, tr.outside, tr.world)
	tr.back()
}
