package approach_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/nn"
)

func TestACardTellsEverything(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range approach.Catalog() {
		if seen[e.Name] {
			t.Errorf("%s is listed twice", e.Name)
		}
		seen[e.Name] = true
		if e.Card.Summary == "" || e.Card.Cost == "" || e.Card.Paper == "" {
			t.Errorf("%s: the card lacks its summary, cost or paper", e.Name)
		}
		if e.Kind == approach.Architecture && (e.Card.Evidence == "" || e.Card.Caveats == "") {
			t.Errorf("%s: the card lacks what was found of it, or where to be careful", e.Name)
		}
		_, rewrites := e.Default.(approach.Rewriter)
		_, tunes := e.Default.(approach.Tuner)
		_, teaches := e.Default.(approach.Teacher)
		if got := map[approach.Kind]bool{approach.Architecture: rewrites, approach.Optimization: tunes, approach.Learning: teaches}; !got[e.Kind] || rewrites && tunes || tunes && teaches || rewrites && teaches {
			t.Errorf("%s is of %s and does %v", e.Name, e.Kind, got)
		}
		bare := 0
		for _, p := range e.Parameters() {
			if p.Help == "" {
				t.Errorf("%s: %s has no help", e.Name, p.Name)
			}
			if strings.ContainsAny(p.Help+p.Values+p.Default, "\n\t") {
				t.Errorf("%s: %s does not fit a line", e.Name, p.Name)
			}
			if p.Bare {
				bare++
			}
		}
		if bare != 1 {
			t.Errorf("%s: %d parameters are set by a bare value, want 1", e.Name, bare)
		}
		if n := reflect.TypeOf(e.Default).NumField(); len(e.Parameters()) != n {
			t.Errorf("%s lists %d of %d parameters", e.Name, len(e.Parameters()), n)
		}
	}
}

// Each value that a card offers is taken, and so is each default that a file can write.
func TestEveryDocumentedValueIsTaken(t *testing.T) {
	for _, e := range approach.Catalog() {
		for _, p := range e.Parameters() {
			if p.Values == "" {
				continue
			}
			for value := range strings.SplitSeq(p.Values, ", ") {
				if strings.HasPrefix(p.Default, "[") {
					value = "[" + value + "]"
				}
				params := fmt.Sprintf("%s: %s", p.Name, value)
				switch {
				case e.Name == "activation" && p.Name == "from":
					params += ", to: elu"
				case e.Name == "pretrain":
					params += ", from: a.pth"
				}
				if p.Only != "" {
					params += ", " + beside(p)
				}
				item := fmt.Sprintf("%s: {%s}", e.Name, params)
				x := lists(t, "mini", "", "", "")
				if e.Name == "pool" && value == architecture.NoPool || value == "dense" { // mini's linear layer reads a map
					x = lists(t, "mini", "head: avg", "", "")
				}
				var images approach.Images
				if strings.Contains(params, "kind: yolo") {
					if e.Name != "head" {
						x = lists(t, "mini", "head: yolo", "", "")
					}
					x.Task, images = "detect", approach.Images{Size: nn.Size{H: 32, W: 32, C: 1}} // which cells of 8 fill
				}
				switch c := chosen(item); e.Kind {
				case approach.Architecture:
					x.Architecture = append(x.Architecture, c)
				case approach.Optimization:
					x.Optimization = append(x.Optimization, c)
				default:
					x.Learning = append(x.Learning, c)
				}
				_, err := approach.Build(x, images)
				if err != nil && !strings.Contains(err.Error(), "nothing to change") && !strings.Contains(err.Error(), "mini has no") {
					t.Errorf("%s: %v", item, err)
				}
			}
		}
	}
}

// beside is what lets a parameter decide something: the first of its conditions, as a file says it.
func beside(p approach.Parameter) string {
	first, _, _ := strings.Cut(p.Only, ";")
	if name, values, ok := strings.Cut(first, ": "); ok {
		if values, not := strings.CutPrefix(values, "not "); !not {
			return name + ": " + strings.Split(values, ", ")[0]
		}
		return ""
	}
	return map[string]string{"clean": "clean: drop", "freeze": "freeze: [conv1]", "warmup": "warmup: 1"}[first]
}

func TestEveryParameterShowsItsDefault(t *testing.T) {
	for _, e := range approach.Catalog() {
		for _, p := range e.Parameters() {
			if p.Default == "" {
				t.Errorf("%s: %s shows no default", e.Name, p.Name)
			}
		}
	}
}
