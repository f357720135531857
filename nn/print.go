package nn

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/internal/say"
)

// Table is a network layer by layer with its counts: what `assay net show` prints. Its JSON fields are a contract.
type Table struct {
	Name            string `json:"name"`
	Input           [3]int `json:"input"`            // height, width, channels
	Params          int64  `json:"params"`           // trainable, without train-only outputs
	TrainParams     int64  `json:"train_params"`     // with them
	MACs            int64  `json:"macs"`             // multiply-adds of one image
	ActivationBytes int64  `json:"activation_bytes"` // of one image
	Signature       string `json:"signature"`
	Layers          []Row  `json:"layers"`
}

// Row is a layer together with what lies over it.
type Row struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`   // "conv"
	Detail string `json:"detail"` // "conv 3x3/2 pad 1 + bias"
	Output [3]int `json:"output"` // height, width, channels
	Params int64  `json:"params"` // a shared parameter counts where it is used first
	MACs   int64  `json:"macs"`

	ActivationBytes int64 `json:"activation_bytes"` // of its output, one image
}

// Table lists the network, train-only parts included.
func (g *Graph) Table() (Table, error) {
	steps, err := g.Steps()
	if err != nil {
		return Table{}, err
	}
	c, err := g.Cost()
	if err != nil {
		return Table{}, err
	}
	in := g.InputSize()
	t := Table{Name: g.Name, Input: [3]int{in.H, in.W, in.C}, Params: c.Params, TrainParams: c.TrainParams, MACs: c.MACs, ActivationBytes: c.ActivationBytes, Signature: g.Signature()}
	seen := map[string]bool{}
	for _, s := range steps {
		ps, err := distinct([]Step{s}, Applied.params, true)
		if err != nil {
			return Table{}, err
		}
		r := Row{Name: s.Node.Name, Kind: s.Node.Layer.Kind(), Detail: s.Detail(), Output: [3]int{s.Size.H, s.Size.W, s.Size.C}, MACs: s.MACs}
		for _, p := range ps {
			if !seen[p.Name] {
				r.Params += int64(p.Shape.Elems())
			}
			seen[p.Name] = true
		}
		if s.Node != g.Input() {
			r.ActivationBytes = 4 * int64(s.Size.Elems())
		}
		t.Layers = append(t.Layers, r)
	}
	return t, nil
}

// Detail is the layer with what lies over it, in the order in which they are applied: "batchnorm + relu".
func (s Step) Detail() string {
	var parts []string
	for i, as := range s.OverIn {
		for _, a := range as {
			of := ""
			if len(s.OverIn) > 1 {
				of = " of " + s.Node.In[i].Name
			}
			parts = append(parts, a.Layer.String()+of)
		}
	}
	parts = append(parts, s.Node.Layer.String())
	for _, a := range s.OverOut {
		parts = append(parts, a.Layer.String())
	}
	return strings.Join(parts, " + ")
}

// String prints the table aligned, with a line of sums, which leaves train-only outputs out. Bytes are those of the layer's
// output, float32, one image.
func (t Table) String() string {
	cells := [][]string{{"name", "layer", "output", "parameters", "multiply-adds", "bytes"}}
	for _, r := range t.Layers {
		cells = append(cells, []string{r.Name, r.Detail, Size{r.Output[0], r.Output[1], r.Output[2]}.String(), count(r.Params), count(r.MACs), count(r.ActivationBytes)})
	}
	cells = append(cells, []string{"sum", "", "", say.Thousands(t.Params), say.Thousands(t.MACs), say.Thousands(t.ActivationBytes)})
	width := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, c := range row {
			width[i] = max(width[i], len(c))
		}
	}
	var s strings.Builder
	for _, row := range cells {
		line := ""
		for i, c := range row {
			if i < 3 {
				line += fmt.Sprintf("%-*s  ", width[i], c)
			} else {
				line += fmt.Sprintf("%*s  ", width[i], c)
			}
		}
		s.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if t.TrainParams != t.Params {
		fmt.Fprintf(&s, "%s parameters in training, with the outputs that only training computes\n", say.Thousands(t.TrainParams))
	}
	fmt.Fprintf(&s, "signature %s\n", t.Signature)
	return s.String()
}

// count leaves a zero out.
func count(n int64) string {
	if n == 0 {
		return ""
	}
	return say.Thousands(n)
}

// Became tells of a count what it was and is: "parameters 1,724 -> 550 (-68.1 %)", "parameters 550, the same".
func Became(what string, was, is int64) string {
	switch {
	case was == is:
		return fmt.Sprintf("%s %s, the same", what, say.Thousands(is))
	case was > 0 && is < 10*was:
		return fmt.Sprintf("%s %s -> %s (%+.1f %%)", what, say.Thousands(was), say.Thousands(is), 100*(float64(is)/float64(was)-1))
	case was > 0:
		return fmt.Sprintf("%s %s -> %s (%s times)", what, say.Thousands(was), say.Thousands(is), say.Thousands((is+was/2)/was))
	}
	return fmt.Sprintf("%s %s -> %s", what, say.Thousands(was), say.Thousands(is))
}

// Dot is the network as a graph for Graphviz.
func (g *Graph) Dot() (string, error) {
	steps, err := g.Steps()
	if err != nil {
		return "", err
	}
	var s strings.Builder
	fmt.Fprintf(&s, "digraph %q {\n\tnode [shape=box, fontname=\"sans-serif\"];\n", g.Name)
	for _, st := range steps {
		fmt.Fprintf(&s, "\t%q [label=%q];\n", st.Node.Name, st.Node.Name+"\n"+st.Detail()+"\n"+st.Size.String())
		for _, in := range st.Node.In {
			fmt.Fprintf(&s, "\t%q -> %q;\n", in.Name, st.Node.Name)
		}
	}
	for _, o := range g.Outputs {
		style := ""
		if o.TrainOnly {
			style = ", style=dashed"
		}
		fmt.Fprintf(&s, "\t%q [shape=ellipse%s];\n\t%q -> %q;\n", "output "+o.Name, style, o.Node.Name, "output "+o.Name)
	}
	s.WriteString("}\n")
	return s.String(), nil
}
