package policy

import _ "embed"

//go:embed data/builtin.yaml
var builtinData []byte

// builtin is what the program brings along of services and procedures: names, places and addresses are data.
type builtin struct {
	Services   []Service   `yaml:"services"`
	Procedures []Procedure `yaml:"procedures"`
}

// builtins decodes them as strictly as a file of the laptop. A test makes sure that this never fails; if it ever did, a
// laptop would have no lists, which keeps nobody from wiping.
func builtins() builtin {
	var b builtin
	if _, err := decode(builtinData, &b); err != nil {
		return builtin{}
	}
	return b
}
