package experiment_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// FuzzDecode: a file is an experiment or one line that says why not, and an experiment written is read back as itself.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		"data: fashion-mini\nnet: mini\n",
		"data: {folder: photos, val: 0.2, test: 0.1, skip: ['*.txt']}\nnet: resnet20\nseed: 7\narchitecture: [{activation: elu}, separable]\n" +
			"optimization: [{solver: {momentum: 0.9, nesterov: true}}, {lr: {base: 0.1, policy: step, every: 3, warmup: 1}}, {batch: 16}, {l2: 5e-4}, {batchnorm: {place: after}}, {dropout: 0.3}]\n" +
			"learning: [{epochs: 3}, {augment: [flip, {crop: {pad: 2}}]}, {subset: {images: 12}}]\n",
		"data: {folder: photos, parts: redraw, val: {folds: 3}, test: 0}\nnet: mini\n", "data: {folder: photos, val: {share: 0.1}}\nnet: mini\n",
		"data: []\n", "net: {a: b}\n", "optimization: {lr: .inf}\n",
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
	f.Fuzz(func(t *testing.T, text []byte) {
		root, err := spec.Parse("x.yaml", text)
		if err != nil {
			return
		}
		x, err := experiment.Decode(root)
		if err != nil {
			if line := err.Error(); strings.Contains(line, "\n") || !strings.HasPrefix(line, "x.yaml:") {
				t.Errorf("got %q, want one line with its place", line)
			}
			return
		}
		node, err := experiment.Encode(x)
		if err != nil {
			t.Fatalf("read and not written: %v", err)
		}
		first := node.YAML()
		again, err := spec.Parse("", first)
		if err != nil {
			t.Fatalf("written and not read: %v\n%s", err, first)
		}
		y, err := experiment.Decode(again)
		if err != nil {
			t.Fatalf("written and not an experiment: %v\n%s", err, first)
		}
		if node, err = experiment.Encode(y); err != nil || !bytes.Equal(node.YAML(), first) {
			t.Errorf("the second time %v\n%s\nthe first time\n%s", err, node.YAML(), first)
		}
	})
}
