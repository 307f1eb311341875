package browsertest

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// chromium starts Chromium with its windows and with a remote control.
func (d *Desktop) chromium(ctx context.Context, argv []string) (*Session, error) {
	// A camera, because no machine of a test has one; it changes nothing of whether people are asked.
	cmd := d.Command(ctx, argv[0], append(argv[1:], "--remote-debugging-pipe", "--use-fake-device-for-media-stream")...)
	b, control, err := withPipe(d.User, cmd)
	if err != nil {
		return nil, err
	}
	c := &chromiumControl{devtools: control, private: map[string]bool{}}
	return d.session(ctx, b, c)
}

// chromiumControl knows the tabs of a running Chromium.
type chromiumControl struct {
	*devtools
	private map[string]bool // by the mark that all windows of one profile share
}

type target struct{ TargetID, Type, URL, Title, BrowserContextID string }

// browser asks the browser, not a tab.
func (c *chromiumControl) browser(ctx context.Context, method string, params map[string]any, into any) error {
	session := c.session
	c.session = ""
	defer func() { c.session = session }()
	return c.call(ctx, method, params, into)
}

func (c *chromiumControl) targets(ctx context.Context) ([]target, error) {
	var all struct{ TargetInfos []target }
	err := c.browser(ctx, "Target.getTargets", nil, &all)
	return all.TargetInfos, err
}

func (c *chromiumControl) windows(ctx context.Context) ([]Window, error) {
	targets, err := c.targets(ctx)
	if err != nil {
		return nil, err
	}
	var windows []Window
	for _, t := range targets {
		if t.Type != "page" {
			continue
		}
		private, err := c.isPrivate(ctx, t)
		if err != nil {
			return windows, err
		}
		windows = append(windows, Window{Title: t.Title, URL: t.URL, Private: private})
	}
	return windows, nil
}

// isPrivate asks a tab what its windows are, once for all tabs whose data is kept together. The page that a new tab of an
// ordinary window shows is another one than that of a private one, and Chromium alone decides which.
func (c *chromiumControl) isPrivate(ctx context.Context, t target) (bool, error) {
	if private, known := c.private[t.BrowserContextID]; known {
		return private, nil
	}
	var contexts struct{ DefaultBrowserContextID string }
	if err := c.browser(ctx, "Target.getBrowserContexts", nil, &contexts); err != nil {
		return false, err
	}
	var attached struct{ SessionID string }
	if err := c.browser(ctx, "Target.attachToTarget", map[string]any{"targetId": t.TargetID, "flatten": true}, &attached); err != nil {
		return false, err
	}
	controlled := c.session
	c.session = attached.SessionID
	private, err := c.newTab(ctx, t.URL)
	if controlled != "" {
		c.session = controlled
	} else if err != nil {
		c.session = ""
	}
	if err == nil {
		// The data of an ordinary window belongs to the profile that the browser was started with, or to another ordinary one.
		private = private && t.BrowserContextID != contexts.DefaultBrowserContextID
		c.private[t.BrowserContextID] = private
	}
	return private, err
}

// newTab shows a new tab's page instead of the one at url, for as long as it takes to read what it says.
func (c *chromiumControl) newTab(ctx context.Context, url string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// A page that is still on its way would come after the new tab's.
	if err := until(ctx, "the first page", func() (bool, error) {
		done, err := c.eval(ctx, "document.readyState === 'complete' && location.href !== 'about:blank'")
		return done == true, err
	}); err != nil {
		return false, err
	}
	if err := c.call(ctx, "Page.navigate", map[string]any{"url": "chrome://newtab/"}, nil); err != nil {
		return false, err
	}
	said := ""
	if err := until(ctx, "the page of a new tab", func() (bool, error) {
		text, err := c.eval(ctx, `document.readyState === "complete" && location.protocol.startsWith("chrome") && document.title
			? location.href + " " + document.title + " " + document.body.innerText : ""`)
		said, _ = text.(string)
		return said != "", err
	}); err != nil {
		return false, err
	}
	if url != "" && !strings.HasPrefix(url, "chrome://new") {
		if err := c.open(ctx, url); err != nil {
			return false, err
		}
	}
	return strings.HasPrefix(said, "chrome://newtab/ New Incognito Tab You’ve gone Incognito"), nil
}

func (c *chromiumControl) script(ctx context.Context, expression string) (any, error) {
	return c.eval(ctx, expression)
}

func (c *chromiumControl) view(ctx context.Context, url string) error { return c.open(ctx, url) }

// viewer looks for the document viewer, which is an extension of Chromium's own.
func (c *chromiumControl) viewer(ctx context.Context) (bool, error) {
	targets, err := c.targets(ctx)
	for _, t := range targets {
		if strings.HasPrefix(t.URL, "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/") {
			return true, nil
		}
	}
	return false, err
}

// asking asks for the permission's state: "prompt" with a question that the page still waits for is a prompt.
func (c *chromiumControl) asking(ctx context.Context) (bool, error) {
	state, err := c.eval(ctx, `navigator.permissions.query({name: "camera"}).then(p => p.state)`)
	return state == "prompt", err
}

// policies listens to what the policy page is sent. (Its "export" would open a dialog.)
func (c *chromiumControl) policies(ctx context.Context) (Policies, error) {
	if err := c.open(ctx, "chrome://policy/"); err != nil {
		return Policies{}, err
	}
	text, err := c.eval(ctx, `import("chrome://resources/js/cr.js").then(cr => new Promise(done => {
		cr.addWebUiListener("policies-updated", (_, values) => done(JSON.stringify(values)));
		chrome.send("listenPoliciesUpdates");
	}))`)
	if err != nil {
		return Policies{}, fmt.Errorf("reading the policy page: %w", err)
	}
	s, _ := text.(string)
	return chromiumPolicies(s)
}
