package cli

import (
	"github.com/spf13/cobra"

	"github.com/assaylab/assay/nn"
)

func netDiff(e *Env) *cobra.Command {
	var f netFlags
	cmd := &cobra.Command{
		Use: "diff A B", Short: "what turns one network into another",
		Long: `Says what turns network A into B: layers that came, went or changed, what lies over them, and the counts that differ. With
--apply, B is rewritten first, so that "diff NET NET --apply ..." shows what an approach does.`,
		Example:           "  assay net diff lenet5 mini\n  assay net diff resnet20 resnet20 --apply '{activation: elu}'",
		Args:              args(2, 2, "a network"),
		ValidArgsFunction: completeNet,
	}
	f.add(cmd)
	f.addApply(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		plain := netFlags{input: f.input, classes: f.classes}
		a, _, err := plain.build(args[0])
		if err != nil {
			return err
		}
		b, applied, err := f.build(args[1])
		if err != nil {
			return err
		}
		lines, err := nn.Diff(a, b)
		if err != nil {
			return err
		}
		if e.JSON {
			same, changes := a.Signature() == b.Signature(), []string{}
			for _, c := range applied {
				changes = append(changes, change(c))
			}
			if lines == nil {
				lines = []string{}
			}
			return e.document(map[string]any{"a": args[0], "b": args[1], "differs": lines, "same_signature": same, "changes": changes})
		}
		for _, c := range applied {
			e.print("%s\n", e.dim(change(c)))
		}
		for _, l := range lines {
			e.print("%s\n", l)
		}
		if lines == nil {
			e.print("no difference\n")
		}
		return nil
	}
	return cmd
}
