// Package baseline knows what belongs to the laptop: it captures a clean account as a manifest and copies, compares a
// tree with it, and puts back what was changed.
//
// A baseline is a folder, one version each, that only an administrator can write:
//
//	info.json        version, day, home, limits of what was captured
//	home.manifest    every entry that belongs to the home, directory by directory
//	home/            copies of the files, as a plain tree; all owned by root, so that the account can poison nothing
//	NAME.manifest    the same for each folder outside the home that comes back as enrolled
//	NAME/
//
// The manifest is streamed: comparing needs memory for one directory of the baseline at each level, and none for what
// is on the disk. The package does not remove what is not in the manifest; that is package erase. It does not judge
// the result of a wipe either; that is package verify, which reads the manifest with code of its own.
package baseline
