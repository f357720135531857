package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
)

// shownApproach is the JSON of an approach.
type shownApproach struct {
	Name       string               `json:"name"`
	Kind       approach.Kind        `json:"kind"`
	Summary    string               `json:"summary"`
	Parameters []approach.Parameter `json:"parameters"`
	Paper      string               `json:"paper"`
}

func approachList(e *Env) *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use: "list [WORD...]", Short: "every approach, by kind",
		Long: `Lists the catalogue: named choices that turn one experiment into another, of three kinds. Architecture approaches rewrite
the network; optimization approaches add to any network without changing its structure; learning approaches change what it
sees, and when. WORDs keep those whose name or summary holds them all.`,
		Example: "  assay approach list\n  assay approach list --kind learning\n  assay approach list pooling",
	}
	cmd.Flags().StringVar(&kind, "kind", "", "only `KIND`: architecture, optimization or learning")
	cmd.RunE = func(_ *cobra.Command, words []string) error {
		if kind != "" && !slices.Contains(approach.Kinds(), approach.Kind(kind)) {
			return misuse(fmt.Errorf("--kind: no kind %q; choose architecture, optimization or learning", kind))
		}
		shown := []shownApproach{}
		for _, a := range approach.Catalog() {
			if (kind == "" || a.Kind == approach.Kind(kind)) && matchAll(words, a.Name, a.Card.Summary) {
				shown = append(shown, shownApproach{a.Name, a.Kind, a.Card.Summary, a.Parameters(), a.Card.Paper})
			}
		}
		if e.JSON {
			return e.document(shown)
		}
		if len(shown) == 0 {
			e.note("no approach fits; assay approach list names all %d", len(approach.Catalog()))
			return nil
		}
		t := columns{head: []string{"approach", "kind", "what it does"}}
		for _, a := range shown {
			t.add(a.Name, string(a.Kind), a.Summary)
		}
		e.table(t)
		if e.Terminal {
			e.note("\nassay approach show NAME prints a card")
		}
		return nil
	}
	return cmd
}
