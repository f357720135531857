package study

import (
	"time"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// Text is the study as a file would have it: [Decode] reads it back.
func (s *Study) Text() ([]byte, error) {
	base, err := experiment.Encode(s.Base)
	if err != nil {
		return nil, err
	}
	return s.text(base, "", experiment.Absolute)
}

// TextIn is Text for a file in folder dir that may be passed on, with comment lines above; see [experiment.EncodeIn].
func (s *Study) TextIn(dir, comment string) ([]byte, error) {
	base, err := experiment.EncodeIn(dir, s.Base)
	if err != nil {
		return nil, err
	}
	return s.text(base, comment, func(with []experiment.Choice) ([]experiment.Choice, error) { return experiment.Within(dir, with), nil })
}

// text is the study with a base that is written, and the lists of variants as files is to name what they read.
func (s *Study) text(base *spec.Node, comment string, files func([]experiment.Choice) ([]experiment.Choice, error)) ([]byte, error) {
	type variant struct {
		Name    string              `yaml:"name"`
		With    []experiment.Choice `yaml:"with,omitempty"`
		Without []string            `yaml:"without,omitempty"`
		Net     string              `yaml:"net,omitempty"`
		Data    *experiment.Data    `yaml:"data,omitempty"`
	}
	file := struct {
		Question   string        `yaml:"question,omitempty"`
		Base       *spec.Node    `yaml:"base"`
		Design     Design        `yaml:"design"`
		Variants   []variant     `yaml:"variants,omitempty"`
		Repeats    repeats       `yaml:"repeats"`
		Seed       uint64        `yaml:"seed"`
		Budget     time.Duration `yaml:"budget,omitempty"`
		Meaningful float64       `yaml:"meaningful,omitempty"`
		Tune       *Tune         `yaml:"tune,omitempty"`
		Match      Match         `yaml:"match,omitempty"`
		Keep       []string      `yaml:"keep,omitempty"`
	}{Question: s.Question, Design: s.Design.plain(), Repeats: repeats{s.First, s.Repeats}, Seed: s.Seed, Budget: s.Budget, Meaningful: s.Meaningful, Match: s.Match, Keep: s.Keep}
	file.Base = base
	if s.Tune.Key != "" {
		file.Tune = &s.Tune
	}
	for _, v := range s.Variants {
		if s.Design.Kind == Sizes { // made of its fractions
			break
		}
		with, err := files(v.With)
		if err != nil {
			return nil, err
		}
		file.Variants = append(file.Variants, variant{v.Name, with, v.Without, v.Net, v.Data})
	}
	n, err := spec.Encode(file)
	if err != nil {
		return nil, err
	}
	n.Comment = comment
	return n.YAML(), nil
}
