// Package card says whether browsers are ready for an identity card, and what is missing when they are not: the module
// through which a card is read, whether a browser loads it, the program on the laptop that a signing extension talks to, the
// extension itself, and the service of the card reader.
//
// It reads files through a small interface and starts nothing, loads no module, opens no card and asks for no PIN: that
// everything is in its place does not prove that a card works. It does not decide whose rights the files are read with:
// those of an account are to be read with the account's. What it cannot know, such as what stands in the Windows registry,
// it calls unknown.
package card
