package managed

import (
	"errors"
	"io/fs"
)

const carefully = 0

// Lists of rights are not read: settings are in the registry there, or in a browser's own folder.
func trusted(fs.FileInfo) bool { return true }

func loose(string, fs.FileInfo) bool { return false }

func everybody(fs.FileInfo, fs.FileMode) bool { return true }

func ordinary(fs.FileInfo) bool { return true }

// settle has nothing to do: a folder cannot be written to the disk by itself.
func settle(string) error { return nil }

func held(string) bool { return false }

func release(string) error { return errors.ErrUnsupported }
