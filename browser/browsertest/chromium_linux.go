package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// StartChromium starts Chromium without a window but otherwise as a person would, with its profile at the default place
// (~/.config/chromium, cache in ~/.cache/chromium), visits the site, keeps the login in the password manager and leaves
// the browser running, with half a download, once all traces are on disk. Chromium writes cookies every thirty seconds
// only, so that it takes about half a minute. Ending ctx kills the browser.
//
// One thing is done by script: the password is kept through the interface of Chromium's own password page (what its
// "Add" button calls), because the "Save" button is not part of a page. The row in Login Data is Chromium's own.
func StartChromium(ctx context.Context, user User, site *Site) (*Browser, error) {
	// Named, though it is the default with a window: without a window it would be ~/.config/chromium-headless.
	data := filepath.Join(user.Home, ".config/chromium")
	cmd := user.Command(ctx, "chromium", "--headless", "--remote-debugging-pipe", "--user-data-dir="+data)
	b, d, err := withPipe(user, cmd)
	if err != nil {
		return nil, err
	}
	if err := chromiumVisit(ctx, b, d, site); err != nil {
		b.kill()
		return nil, fmt.Errorf("visiting with chromium: %w: %s", err, b.output)
	}
	return b, nil
}

// withPipe starts Chromium and takes up the remote control that --remote-debugging-pipe offers.
func withPipe(user User, cmd *exec.Cmd) (*Browser, *devtools, error) {
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer theirIn.Close()
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		ourOut.Close()
		return nil, nil, err
	}
	defer theirOut.Close()                         // so that reading ends when the browser does
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where Chromium looks
	b, err := launch(chromium, user, cmd)
	if err != nil {
		ourOut.Close()
		ourIn.Close()
		return nil, nil, err
	}
	d := newDevtools(ourOut, ourIn)
	b.ended = d.close
	b.quit = func(ctx context.Context) error {
		d.session = ""
		return d.call(ctx, "Browser.close", nil, nil)
	}
	return b, d, nil
}

func chromiumVisit(ctx context.Context, b *Browser, d *devtools, site *Site) error {
	if err := d.attach(ctx); err != nil {
		return err
	}
	if err := b.run(ctx, d, site); err != nil {
		return err
	}
	if err := d.open(ctx, "chrome://password-manager/passwords"); err != nil {
		return err
	}
	if _, err := d.eval(ctx, fmt.Sprintf(
		`chrome.passwordsPrivate.addPassword({url: %s, username: %s, password: %s, note: "", useAccountStore: false})`,
		quote(site.URL+"/"), quote(site.Marker+"-"+TracePassword), quote(password))); err != nil {
		return fmt.Errorf("keeping the password: %w", err)
	}
	return b.settle(ctx, site.Marker)
}
