package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/draw"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/nn"
)

func studyReport(e *Env) *cobra.Command {
	var to string
	var bare bool
	cmd := &cobra.Command{
		Use: "report [NAME]", Short: "write the report of a study again",
		Long: `Writes the report of a study of the store, by default the one that changed last: one HTML page that needs no network, and the same
as Markdown, JSON and CSV. Prints their paths. --out writes it elsewhere, as of a store that may only be read. The page holds small
pictures of the images that every arm gets wrong, and of those on which the best arm and the baseline differ, as long as the data
are where they were; --no-pictures makes one to hand around.`,
		Example: "  assay study report\n  assay study report first-study --out page",
		Args:    args(0, 1, "nothing"),
		RunE: func(c *cobra.Command, args []string) error {
			st, name, err := e.existing(args)
			if err != nil {
				return err
			}
			defer st.Close()
			r, err := runner.Result(st, name)
			if err != nil {
				return err
			}
			if to == "" {
				to = filepath.Join(e.Store, r.Name)
			}
			var pictures func([]string) map[string][]byte
			if !bare {
				pictures = func(hashes []string) map[string][]byte { return e.stored(c.Context(), st, name, hashes) }
			}
			in, paths, err := e.writeReport(st, r, to, pictures)
			if err != nil {
				return err
			}
			if in.Winner != "" {
				paths = append(paths, in.Winner)
			}
			if e.JSON {
				return e.document(map[string]any{"name": name, "files": paths})
			}
			for _, p := range paths {
				e.print("%s\n", p)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "out", "", "`DIR` to write it to; default: the study's folder in the store")
	cmd.Flags().BoolVar(&bare, "no-pictures", false, "a page without pictures of the data set")
	return cmd
}

// mostDrawn bounds what drawings take of a page, in bytes.
const mostDrawn = 1 << 20

// drawings are pictures of a study's networks as SVG, by arm: the baseline's, and beside it each that is another; left counts those that
// there was no room for.
func drawings(held store.Study, net string) (by map[string]string, left int) {
	by = map[string]string{}
	if len(held.Arms) == 0 {
		return by, 0
	}
	base, err := nn.Read("network", []byte(held.Arms[0].Recipe.Network))
	if err != nil {
		return by, 0 // a network of another time: the report does without
	}
	total := 0
	for i, a := range held.Arms {
		if i > 0 && (a.Recipe.Network == held.Arms[0].Recipe.Network || a.Status == store.Removed) {
			continue
		}
		g, err := nn.Read("network", []byte(a.Recipe.Network))
		if err != nil {
			continue
		}
		var svg string
		if i == 0 {
			g.Name = net
			svg, err = draw.SVG(g)
		} else {
			svg, err = draw.Pair(base, g)
		}
		switch {
		case err != nil:
		case total+len(svg) > mostDrawn:
			left++
		default:
			by[a.Name] = svg
			total += len(svg)
		}
	}
	return by, left
}
