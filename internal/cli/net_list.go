package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func netList(e *Env) *cobra.Command {
	var maxParams float64
	cmd := &cobra.Command{
		Use: "list [WORD...]", Short: "the networks of the zoo",
		Long: `Lists the networks of the zoo: parameters (trainable) and multiply-adds of one image, at the network's own input and class
count. WORDs keep those whose name, family or paper holds them all.`,
		Example: "  assay net list\n  assay net list residual\n  assay net list --max-params 1e6 --json",
	}
	cmd.Flags().Float64Var(&maxParams, "max-params", 0, "only networks of at most `N` parameters")
	cmd.RunE = func(_ *cobra.Command, words []string) error {
		shown := []shownNet{}
		for _, n := range zoo.List() {
			if !matchAll(words, n.Name, n.Family, n.Paper) || maxParams > 0 && float64(n.Published.Params) > maxParams {
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
			shown = append(shown, s)
		}
		if e.JSON {
			return e.document(shown)
		}
		t := columns{head: []string{"name", "input", ">classes", ">parameters", ">multiply-adds", "paper"}}
		for _, s := range shown {
			t.add(s.Name, nn.Size{H: s.Input[0], W: s.Input[1], C: s.Input[2]}.String(), fmt.Sprint(s.Classes), nn.Thousands(s.Params), si(s.MACs), s.Paper)
		}
		e.table(t)
		return nil
	}
	return cmd
}

func matchAll(words []string, texts ...string) bool {
	for _, w := range words {
		if !match(w, texts...) {
			return false
		}
	}
	return true
}
