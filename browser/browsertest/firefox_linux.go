package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// StartFirefox starts Firefox without a window but otherwise as a person would, with the default profile that it makes
// itself in ~/.config/mozilla/firefox, visits the site, keeps the login in the password manager and leaves the browser
// running, with half a download, once all traces are on disk. It takes about ten seconds. Ending ctx kills the browser.
//
// One thing is done by script with the browser's own rights: the password is kept through the password manager's
// interface (what the "Save" button calls), because the button is not part of a page.
func StartFirefox(ctx context.Context, user User, site *Site) (*Browser, error) {
	cmd := user.Command(ctx, "firefox-esr", "--headless", "--marionette", "--remote-allow-system-access")
	// A free port, and none of the settings that remote control otherwise changes (some keep things off the disk).
	cmd.Env = append(cmd.Env,
		`MOZ_MARIONETTE_PREF_STATE_ACROSS_RESTARTS={"marionette.port":0,"remote.prefs.recommended":false}`)
	b, err := launch(firefox, user, cmd)
	if err != nil {
		return nil, err
	}
	if err := firefoxVisit(ctx, b, site); err != nil {
		b.kill()
		return nil, fmt.Errorf("visiting with firefox: %w: %s", err, b.output)
	}
	return b, nil
}

func firefoxVisit(ctx context.Context, b *Browser, site *Site) error {
	root := filepath.Join(b.user.Home, ".config/mozilla/firefox")
	port, err := marionettePort(ctx, b, root)
	if err != nil {
		return err
	}
	m, err := newMarionette(ctx, port)
	if err != nil {
		return err
	}
	b.ended = func() { m.conn.Close() }
	// A half-finished download makes the ordinary way ask; this flag answers, and still writes everything out.
	b.quit = func(ctx context.Context) error {
		_, err := m.call(ctx, "Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}})
		return err
	}
	if err := b.run(ctx, m, site); err != nil {
		return err
	}
	if err := m.chrome(ctx, keepLogin, site.URL, site.Marker+"-"+TracePassword, password); err != nil {
		return fmt.Errorf("keeping the password: %w", err)
	}
	return b.settle(ctx, site.Marker)
}

const keepLogin = `
const [origin, name, password] = arguments;
const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
login.init(origin, origin, null, name, password, name, "secret");
return Services.logins.addLoginAsync(login);
`

// marionettePort waits for the file in the profile that says where the browser listens.
func marionettePort(ctx context.Context, b *Browser, root string) (int, error) {
	for {
		names, _ := filepath.Glob(filepath.Join(root, "*", "MarionetteActivePort"))
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				continue
			}
			if port, err := strconv.Atoi(string(text)); err == nil && port > 0 {
				return port, nil
			}
		}
		select {
		case <-b.done:
			return 0, fmt.Errorf("the browser ended before it listened")
		case <-ctx.Done():
			return 0, fmt.Errorf("waiting for the browser to listen: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
