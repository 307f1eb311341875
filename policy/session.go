package policy

// Text is a sentence or a name in several languages, by language code: "fr", "nl", "de", "en". Not every language need
// be there.
type Text map[string]string

// In returns the text in a language, else in the first of French, Dutch, German and English that there is; empty when
// there is none.
func (t Text) In(language string) string {
	for _, l := range append([]string{language}, Languages()...) {
		if s := t[l]; s != "" {
			return s
		}
	}
	return ""
}

// Languages lists the codes of the languages that texts can be in, in the order of preference.
func Languages() []string { return []string{"fr", "nl", "de", "en"} }

// Organization says whose laptop it is. It is what the person's sheet names, and whom a helper calls.
type Organization struct {
	Name  Text `yaml:"name"`
	Place Text `yaml:"place"` // where the help is given: "Library of ..."
	// Contact is whom a helper calls when the laptop is not ready: a name, a telephone number.
	Contact Text `yaml:"contact"`
	// Elsewhere says where a person can go for more help.
	Elsewhere Text `yaml:"elsewhere"`
}

// Service is something that people sign in to during a session.
type Service struct {
	ID   string `yaml:"id"` // "acmidm": short, lower case, for flags and other parts of the policy
	Name Text   `yaml:"name"`
	// Logout is the address that signs out, where the service documents one; else empty. No other address is in here.
	Logout string `yaml:"logout"` // https
	// Button says where the service's own button for signing out is.
	Button Text `yaml:"button"`
	// Recover says how somebody gets into their account again who lost their password.
	Recover Text `yaml:"recover"`
}

// Procedure is something that people come for, which a helper ticks on the person's sheet.
type Procedure struct {
	ID   string `yaml:"id"`
	Name Text   `yaml:"name"`
	// Bring is what the person should have with them the next time.
	Bring Text `yaml:"bring"`
}

// Trace is how the person's sheet looks: the sheet that says what was done. It never says who the person is.
type Trace struct {
	// Title, Before and After replace the built-in heading and stand before and after everything else; empty: nothing.
	Title  Text `yaml:"title"`
	Before Text `yaml:"before"`
	After  Text `yaml:"after"`
	// Sections are shown in this order, each only when it has something to say.
	Sections []Section `yaml:"sections"`
	// Large is the size of the letters, in points.
	Large int `yaml:"large"`
}

// Section is a part of the person's sheet.
type Section string

// The sections.
const (
	SectionDone      Section = "done"      // procedures that were ticked, and free lines
	SectionDraft     Section = "draft"     // where something unfinished was saved
	SectionDocuments Section = "documents" // how many documents went with the person
	SectionBring     Section = "bring"     // what to bring next time
	SectionRecover   Section = "recover"   // how to get into an account again
	SectionNot       Section = "not"       // what was not done, or not erased, and why
	SectionElsewhere Section = "elsewhere" // where else there is help
)

// Sections lists every section in the built-in order.
func Sections() []Section {
	return []Section{
		SectionDone, SectionDraft, SectionDocuments, SectionBring, SectionRecover, SectionNot, SectionElsewhere,
	}
}

// Stow says how a permanence ends.
type Stow struct {
	// FreeSpace has the free space cleaned where the medium needs it, within FreeSpace.Within.
	FreeSpace bool `yaml:"free_space"`
	// PowerOff switches the laptop off afterwards, also when nobody asked for it.
	PowerOff bool `yaml:"power_off"`
}
