package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

func dataDescribe(e *Env) *cobra.Command {
	var with string
	cmd := &cobra.Command{
		Use: "describe FOLDER", Short: "classes, counts, sizes and faults of a folder of images",
		Long: `Looks at a folder with one folder of pictures a class (or CIFAR or IDX files, pictures with boxes as Pascal VOC, COCO or YOLO write them, an
archive of these, or a built-in set by name): classes with their counts, sizes, files that are no pictures, pictures that are nearly the same, and what else its figures must be
read with: pictures that lie in two parts or under two labels, levels that 8 bits do not hold, classes out of balance, boxes that are left out
or changed. -v lists all of it. --with takes keys of data, as an experiment file has them: a list of labels or a pattern over names in place of a folder a
class, and the parts to be made.`,
		Example: "  assay data describe photos\n  assay data describe photos.tar.gz --json\n  assay data describe photos --with '{parts: redraw, val: {folds: 5}}'\n  assay data describe photos --with '{labels: photos.csv}'\n  assay data describe photos --with '{class: \"^([a-z]+)_\"}'",
		Args:    args(1, 1, "FOLDER"),
		RunE: func(c *cobra.Command, args []string) error {
			images, keys, err := sourceWith(args[0], with)
			if err != nil {
				return misuse(err)
			}
			b := e.bar()
			d, err := data.Describe(c.Context(), images, data.Options{Cache: e.cacheDir(), Threads: e.Threads, Progress: e.decoding(b)})
			b.end()
			if _, ok := errors.AsType[*spec.Fault](err); ok { // of a key of --with
				return misuse(keys.At(err))
			}
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
	withFlag(cmd, &with)
	return cmd
}

var withKeys = []string{"labels", "class", "format", "fit", "images", "size", "seed", "thumbnail", "parts", "val", "test", "skip"}

// withFlag is --with of commands that take a folder.
func withFlag(cmd *cobra.Command, with *string) {
	cmd.Flags().StringVar(with, "with", "", "`KEYS` of data besides the folder: "+strings.Join(withKeys, ", "))
}

// sourceWith is a folder or built-in set with other keys of data, as a file has them, and their node.
func sourceWith(word, with string) (data.Spec, *spec.Node, error) {
	images := source(word)
	if with == "" {
		return images, nil, nil
	}
	keys, err := spec.Parse("--with", []byte(with))
	if err != nil {
		return images, nil, err
	}
	if keys.Kind != spec.Map {
		return images, nil, keys.Errorf("want keys of data such as {parts: redraw}")
	}
	if err := keys.Keys(withKeys...); err != nil {
		return images, nil, err
	}
	if images.Name != "" {
		keys.Set("name", spec.NewText(images.Name))
	} else {
		keys.Set("folder", spec.NewText(images.Folder))
	}
	var x experiment.Data
	err = spec.Decode(keys, &x)
	return x.At(images.Folder), keys, err
}

func (e *Env) printDescription(d data.Description) {
	e.print("%s  %s, %s\n\n", e.bold(d.Name), plural(d.Images, "image"), plural(len(d.Classes), "class"))
	e.printClasses(d.Classes)
	e.print("\n")
	colour := "colour"
	if d.Channels == 1 {
		colour = "grey"
	}
	switch {
	case d.Images == 0:
	case d.OneSize:
		e.print("size    %dx%d, %s\n", d.Height.Min, d.Width.Min, colour)
	default:
		e.print("size    height %d to %d, median %d; width %d to %d, median %d; %s\n", d.Height.Min, d.Height.Max, d.Height.Median, d.Width.Min, d.Width.Max, d.Width.Median, colour)
	}
	if b := d.Boxes; b != nil && b.Count > 0 {
		e.print("boxes   %s in %s; of an image %d to %d, median %d\n", thousands(b.Count), plural(b.Images, "image"), b.Image.Min, b.Image.Max, b.Image.Median)
		e.print("        height %d to %d, median %d; width %d to %d, median %d; side by the picture's %d to %d %%, median %d %%\n", b.Height.Min, b.Height.Max, b.Height.Median, b.Width.Min, b.Width.Max, b.Width.Median, b.Percent.Min, b.Percent.Max, b.Percent.Median)
		if b.Marked > 0 {
			e.print("        %s difficult or around many, which nobody learns from\n", plural(b.Marked, "box"))
		}
	}
	if d.Images > 0 {
		e.print("parts   %s to train on, %s validation, %s test: %s\n", thousands(d.Parts.Train), thousands(d.Parts.Val), thousands(d.Parts.Test), origin(d))
	}
	if d.Duplicates > 0 {
		more := ""
		if !e.Verbose {
			more = " (-v lists them)"
		}
		e.print("twins   %s nearly the same as another%s\n", plural(d.Duplicates, "image"), more)
	}
	if e.Verbose {
		for _, t := range d.Twins {
			e.print("        %s and %s\n", t.A, t.B)
		}
		if n := d.Duplicates - len(d.Twins); n > 0 {
			e.print("        and %s more\n", thousands(n))
		}
	}
	for _, x := range d.Doubts {
		e.print("careful %s\n", x)
		if e.Verbose {
			for _, example := range x.Examples {
				e.print("        %s\n", example)
			}
		}
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

// origin says where the parts come from.
func origin(d data.Description) string {
	own := map[string]bool{}
	for _, part := range d.Own {
		own[part] = true
	}
	var said []string
	if d.Redrawn {
		said = append(said, "train and val of the folder pooled")
	}
	if own["test"] {
		said = append(said, "test as the folder has it")
	}
	switch {
	case own["val"]:
		return "as the folder has them"
	case d.Folds > 0:
		return strings.Join(append(said, fmt.Sprintf("stratified, the first of %d folds: every image is validated once in %d repeats", d.Folds, d.Folds)), ", ")
	case own["test"] && !d.Redrawn:
		said = append(said, "validation cut from train, stratified, anew each repeat")
	default:
		said = append(said, "stratified, validation cut anew each repeat")
	}
	return strings.Join(said, ", ")
}

const (
	fewClasses  = 5  // up to so many each have a bar, even where all are as long
	barsClasses = 20 // above, classes are summed up
)

// printClasses draws a bar a class, or sums up where there are many or all hold the same.
func (e *Env) printClasses(classes []data.ClassCount) {
	sorted := slices.SortedFunc(slices.Values(classes), func(a, b data.ClassCount) int { return a.Images - b.Images })
	n := len(sorted)
	if n == 0 {
		return
	}
	least, most := sorted[0], sorted[n-1]
	if !e.Verbose && (n > barsClasses || n > fewClasses && least.Images == most.Images) {
		names := make([]string, 0, barsClasses)
		for _, c := range classes[:min(n, barsClasses)] {
			names = append(names, c.Name)
		}
		if more := n - len(names); more > 0 {
			names = append(names, fmt.Sprintf("and %s more (-v lists them)", thousands(more)))
		}
		e.print("  %s\n", strings.Join(names, ", "))
		if least.Images == most.Images {
			e.print("  %s each\n", plural(least.Images, "image"))
			return
		}
		e.print("  images a class: %s (%s) to %s (%s), median %s\n", thousands(least.Images), least.Name, thousands(most.Images), most.Name, thousands(sorted[n/2].Images))
		return
	}
	width := 0
	for _, c := range classes {
		width = max(width, len([]rune(c.Name)))
	}
	boxes := slices.ContainsFunc(classes, func(c data.ClassCount) bool { return c.Boxes > 0 })
	for _, c := range classes {
		if boxes {
			images, image, _ := strings.Cut(plural(c.Images, "image"), " ")
			n, box, _ := strings.Cut(plural(c.Boxes, "box"), " ")
			e.print("  %-*s %7s %-6s %8s %-5s  %s\n", width, c.Name, images, image, n, box, e.dim(strings.Repeat("#", (c.Images*30+max(most.Images, 1)-1)/max(most.Images, 1))))
			continue
		}
		e.print("  %-*s %7s  %s\n", width, c.Name, thousands(c.Images), e.dim(strings.Repeat("#", (c.Images*30+max(most.Images, 1)-1)/max(most.Images, 1))))
	}
}
