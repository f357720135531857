package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/draw"
	"github.com/assaylab/assay/internal/diff"
	"github.com/assaylab/assay/nn"
)

// shownDiff is the JSON of a comparison.
type shownDiff struct {
	A               string       `json:"a"`
	B               string       `json:"b"`
	ChangesOfA      []string     `json:"changes_a"` // what --apply-a did
	Changes         []string     `json:"changes"`   // what --apply did
	Differs         []string     `json:"differs"`
	SameSignature   bool         `json:"same_signature"`
	Params          [2]int64     `json:"params"` // before, after
	MACs            [2]int64     `json:"macs"`
	ActivationBytes [2]int64     `json:"activation_bytes"`
	Layers          []diff.Layer `json:"layers"`
}

func netDiff(e *Env) *cobra.Command {
	var f netFlags
	var first []string
	var svg bool
	cmd := &cobra.Command{
		Use: "diff A B", Short: "what turns one network into another",
		Long: `Says what turns network A into B, stage by stage: layers that came, went or became others, what lies over them, and what that costs.
--apply rewrites B first and --apply-a rewrites A, so that "diff NET NET --apply ..." shows what an approach does.`,
		Example: `  assay net diff resnet20 resnet20 --apply '{separable: {where: stage2/**}}'
  assay net diff resnet20 resnet20 --apply-a '{activation: elu}' --apply '{activation: gelu}'
  assay net diff vgg16 vgg16_bn
  assay net diff mini mini --apply residual --svg > residual.svg`,
		Args:              args(2, 2, "a network"),
		ValidArgsFunction: completeNet,
	}
	f.add(cmd)
	f.addApply(cmd)
	cmd.Flags().Lookup("apply").Usage = "rewrite B first by an `APPROACH`, as in '{activation: elu}'; may be repeated"
	cmd.Flags().StringArrayVar(&first, "apply-a", nil, "rewrite A first by an `APPROACH`; may be repeated")
	cmd.Flags().BoolVar(&svg, "svg", false, "draw both side by side, what is new with a strong border")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if svg && e.JSON {
			return misuse(errors.New("net diff: --svg and --json are different forms; give one"))
		}
		before := f
		before.apply = first
		a, changesOfA, err := before.build(args[0])
		if err != nil {
			return err
		}
		b, changes, err := f.build(args[1])
		if err != nil {
			return err
		}
		if svg {
			picture, err := draw.Pair(a, b)
			e.print("%s", lines(picture))
			return err
		}
		c, err := diff.Networks(a, b)
		if err != nil {
			return err
		}
		d := shownDiff{
			A: args[0], B: args[1], ChangesOfA: changed(changesOfA), Changes: changed(changes), Differs: append([]string{}, c.Lines...),
			SameSignature: a.Signature() == b.Signature(), Params: [2]int64{c.Before.Params, c.After.Params}, MACs: [2]int64{c.Before.MACs, c.After.MACs},
			ActivationBytes: [2]int64{c.Before.ActivationBytes, c.After.ActivationBytes}, Layers: append([]diff.Layer{}, c.Layers...),
		}
		if e.JSON {
			return e.document(d)
		}
		e.printDiff(d)
		return nil
	}
	return cmd
}

func changed(applied []approach.Applied) []string {
	texts := []string{}
	for _, a := range applied {
		texts = append(texts, change(a))
	}
	return texts
}

func (e *Env) printDiff(d shownDiff) {
	for _, c := range d.ChangesOfA {
		e.print("%s\n", e.dim("A: "+c))
	}
	for _, c := range d.Changes {
		e.print("%s\n", e.dim(c))
	}
	for i, l := range d.Differs {
		if more := len(d.Differs) - i; i == 11 && more > 1 && !e.Verbose {
			e.print("%s\n", e.dim(fmt.Sprintf("and %d more changes; -v tells them and lists every layer", more)))
			break
		}
		e.paragraph("", "%s", l)
	}
	if len(d.Differs) == 0 && len(d.Layers) == 0 {
		e.print("no difference\n")
		return
	}
	if e.Verbose {
		t := columns{head: []string{"layer", "was", "is"}}
		for _, l := range d.Layers {
			t.add(l.Name, l.Was, l.Is)
		}
		e.table(t)
	}
	for _, cost := range []struct {
		what string
		n    [2]int64
	}{{"parameters", d.Params}, {"multiply-adds", d.MACs}, {"bytes of activations", d.ActivationBytes}} {
		e.print("%s\n", nn.Became(cost.what, cost.n[0], cost.n[1]))
	}
}
