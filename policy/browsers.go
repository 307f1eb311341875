package policy

import "time"

// Browsers says how the laptop's browsers behave. It holds for everybody who uses the laptop.
type Browsers struct {
	Mode BrowserMode `yaml:"mode"`
	// StartPage is the page that a window begins with; empty: an empty page.
	StartPage string `yaml:"start_page"`
	// Links are shown below the address bar, in this order.
	Links []Link `yaml:"links"`
	// Search is what is asked when somebody types words into the address bar; zero: what the vendor chose.
	Search Search `yaml:"search"`
	// Translation lets a browser send the text of a page to its vendor, to be translated.
	Translation bool `yaml:"translation"`
	// Camera lets a site ask for the camera and the microphone.
	Camera bool `yaml:"camera"`
	// LocalFiles lets a browser open files by their address (file://). Without it a downloaded PDF opens in another program.
	LocalFiles bool `yaml:"local_files"`
	// DeveloperTools lets people open them.
	DeveloperTools bool `yaml:"developer_tools"`
	// Extensions are the only ones that may be installed, besides those of Card.
	Extensions []Extension `yaml:"extensions"`
	// EmbeddedLogins are sites that may keep cookies also while their page is part of another site's page.
	EmbeddedLogins []string `yaml:"embedded_logins"` // "https://[*.]example.org"
	Card           Card     `yaml:"card"`
	// CheckEvery is how often the settings are read again when nothing tells of a change.
	CheckEvery time.Duration `yaml:"check_every"`
}

// BrowserMode says what kind of window a browser opens.
type BrowserMode string

// The modes.
const (
	BrowsersPrivate   BrowserMode = "private"   // private windows only
	BrowsersEphemeral BrowserMode = "ephemeral" // ordinary windows, which the browser clears when it is closed
	BrowsersUnmanaged BrowserMode = "unmanaged" // nothing is set, and what was set is taken back
)

// Link is a page with a name.
type Link struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
}

// Search is a search engine.
type Search struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"` // with {searchTerms} where the words go
}

// Extension is a browser extension. An empty ID means that there is none for that browser.
type Extension struct {
	Name     string `yaml:"name"`
	Chromium string `yaml:"chromium"` // in the Chrome Web Store
	Edge     string `yaml:"edge"`     // in Microsoft's store
	Firefox  string `yaml:"firefox"`  // "name@example.org"
}

// Card is what browsers need to sign in and to sign with an identity card.
type Card struct {
	// Modules are the PKCS#11 modules through which a card is read.
	Modules []Module `yaml:"modules"`
	// Hosts are the names of the programs of the laptop that an extension talks to: "be.bosa.beidconnect".
	Hosts      []string    `yaml:"hosts"`
	Extensions []Extension `yaml:"extensions"`
	// LocalSites are the sites that may talk to a signing program on this laptop.
	LocalSites []string `yaml:"local_sites"` // "https://[*.]example.org"
}

// Module is a PKCS#11 module.
type Module struct {
	Name string `yaml:"name"` // as browsers show it
	// Files are where it may be, by GOOS; the first that exists counts.
	Files map[string][]string `yaml:"files"`
}

// BrowserPreset is a named choice.
type BrowserPreset struct {
	Name     string
	Browsers Browsers
}

// BrowserPresets lists the presets; the first is the default. Each call returns values of its own.
func BrowserPresets() []BrowserPreset {
	usual := Browsers{
		Mode: BrowsersPrivate, Translation: true, Camera: true, LocalFiles: true, CheckEvery: 10 * time.Minute,
	}
	belgium, strict := usual, usual
	belgium.Card, strict.Card = belgianCard(), belgianCard()
	strict.Translation, strict.Camera, strict.LocalFiles = false, false, false
	return []BrowserPreset{{"belgium", belgium}, {"france", usual}, {"strict", strict}}
}

// belgianCard follows the middleware's own names: https://github.com/Fedict/eid-mw, https://github.com/Fedict/fts-beidconnect.
func belgianCard() Card {
	return Card{
		Modules: []Module{{Name: "Belgium eID", Files: map[string][]string{
			"linux": {
				"/usr/lib/x86_64-linux-gnu/libbeidpkcs11.so.0", "/usr/lib64/libbeidpkcs11.so.0", "/usr/lib/libbeidpkcs11.so.0",
				"/usr/lib/aarch64-linux-gnu/libbeidpkcs11.so.0",
			},
			"windows": {`C:\Windows\System32\beidpkcs11.dll`},
			"darwin":  {"/Library/Belgium Identity Card/Pkcs11/beid-pkcs11.bundle/Contents/MacOS/libbeidpkcs11.dylib"},
		}}},
		Hosts: []string{"be.bosa.beidconnect"},
		Extensions: []Extension{
			{
				Name: "BeIDConnect", Chromium: "pencgnkbgaekikmiahiaakjdgaibiipp", Edge: "cjhdnjahbjhicmbmejmcifaaiigbgjjd",
				Firefox: "beidconnect@bosa.be",
			},
			{Name: "eID Belgium", Firefox: "belgiumeid@eid.belgium.be"},
		},
	}
}
