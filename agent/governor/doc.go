// Package governor keeps every browser of the laptop to what policy says: it writes the settings, notices when they change,
// repairs them, and tells from evidence whether each browser obeys.
//
// What the settings are and how they are written is package browser/managed's; this one decides where, when, and what can
// be said. It never takes a settings file's being there for an answer: a browser that cannot read it opens ordinary windows
// and says nothing.
//
// It starts and ends no browser. One that began before its settings is closed by the wipe at the end of the session.
package governor
