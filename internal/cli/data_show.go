package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
)

func dataShow(e *Env) *cobra.Command {
	var out, ops, with string
	var images, columns int
	cmd := &cobra.Command{
		Use: "show FOLDER --out FILE", Short: "a contact sheet of images as the network sees them",
		Long: `Writes a contact sheet (PNG) of images of a folder or built-in set just as the network sees them, resized and cut. With --augment
a row shows one image: as it is, and then as training sees it in eight epochs.`,
		Example: "  assay data show photos --out sheet.png\n  assay data show photos --augment '[flip, {crop: {size: 96}}]' --out augmented.png",
		Args:    args(1, 1, "FOLDER"),
	}
	cmd.Flags().StringVar(&out, "out", "", "PNG `FILE` to write")
	cmd.Flags().StringVar(&ops, "augment", "", "a list of `OPS` as in a file: '[flip, {crop: {size: 96}}]'")
	_ = cmd.RegisterFlagCompletionFunc("augment", operations)
	withFlag(cmd, &with)
	cmd.Flags().IntVar(&images, "images", 0, "`N` images; default: 48, with --augment 6")
	cmd.Flags().IntVar(&columns, "columns", 8, "`N` pictures a row, with --augment beside the image as it is")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("images") {
			images = map[bool]int{false: 48, true: 6}[ops != ""]
		}
		switch {
		case out == "":
			return misuse(errors.New("data show: --out is missing; name the PNG file to write"))
		case images < 1 || images > 10_000 || columns < 1 || ops != "" && columns >= 10_000/images:
			return misuse(errors.New("--images, --columns: give 1 or more, and at most 10,000 pictures"))
		}
		var l experiment.Learning
		if ops != "" {
			n, err := spec.Parse("--augment", []byte(ops))
			if err != nil {
				return misuse(err)
			}
			if err := spec.Decode(n, &l.Augment); err != nil {
				return misuse(err)
			}
		}
		from, keys, err := sourceWith(args[0], with)
		if err != nil {
			return misuse(err)
		}
		shown, err := e.sheet(c.Context(), from, l, out, images, columns)
		if _, ok := errors.AsType[*spec.Fault](err); ok && keys != nil { // of a key of --with
			return misuse(keys.At(err))
		}
		if err != nil {
			return err
		}
		if e.JSON {
			return e.document(map[string]any{"file": out, "images": shown})
		}
		e.print("%s: %s\n", out, plural(shown, "picture"))
		return nil
	}
	return cmd
}

// operations offers lists of one operation.
func operations(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, o := range augment.Catalog() {
		names = append(names, "["+o.Name+"]\t"+o.Card.Summary)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// sheet draws some of the training images, the same share of each class.
func (e *Env) sheet(ctx context.Context, images data.Spec, l experiment.Learning, out string, n, columns int) (int, error) {
	set, err := e.look(ctx, images)
	if err != nil {
		return 0, err
	}
	defer set.Close()
	items, g := set.Subset(set.Cut(1, 1).Train, n, 1), train.Geometry(set, l)
	n = len(items)
	p, err := set.Preprocess(ctx, items, g)
	if err != nil {
		return 0, err
	}
	loader, err := set.Loader(ctx, items, data.LoaderConfig{Batch: n, Preprocess: p, Geometry: g, Train: true, Augment: l.Augment.List(),
		Order: tensor.NewStream(1, "order"), Draws: tensor.NewStream(1, "augment")})
	if err != nil {
		return 0, err
	}
	draw := func(w io.Writer) error { return loader.Sheet(w, 0, 0, columns) }
	if len(l.Augment.Ops) > 0 {
		draw = func(w io.Writer) error { return loader.Draws(w, items, columns) }
	}
	if err := atomicfile.Write(out, draw); err != nil {
		return 0, fmt.Errorf("%s: cannot be written: %w", out, err)
	}
	return n, nil
}
