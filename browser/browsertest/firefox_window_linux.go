package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// firefox starts Firefox with its windows and with a remote control.
func (d *Desktop) firefox(ctx context.Context, argv []string) (*Session, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	cmd := d.Command(ctx, argv[0], append(argv[1:], "--marionette", "--remote-allow-system-access")...)
	// None of the settings that remote control otherwise changes: some keep things off the disk.
	cmd.Env = append(cmd.Env, fmt.Sprintf(
		`MOZ_MARIONETTE_PREF_STATE_ACROSS_RESTARTS={"marionette.port":%d,"remote.prefs.recommended":false}`, port))
	b, err := launch(firefox, d.User, cmd)
	if err != nil {
		return nil, err
	}
	m, err := d.listen(ctx, b, port, slices.Contains(argv, "-ProfileManager"))
	if err != nil {
		b.kill()
		if !errors.Is(err, ErrNoWindow) {
			err = fmt.Errorf("%w: %s", err, b.output)
		}
		return nil, err
	}
	c := &firefoxControl{m}
	b.ended = c.close
	b.quit = func(ctx context.Context) error {
		_, err := m.call(ctx, "Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}})
		return err
	}
	// A camera, because no machine of a test has one; it changes nothing of whether people are asked.
	if err := c.ask(ctx, `Services.prefs.setBoolPref("media.navigator.streams.fake", true)`, nil); err != nil {
		b.kill()
		return nil, err
	}
	return d.session(ctx, b, c)
}

// chooser is the title of the dialog that asks which profile is meant.
const chooser = "Firefox - Choose User Profile"

// listen connects to the remote control once it is there. It never is while a dialog asks which profile is meant, which
// is answered only when it was asked for.
func (d *Desktop) listen(ctx context.Context, b *Browser, port int, answer bool) (*marionette, error) {
	answered := false
	for {
		m, err := newMarionette(ctx, port)
		if err == nil {
			return m, nil
		}
		titles, _ := d.Titles(ctx)
		switch asked := slices.Contains(titles, chooser); {
		case asked && !answer:
			return nil, fmt.Errorf("%w, but %q", ErrNoWindow, chooser)
		case asked && !answered:
			answered = d.Press(ctx, chooser, "Return") == nil // its default button starts Firefox
		}
		select {
		case <-b.done:
			return nil, ErrNoWindow
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for the browser to listen: %w", ctx.Err()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// firefoxControl knows the windows of a running Firefox.
type firefoxControl struct{ *marionette }

func (c *firefoxControl) close() { c.conn.Close() }

// ask runs the body of a function with the browser's own rights and stores what it returns in into.
func (c *firefoxControl) ask(ctx context.Context, script string, into any) error {
	if _, err := c.call(ctx, "Marionette:SetContext", map[string]any{"value": "chrome"}); err != nil {
		return err
	}
	v, err := c.call(ctx, "WebDriver:ExecuteScript", map[string]any{"script": script, "args": []any{}})
	if err == nil && into != nil {
		err = json.Unmarshal(v, into)
	}
	_, back := c.call(ctx, "Marionette:SetContext", map[string]any{"value": "content"})
	return errors.Join(err, back)
}

func (c *firefoxControl) windows(ctx context.Context) ([]Window, error) {
	var windows []Window
	err := c.ask(ctx, `
const {PrivateBrowsingUtils} = ChromeUtils.importESModule("resource://gre/modules/PrivateBrowsingUtils.sys.mjs");
const out = [];
for (const w of Services.wm.getEnumerator("navigator:browser")) {
  for (const tab of w.gBrowser?.tabs ?? []) {
    const b = tab.linkedBrowser;
    out.push({Title: w.document.title, URL: b.currentURI.spec, Private: PrivateBrowsingUtils.isWindowPrivate(w)
      && PrivateBrowsingUtils.isBrowserPrivate(b)});
  }
}
return out;`, &windows)
	return windows, err
}

func (c *firefoxControl) script(ctx context.Context, expression string) (any, error) {
	b, err := c.call(ctx, "WebDriver:ExecuteScript", map[string]any{"script": "return " + expression, "args": []any{}})
	if err != nil {
		return nil, err
	}
	var v any
	err = json.Unmarshal(b, &v)
	return v, err
}

// view follows a link of the page beside the document, and does not wait: the page that is to come is the viewer's, which
// answers no questions.
func (c *firefoxControl) view(ctx context.Context, url string) error {
	if err := c.open(ctx, url[:strings.LastIndex(url, "/")+1]+"form"); err != nil {
		return err
	}
	_, err := c.script(ctx, "(location.href = "+quote(url)+", true)")
	return err
}

func (c *firefoxControl) viewer(ctx context.Context) (bool, error) {
	spec := ""
	err := c.ask(ctx, "return Services.wm.getMostRecentWindow('navigator:browser').gBrowser.selectedBrowser.contentPrincipal.spec", &spec)
	return strings.HasPrefix(spec, "resource://pdf.js/"), err
}

// asking looks for the question itself. A page in a tab behind others is never asked for.
func (c *firefoxControl) asking(ctx context.Context) (bool, error) {
	asking := false
	err := c.ask(ctx, `return [...Services.wm.getEnumerator("navigator:browser")].some(
		w => w.PopupNotifications?.getNotification("webRTC-shareDevices", w.gBrowser.selectedBrowser) != null)`, &asking)
	return asking, err
}

// policies reads the state that about:policies shows, and its "Errors" as it shows them.
func (c *firefoxControl) policies(ctx context.Context) (Policies, error) {
	var out Policies
	var state struct {
		Status int
		Set    map[string]any
	}
	if err := c.ask(ctx, "return {Status: Services.policies.status, Set: Services.policies.getActivePolicies() ?? {}}", &state); err != nil {
		return out, err
	}
	out.Active = state.Status == 1 // nsIEnterprisePolicies.ACTIVE
	for name, value := range state.Set {
		out.Set = append(out.Set, Policy{Name: name, Value: value})
	}
	if err := c.open(ctx, "about:policies"); err != nil {
		return out, err
	}
	v, err := c.script(ctx, `[...document.querySelectorAll("#errorsContent tr")].map(row => row.innerText.trim() || row.textContent.trim())`)
	rows, _ := v.([]any)
	for _, row := range rows {
		if text, _ := row.(string); text != "" {
			out.Problems = append(out.Problems, text)
		}
	}
	return out, err
}
