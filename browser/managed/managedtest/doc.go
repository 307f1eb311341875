// Package managedtest gives tests what may happen to the settings of browsers: the kinds of damage that people, other tools
// and crashes do to them, each with what of others' must be there afterwards, and a registry in memory.
//
// It is imported by tests only. It does not judge: the tests do.
package managedtest
