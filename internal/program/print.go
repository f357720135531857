package program

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Describe prints an op with its hyper-parameters, such as "conv 3x3/2 pad 1 groups 4".
func Describe(op Op) string {
	if d, ok := op.(interface{ detail() string }); ok && d.detail() != "" {
		return op.Kind() + " " + d.detail()
	}
	return op.Kind()
}

// String lists a program for a person: a line a value that is fed or held, a line a node with operands, shape and layer, a line an
// output. The same program gives the same text.
//
//	%12 = conv 3x3/1 pad 1 (%3, %4)  [128 32 32 16]  stage1/conv1
func (p *Program) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s: %d nodes, %d values\n", p.Name, len(p.Nodes), len(p.Values))
	w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	for _, v := range p.Values {
		switch v.Source {
		case Input:
			fmt.Fprintf(w, "%%%d = input\t%v\t%s\n", v.ID, v.Shape(), v.Name)
		case Scalar:
			fmt.Fprintf(w, "%%%d = scalar\t\t%s\n", v.ID, v.Name)
		case Held:
			fmt.Fprintf(w, "%%%d = held\t%v\t%s\n", v.ID, v.Shape(), v.Name)
		}
	}
	for _, n := range p.Nodes {
		if len(n.Out) > 0 {
			fmt.Fprintf(w, "%s = ", operands(n.Out))
		}
		fmt.Fprintf(w, "%s(%s)\t%s\t%s\n", Describe(n.Op)+gap(n.Op), operands(n.In), shapes(n.Out), n.Name)
	}
	for _, o := range p.Outputs {
		fmt.Fprintf(w, "output %%%d\t%v\t%s\n", o.Value.ID, o.Value.Shape(), o.Name)
	}
	w.Flush() // a strings.Builder takes all
	return s.String()
}

// gap sets hyper-parameters off from the operands.
func gap(op Op) string {
	if Describe(op) == op.Kind() {
		return ""
	}
	return " "
}

func operands(vs []*Value) string {
	names := make([]string, len(vs))
	for i, v := range vs {
		names[i] = fmt.Sprintf("%%%d", v.ID)
	}
	return strings.Join(names, ", ")
}

func shapes(vs []*Value) string {
	text := make([]string, len(vs))
	for i, v := range vs {
		text[i] = v.Shape().String()
	}
	return strings.Join(text, " ")
}
