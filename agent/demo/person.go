package demo

// Person is the invented beneficiary whose traces are planted.
type Person struct {
	GivenName  string
	FamilyName string
	// Number looks like a national number; the ones used here can belong to nobody.
	Number string
	// Email and Site use names that never resolve.
	Email string
	Site  string
	Phone string
	// Marker is found in every planted trace, in its name or its content, so that a search can tell whether something is
	// left. It must be a host name label: small letters, digits and hyphens.
	Marker string
}

// Invented returns a person who cannot exist, whose traces carry the marker.
func Invented(marker string) Person {
	return Person{
		GivenName:  "Capucine",
		FamilyName: "Vandersonge",
		Number:     "99.99.99-999.99",
		Email:      "capucine." + marker + "@courrier.invalid",
		Site:       "guichet-" + marker + ".invalid",
		Phone:      "+32 000 00 00 00",
		Marker:     marker,
	}
}

// valid tells whether the marker can be part of host names and file names on every system.
func (p Person) valid() bool {
	for _, r := range p.Marker {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return p.Marker != ""
}
