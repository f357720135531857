package study_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/study"
)

// FuzzDecode: a file is a study, each of whose variants is an experiment or says why not, or one line that says why not.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		"base: {data: fashion-mini, net: mini}\nvariants: [{name: elu, with: [{activation: elu}]}]\n",
		"question: Q\nbase:\n  data: {folder: photos}\n  net: mini\n  optimization: [{lr: 0.1}, batchnorm]\nvariants:\n" +
			"  - {name: a, with: [{activation: elu}], without: [batchnorm]}\n  - {name: b, net: resnet20}\n  - {name: c, data: {folder: other}}\nrepeats: 3\nbudget: 2h\nmeaningful: 1\nseed: 3\n",
		"base: x.yaml\nvariants: []\n", "variants: [{name: '', with: [[]]}]\n", "base: {}\nrepeats: -1\n",
	} {
		f.Add([]byte(text))
	}
	if files, _ := filepath.Glob(filepath.Join("..", "examples", "*.yaml")); files != nil {
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil {
				f.Add(text)
			}
		}
	}
	line := func(t *testing.T, err error) {
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("got %q, want one line", err)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		root, err := spec.Parse("x.yaml", text)
		if err != nil {
			return
		}
		s, err := study.Decode(root)
		line(t, err)
		if err != nil {
			return
		}
		s.PointAt("elsewhere")
		for _, v := range s.Variants {
			_, err := s.Experiment(v.Name)
			line(t, err)
		}
	})
}
