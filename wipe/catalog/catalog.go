// Package catalog describes the traces that applications and operating systems leave, as data: one YAML file an
// application or part of a system, for all operating systems, built into the program.
//
// The catalogue gives each thing its name and class in a report, says what enrollment may keep, and lists what lies outside
// the home. It does not decide what a wipe removes inside the home: there everything goes that is not the baseline's,
// whether the catalogue knows it or not. Data can run nothing, and a rule cannot name a whole home; Parse refuses it.
package catalog

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v4"

	"ipguard/wipe"
)

//go:embed data/*.yaml
var data embed.FS

// ErrInvalid is wrapped by every error about the content of the catalogue.
var ErrInvalid = errors.New("invalid catalogue")

// sizeLimit is the most that one file may hold, in bytes.
const sizeLimit = 64 << 10

// file is the form of one YAML file. Unknown keys are refused.
type file struct {
	Application string     `yaml:"application"`
	Doc         string     `yaml:"doc"`
	URLs        []string   `yaml:"urls"`
	Artifacts   []artifact `yaml:"artifacts"`
}

type artifact struct {
	ID        wipe.ArtifactID `yaml:"id"`
	Class     wipe.Class      `yaml:"class"`
	Doc       string          `yaml:"doc"`
	URLs      []string        `yaml:"urls"`
	Enroll    wipe.Enroll     `yaml:"enroll"`
	Locations []location      `yaml:"locations"`
}

type location struct {
	OS      []string   `yaml:"os"`
	Kind    wipe.Kind  `yaml:"kind"`
	Base    wipe.Token `yaml:"base"`
	Pattern string     `yaml:"pattern"`
}

// Load returns the built-in catalogue, checked, in the order of its files and of the artifacts in them.
func Load() ([]wipe.Artifact, error) {
	sub, err := fs.Sub(data, "data")
	if err != nil {
		return nil, fmt.Errorf("opening built-in catalogue: %w", err)
	}
	return Parse(sub)
}

// Parse reads and checks the catalogue in the top folder of fsys: every file there whose name ends in ".yaml".
func Parse(fsys fs.FS) ([]wipe.Artifact, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing catalogue: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: no file", ErrInvalid)
	}
	var arts []wipe.Artifact
	for _, name := range names {
		part, err := parseFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("part %q: %w", strings.TrimSuffix(path.Base(name), ".yaml"), err)
		}
		arts = append(arts, part...)
	}
	if err := unique(arts); err != nil {
		return nil, err
	}
	return arts, nil
}

func parseFile(fsys fs.FS, name string) ([]wipe.Artifact, error) {
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading: %w", err)
	}
	f, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if strings.TrimSpace(f.Application) == "" || len(f.Artifacts) == 0 {
		return nil, fmt.Errorf("%w: application or artifacts missing", ErrInvalid)
	}
	arts := make([]wipe.Artifact, 0, len(f.Artifacts))
	for _, a := range f.Artifacts {
		art := f.artifact(a)
		if err := check(art); err != nil {
			return nil, fmt.Errorf("%w: artifact %q: %w", ErrInvalid, art.ID, err)
		}
		arts = append(arts, art)
	}
	return arts, nil
}

// decode reads one document and nothing but plain maps, lists and scalars: anchors, aliases and tags could make a small
// file large, or stand for something that a reviewer does not see.
func decode(content []byte) (file, error) {
	var f file
	if len(content) > sizeLimit {
		return f, errors.New("too large")
	}
	var doc yaml.Node
	if err := yaml.Load(content, &doc); err != nil {
		return f, fmt.Errorf("decoding: %w", err)
	}
	if err := plain(&doc); err != nil {
		return f, err
	}
	if err := doc.Load(&f, yaml.WithKnownFields(), yaml.WithUniqueKeys()); err != nil {
		return f, fmt.Errorf("decoding: %w", err)
	}
	return f, nil
}

func plain(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return errors.New("an anchor or alias")
	case n.Kind == yaml.ScalarNode && n.Tag == "!!merge":
		return errors.New("a merge key")
	case n.Style&yaml.TaggedStyle != 0:
		return errors.New("a tag")
	}
	for _, child := range n.Content {
		if err := plain(child); err != nil {
			return err
		}
	}
	return nil
}

// artifact fills in what the file says once for all its artifacts.
func (f file) artifact(a artifact) wipe.Artifact {
	art := wipe.Artifact{ID: a.ID, Class: a.Class, Doc: a.Doc, URLs: a.URLs, Enroll: a.Enroll}
	if art.Doc == "" {
		art.Doc = f.Doc
	}
	if len(art.URLs) == 0 {
		art.URLs = f.URLs
	}
	if art.Enroll == "" {
		art.Enroll = wipe.EnrollKeep
	}
	for _, l := range a.Locations {
		art.Locations = append(art.Locations, wipe.Location{OS: l.OS, Kind: l.Kind, Base: l.Base, Pattern: l.Pattern})
	}
	return art
}
