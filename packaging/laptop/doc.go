// Package laptop holds the stories that the service must live through on a real laptop, as tests: a session that ends, a
// battery that dies in the middle of a wipe or of a session, a laptop that is turned off; and what becomes of the sticks
// that a person plugs in. The laptop is a virtual one, made by the script of this folder, with a real systemd, logind and
// disk; README.md describes it.
//
// It has no code of its own and no part in the program. What a virtual laptop has not, such as a lid, is not tried here.
package laptop
