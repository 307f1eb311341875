// Package laptoptest gives a test a throwaway laptop of its own: a virtual one with a real systemd, logind and disk, in
// which commands are run and whose power can be cut. It drives the script packaging/laptop/laptop, which packaging/test
// installs everything for.
//
// It does not know ipguard: what is put on the laptop, and what must be true there, is the test's matter.
package laptoptest
