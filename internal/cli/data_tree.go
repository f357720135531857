package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/atomicfile"
)

func dataTree(e *Env) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "tree FOLDER|SET [FOLDER|SET]", Short: "a tree of the classes of one set or two, for a detector",
		Long: `Writes which class is a kind of which, as the approaches tree and mixed read it: CSV with columns child and parent, a class a line, the
parent empty of a root. Classes of equal names are one. A class whose name ends in that of another, such as mountain bike and bike, is put
below it, and those of shapes are put where the program has them; all others are roots. The file is meant to be edited: a parent that no
picture is labelled as, such as animal, is as good as any.`,
		Example: "  assay data tree street --out classes.csv\n  assay data tree street photos --out classes.csv\n  assay data tree shapes",
		Args:    args(1, 2, "FOLDER"),
	}
	cmd.Flags().StringVar(&out, "out", "", "CSV `FILE` to write; default: the terminal")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		var names []string
		known := map[string]string{}
		add := func(name string) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, word := range args {
			images := source(word)
			if images.Name == "shapes" { // nothing need be drawn for it
				for _, row := range data.ShapesTree() {
					add(row[0])
					known[row[0]] = row[1]
				}
				continue
			}
			set, err := e.look(c.Context(), images)
			if err != nil {
				return err
			}
			for _, name := range set.Classes {
				add(name)
			}
			if err := set.Close(); err != nil {
				return err
			}
		}
		rows := treeOf(names, known)
		switch {
		case out != "":
			if err := atomicfile.Write(out, func(w io.Writer) error { return writeTree(w, rows) }); err != nil {
				return fmt.Errorf("%s: cannot be written: %w", out, err)
			}
			below := 0
			for _, r := range rows {
				if r.Parent != "" {
					below++
				}
			}
			if e.JSON {
				return e.document(rows)
			}
			e.print("Tree: %s, %s, %d of them below another; to be edited, then  learning: [{tree: %s}]\n", out, plural(len(rows), "class"), below, out)
			return nil
		case e.JSON:
			return e.document(rows)
		}
		var text strings.Builder
		if err := writeTree(&text, rows); err != nil {
			return err
		}
		for line := range strings.Lines(text.String()) {
			e.print("%s\n", strings.TrimSuffix(line, "\n"))
		}
		return nil
	}
	return cmd
}

// treeRow is a class and what it is a kind of.
type treeRow struct {
	Child  string `json:"child"`
	Parent string `json:"parent"` // "" of a root
}

// treeOf puts each class below the one that is known to be its parent, or else below that with the longest name that its own ends in, word by word.
func treeOf(names []string, known map[string]string) []treeRow {
	rows := []treeRow{}
	for _, name := range names {
		parent := known[name]
		for _, other := range names {
			if other != name && known[name] == "" && len(other) > len(parent) && endsIn(name, other) {
				parent = other
			}
		}
		rows = append(rows, treeRow{name, parent})
	}
	return rows
}

// endsIn reports whether a name ends in another one, whole words of it: mountain-bike in bike.
func endsIn(name, other string) bool {
	front, ok := strings.CutSuffix(strings.ToLower(name), strings.ToLower(other))
	return ok && front != "" && other != "" && strings.ContainsRune(" _-", rune(front[len(front)-1]))
}

func writeTree(w io.Writer, rows []treeRow) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"child", "parent"})
	for _, r := range rows {
		_ = c.Write([]string{r.Child, r.Parent})
	}
	c.Flush()
	return c.Error()
}
