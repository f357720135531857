package enginetest

import (
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/program"
)

func TestReferenceKeepsTheContract(t *testing.T) { contract(t, reference()) }

// TestAResidentEngineKeepsTheContract holds the engine that others are tested with to all that it must do itself.
func TestAResidentEngineKeepsTheContract(t *testing.T) {
	e := Resident(reference())
	contract(t, e)
	for _, c := range netCases() {
		t.Run(c.Name, func(t *testing.T) { c.Compare(t, e) })
	}
}

func TestAResidentEngineFailsWhoForgets(t *testing.T) {
	c := netCases()[0]
	p, err := c.Program()
	if err != nil {
		t.Fatal(err)
	}
	s := State(p)
	x, err := Resident(reference()).Compile(p, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Run(c.Feed(p)); err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, n := range p.Nodes {
		if w, ok := n.Op.(program.Writer); ok {
			name = n.In[w.Writes()[0]].Name
		}
	}
	if data := s.Get(name).Data; data[0] == data[0] {
		t.Errorf("%s can be read without being fetched", name)
	}
	s.Get(name).Data[0] = 1
	if err := x.Run(c.Feed(p)); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("a write that nobody told of: got %v", err)
	}
	if _, err := s.Read(name); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("a read after a write that nobody told of: got %v", err)
	}
}

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
