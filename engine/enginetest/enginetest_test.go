package enginetest

import (
	"testing"

	"github.com/assaylab/assay/program"
)

func TestReferenceKeepsItsOwnContract(t *testing.T) { Run(t, reference) }

func TestEveryOpIsInSomeCase(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		p, err := c.Program()
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		for _, n := range p.Nodes {
			seen[n.Op.Kind()] = true
		}
	}
	for _, op := range program.Ops() {
		if !seen[op.Kind()] {
			t.Errorf("%s is in no case", op.Kind())
		}
	}
}

func TestNamesOfCasesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Name] {
			t.Errorf("%s twice", c.Name)
		}
		seen[c.Name] = true
	}
}
