//go:build !unix

package rows

// openFlags are none: a link in the place of the file is seen because what was opened is not what was looked at.
const openFlags = 0

func isLink(error) bool { return false }
