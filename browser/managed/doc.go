// Package managed makes browsers open private windows only, through the settings that their vendors provide for
// administrators, and tells whether a browser obeys.
//
// Compile is pure: policy and facts in, settings out. A Store writes settings in one place in one format, reads everything
// that the browser itself would read there, and takes back what it wrote. Judge is pure again: it compares.
//
// The package starts no browser, ends none, and leaves what others wrote as it is.
package managed
