// Package locate turns the tokens of the catalogue ("DOWNLOADS", "XDG_CONFIG", "TMP") into folders of one account on one
// machine, and the patterns of what lies outside the home into concrete folders.
//
// It is pure: the layout of each operating system is written down here, files that say otherwise are passed in as bytes,
// and no file is ever opened. Browser tokens are found by package browser and merged in by package agent.
package locate
