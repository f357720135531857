package experiment

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// ParameterSetting is a row of the table that says how the solver treats parameters. Rows are read in order, and for what a row says
// of a parameter it takes the place of earlier ones; what it leaves out stands. A weight that several layers share belongs to
// the first of them.
type ParameterSetting struct {
	Layers nn.Glob  `yaml:"layers"`          // paths of layers, with what lies over them: their weights, biases and norms
	LR     *float32 `yaml:"lr"`              // factor on the learning rate, above 0; nil: as before
	Decay  *float32 `yaml:"decay"`           // λ of l2 for every parameter of these layers, biases and norms too; nil: as before
	Frozen *bool    `yaml:"frozen"`          // no update, no decay, and batch norms go by running statistics, which stay; nil: as before
	Norms  bool     `yaml:"norms,omitempty"` // norms are left out of Frozen
	Still  bool     `yaml:"still,omitempty"` // nothing in layers that this row freezes is random in training: no dropout, no random slopes or poolings
}

// String is the row as a person reads it: "stage1/**: frozen".
func (p ParameterSetting) String() string {
	text := string(p.Layers) + ":"
	if p.LR != nil {
		text += fmt.Sprintf(" lr times %g", *p.LR)
	}
	if p.Decay != nil {
		text += fmt.Sprintf(" decay %g", *p.Decay)
	}
	if p.Frozen != nil {
		text += map[bool]string{true: " frozen", false: " thawed"}[*p.Frozen]
		if p.Norms {
			text += " but for norms"
		}
	}
	return text
}

// Factors are factors on the learning rate by layer, in order: a later one wins where two name a layer.
type Factors []Factor

// Factor is one of them.
type Factor struct {
	Layers nn.Glob
	By     float32 // above 0
}

// String is "stage1/** times 0.1".
func (f Factor) String() string { return fmt.Sprintf("%s times %g", f.Layers, f.By) }

// UnmarshalSpec reads {conv1: 0.1, "stage2/**": 0.5}, or a list of such maps. The order of the keys counts.
func (f *Factors) UnmarshalSpec(n *spec.Node) error {
	var rows Factors
	maps := []*spec.Node{n}
	if n.Kind == spec.List {
		if err := spec.Decode(n, &maps); err != nil {
			return err
		}
	}
	for _, m := range maps {
		if m.Kind != spec.Map && m.Kind != spec.Null {
			return m.Errorf("layers: want factors by layer path, as in {conv1: 0.1, \"stage2/**\": 0.5}")
		}
		for key, value := range m.Pairs() {
			row := Factor{}
			if err := row.Layers.UnmarshalText([]byte(key.Text())); err != nil {
				return key.At(err)
			}
			if err := spec.Decode(value, &row.By); err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	*f = rows
	return nil
}

// MarshalSpec writes a list, as the keys of a map have no order of their own.
func (f Factors) MarshalSpec() (*spec.Node, error) {
	list := spec.NewList()
	for _, row := range f {
		by, err := spec.Encode(row.By)
		if err != nil {
			return nil, err
		}
		m := spec.NewMap()
		m.Set(string(row.Layers), by)
		list.Append(m)
	}
	return list, nil
}
