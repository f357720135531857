package data

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What cleanlab finds: testdata/confident/make_confident.py.
func TestConfidentLearningFindsWhatCleanlabFinds(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "confident", "confident.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name    string
		Classes int
		Labels  []int32
		Probs   []float32
		Found   map[string][]int
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for i := range c.Probs {
			c.Probs[i] /= 4096
		}
		confident, err := NewConfident(c.Labels, c.Probs, c.Classes)
		if err != nil {
			t.Fatal(err)
		}
		for rule, want := range c.Found {
			got := confident.Suspects(rule)
			if !slices.IsSortedFunc(got, func(a, b int) int {
				switch x, y := confident.Self(a), confident.Self(b); {
				case x < y:
					return -1
				case x > y:
					return 1
				}
				return 0
			}) {
				t.Errorf("%s, %s: not by self-confidence", c.Name, rule)
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%s, %s: %d found, want %d: not wanted %v, missed %v", c.Name, rule, len(got), len(want), without(got, want), without(want, got))
			}
		}
	}
}

// without is what a list has and another does not.
func without(a, b []int) []int {
	return slices.DeleteFunc(slices.Clone(a), func(i int) bool { return slices.Contains(b, i) })
}
