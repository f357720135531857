package enginetest

import (
	"testing"

	"github.com/assaylab/assay/program"
)

func TestReferenceKeepsTheContract(t *testing.T) { contract(t, reference()) }

func TestReferenceRunsEveryCase(t *testing.T) {
	for _, c := range Cases() {
		if _, err := c.want(); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

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
