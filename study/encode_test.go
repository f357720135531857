package study

import (
	"testing"

	"github.com/assaylab/assay/internal/spec"
)

func TestAStudyComesBackFromItsText(t *testing.T) {
	const file = `question: "Does it: pay?"
base:
  data: {folder: /pictures, val: 0.25}
  net: mini
  architecture: [{activation: elu}]
  optimization: [{lr: {base: 0.02, policy: fixed}}, {batch: 8}]
  learning: [{epochs: 3}, {augment: [flip, {crop: {size: 24}}]}]
variants:
  - {name: bn, with: [batchnorm, {pool: avg}]}
  - {name: plain, without: [activation]}
  - {name: other, net: resnet20, without: [activation]}
repeats: {min: 3, max: 4}
seed: 7
budget: 90m
meaningful: 1.5
tune: {lr: 5}
match: steps
`
	root, err := spec.Parse("s.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decode(root)
	if err != nil {
		t.Fatal(err)
	}
	once, err := s.Text()
	if err != nil {
		t.Fatal(err)
	}
	if root, err = spec.Parse("s.yaml", once); err != nil {
		t.Fatalf("%v\n%s", err, once)
	}
	again, err := Decode(root)
	if err != nil {
		t.Fatalf("%v\n%s", err, once)
	}
	twice, err := again.Text()
	if err != nil {
		t.Fatal(err)
	}
	if string(once) != string(twice) || again.Seed != 7 || again.Budget != s.Budget || again.Meaningful != 1.5 || again.Repeats != 4 || again.First != 3 || again.Tune != (Tune{"lr", 5}) || again.Match != Steps || len(again.Variants) != 3 {
		t.Errorf("once\n%s\ntwice\n%s", once, twice)
	}
}
