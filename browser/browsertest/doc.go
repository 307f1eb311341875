// Package browsertest gives tests a real person's session in a real browser: an ordinary account made for the test
// (User), a web site on the loopback interface that leaves every kind of trace that a site can leave, each with a marker
// of its own (Site), the real Chromium and Firefox driven through a visit of that site and left running (StartChromium,
// StartFirefox), and a search for those markers in everything that the account could have written (Writable, Find).
//
// A Desktop adds a screen, on which browsers open real windows in all the ways that a person has, and a private copy of /etc, so
// that settings for the whole machine can be tried without touching the machine's own. A Token stands for an identity card.
//
// It is imported by tests only. It needs Linux, root (to make the account), useradd, chromium and firefox-esr, for a Desktop
// Xvfb, openbox, xdotool and dbus-daemon, for a Token softhsm2, opensc and libnss3-tools, and fails loudly without them. It does not wipe anything and shares no code with what does, so that its findings are
// independent. It does not look into memory or swap, nor into what is encrypted or compressed: each trace is planted so
// that it shows in the files of its browser, and the package's own test proves that it does as long as nothing is wiped.
package browsertest
