package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
)

func studyNext(e *Env) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use: "next [NAME]", Short: "write the study that follows one: what helps, put together and confirmed",
		Long: `Writes a study that confirms what a finished one found: the variants that help, all together and each left out in turn, trained from
a seed of its own, so that no training that chose a variant judges it again. It also names the command by which the finished study grows
until it can tell of a variant that it left undecided. Without NAME it follows the study that changed last.`,
		Example: "  assay study next photos\n  assay study next photos --out together.yaml",
		Args:    args(0, 1, "NAME"),
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write; default: NAME-confirm.yaml, here")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite a file that is there")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		st, name, err := e.existing(args)
		if err != nil {
			return err
		}
		defer st.Close()
		r, err := runner.Result(st, name)
		if err != nil {
			return err
		}
		n, err := runner.Next(st, r)
		if err != nil {
			return err
		}
		in, err := e.reportInput(st, r)
		if err != nil {
			return err
		}
		grow := ""
		if n.Repeats > 0 {
			grow = fmt.Sprintf("%s --repeats %d", in.Run, n.Repeats)
		}
		if n.Confirm == nil {
			out = ""
		} else {
			if out == "" {
				out = name + "-confirm.yaml"
			}
			if _, err := os.Stat(out); err == nil && !force {
				return misuse(fmt.Errorf("%s: is there already; give another --out, or --force to overwrite it", out))
			}
			text, err := n.Confirm.TextIn(filepath.Dir(out), fmt.Sprintf("What helped in the study %s, tried anew: %s. The seed is another, so that no training that chose a variant judges it.", name, strings.Join(n.Helps, ", ")))
			if err != nil {
				return err
			}
			if err := atomicfile.Write(out, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
				return err
			}
		}
		if e.JSON {
			return e.document(map[string]any{"file": out, "helps": append([]string{}, n.Helps...), "undecided": append([]string{}, n.Open...), "repeats": n.Repeats, "grow": grow, "note": n.Note})
		}
		if out != "" {
			e.print("%s: %s, %s of %s\n", e.bold(out), strings.Join(n.Helps, ", "), n.Confirm.Design, plural(n.Confirm.Repeats, "repeat"))
			if n.Note != "" {
				e.paragraph("", "%s", n.Note)
			}
			e.print("Next: %s\n", e.bold("assay study run "+say.Word(out)+e.storeFlag()))
		} else {
			e.print("No variant of %s helps, so there is nothing to confirm.\n", name)
		}
		if grow != "" {
			e.print("Undecided: %s. To tell of the first:\n  %s\n", strings.Join(n.Open, ", "), e.bold(grow))
		}
		return nil
	}
	return cmd
}
