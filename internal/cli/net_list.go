package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func netList(e *Env) *cobra.Command {
	var family, input string
	var least, most, macs amount
	cmd := &cobra.Command{
		Use: "list [WORD...]", Short: "the networks of the zoo",
		Long: `Lists the networks of the zoo: parameters (trainable) and multiply-adds of one image, at the network's own input and class
count. WORDs keep those whose name, family or paper holds them all; flags keep those that all of them fit.`,
		Example: `  assay net list
  assay net list resnet
  assay net list --family densenet --max-macs 3G
  assay net list --input 32x32 --max-params 1M --json`,
	}
	cmd.Flags().StringVar(&family, "family", "", "only networks of a `FAMILY`, such as resnet")
	cmd.Flags().StringVar(&input, "input", "", "only networks whose own images are `HxW[xC]`")
	cmd.Flags().Var(&least, "min-params", "only networks of at least `N` parameters, such as 500k or 25M")
	cmd.Flags().Var(&most, "max-params", "only networks of at most `N` parameters")
	cmd.Flags().Var(&macs, "max-macs", "only networks of at most `N` multiply-adds an image")
	cmd.RunE = func(_ *cobra.Command, words []string) error {
		size, err := listed(family, input)
		if err != nil {
			return err
		}
		shown := []shownNet{}
		for _, n := range zoo.List() {
			if !matchAll(words, n.Name, n.Family, n.Paper) || family != "" && n.Family != family {
				continue
			}
			if most.set && n.Published.Params > most.n || least.set && n.Published.Params < least.n {
				continue
			}
			g, err := zoo.New(n.Name)
			if err != nil {
				return err
			}
			s, err := show(g, nil)
			if err != nil {
				return err
			}
			own := g.InputSize()
			if input != "" && (own.H != size.H || own.W != size.W || size.C != 0 && own.C != size.C) || macs.set && s.MACs > macs.n {
				continue
			}
			shown = append(shown, s)
		}
		if e.JSON {
			return e.document(shown)
		}
		if len(shown) == 0 {
			e.note("no network fits; assay net list names all %d", len(zoo.List()))
			return nil
		}
		t := columns{head: []string{"name", "family", "input", ">classes", ">parameters", ">multiply-adds", "paper"}}
		for _, s := range shown {
			t.add(s.Name, s.Family, nn.Size{H: s.Input[0], W: s.Input[1], C: s.Input[2]}.String(), fmt.Sprint(s.Classes), say.Thousands(s.Params), si(s.MACs), s.Paper)
		}
		e.table(t)
		return nil
	}
	return cmd
}

// listed checks the family and reads the size that a list is asked for.
func listed(family, input string) (nn.Size, error) {
	var families []string
	for _, n := range zoo.List() {
		if !slices.Contains(families, n.Family) {
			families = append(families, n.Family)
		}
	}
	if family != "" && !slices.Contains(families, family) {
		mend := "choose one of " + strings.Join(families, ", ")
		if near, ok := spec.Nearest(family, families); ok {
			mend = fmt.Sprintf("did you mean %s?", near)
		}
		return nn.Size{}, misuse(fmt.Errorf("--family: no family %q; %s", family, mend))
	}
	if input == "" {
		return nn.Size{}, nil
	}
	size, err := nn.ParseSize(input)
	if err != nil {
		return size, misuse(fmt.Errorf("--input: %w", err))
	}
	return size, nil
}

// amount is a count on the command line: 25000000, 25e6, 25M or 500k.
type amount struct {
	n   int64
	set bool
}

func (a *amount) String() string {
	if !a.set {
		return ""
	}
	return fmt.Sprint(a.n)
}

// Type is what help calls the value.
func (*amount) Type() string { return "N" }

// Set reads it.
func (a *amount) Set(text string) error {
	number, unit := strings.TrimRight(text, "kMG"), 1.0
	switch strings.TrimPrefix(text, number) {
	case "":
	case "k":
		unit = 1e3
	case "M":
		unit = 1e6
	case "G":
		unit = 1e9
	default:
		number = ""
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !(x >= 0 && x*unit < 1e18) {
		return fmt.Errorf("%q is no count; write one such as 25000000, 500k, 25M or 3G", text)
	}
	a.n, a.set = int64(math.Round(x*unit)), true
	return nil
}

func matchAll(words []string, texts ...string) bool {
	for _, w := range words {
		if !match(w, texts...) {
			return false
		}
	}
	return true
}
