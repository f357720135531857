package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
)

func dataDescribe(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "describe FOLDER", Short: "classes, counts, sizes and faults of a folder of images",
		Long: `Looks at a folder with one folder of pictures a class (or CIFAR or IDX files, or an archive of these, or a built-in set by name):
classes with their counts, sizes, files that are no pictures, pictures that are nearly the same.`,
		Example: "  assay data describe photos\n  assay data describe photos.tar.gz --json",
		Args:    args(1, 1, "FOLDER"),
		RunE: func(c *cobra.Command, args []string) error {
			b := e.bar()
			d, err := data.Describe(c.Context(), source(args[0]), data.Options{Cache: e.cacheIfStore(), Threads: e.Threads, Progress: e.decoding(b)})
			b.end()
			if err != nil {
				return failed(err)
			}
			if e.JSON {
				return e.document(d)
			}
			e.printDescription(d)
			return nil
		},
	}
}

func (e *Env) printDescription(d data.Description) {
	e.print("%s  %s, %s\n\n", e.bold(d.Name), plural(d.Images, "image"), plural(len(d.Classes), "class"))
	most, width := 1, 0
	for _, c := range d.Classes {
		most, width = max(most, c.Images), max(width, len([]rune(c.Name)))
	}
	const shownClasses = 40
	for i, c := range d.Classes {
		if i == shownClasses && len(d.Classes) > shownClasses+5 {
			e.print("  and %s more\n", plural(len(d.Classes)-i, "class"))
			break
		}
		e.print("  %-*s %7s  %s\n", width, c.Name, thousands(c.Images), e.dim(strings.Repeat("#", (c.Images*30+most-1)/most)))
	}
	e.print("\n")
	colour := "colour"
	if d.Channels == 1 {
		colour = "grey"
	}
	if d.OneSize {
		e.print("size    %dx%d, %s\n", d.Height.Min, d.Width.Min, colour)
	} else {
		e.print("size    height %d to %d, median %d; width %d to %d, median %d; %s\n", d.Height.Min, d.Height.Max, d.Height.Median, d.Width.Min, d.Width.Max, d.Width.Median, colour)
	}
	own := "balanced, validation cut anew each repeat"
	if d.OwnParts {
		own = "as the folder has them"
	}
	e.print("parts   %s to train on, %s validation, %s test, %s\n", thousands(d.Parts.Train), thousands(d.Parts.Val), thousands(d.Parts.Test), own)
	if d.Duplicates > 0 {
		e.print("twins   %s nearly the same as another\n", plural(d.Duplicates, "image"))
	}
	for i, l := range d.Leaks {
		if i == 5 {
			e.print("        and %d more\n", len(d.Leaks)-i)
			break
		}
		e.print("        %s and %s lie in different parts; remove one\n", l.A, l.B)
	}
	if len(d.Faults) == 0 {
		e.print("faults  none\n")
	}
	for i, f := range d.Faults {
		head := "        "
		if i == 0 {
			head = "faults  "
		}
		if i == 10 && !e.Verbose {
			e.print("        and %d more (-v prints all)\n", len(d.Faults)-i)
			break
		}
		e.print("%s%s\n", head, f)
	}
	if d.Problem != "" {
		e.print("\n%s\n", fmt.Sprintf("It cannot be trained on as it is: %s", d.Problem))
	}
}
