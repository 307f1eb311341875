// Package erase removes what a wipe decided to remove, by way of package walk, and says for each artifact how many
// entries went, how strongly, and why others did not.
//
// It does not decide what belongs to the laptop, restores nothing and never certifies its own work: package verify
// reads again with other code.
package erase
