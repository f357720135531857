package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/train"
)

// outcome is the JSON of `assay train` and `assay eval`.
type outcome struct {
	Model    string         `json:"model"`
	Data     string         `json:"data"`
	Split    string         `json:"split"`
	Images   int            `json:"images"`
	Epochs   float64        `json:"epochs"`
	Steps    int            `json:"steps"`
	Accuracy *float64       `json:"accuracy"` // 0 to 1; null where it diverged
	Top5     *float64       `json:"top5"`
	LogLoss  *float64       `json:"log_loss"`
	PerClass []classOutcome `json:"per_class"`
	Diverged bool           `json:"diverged"`
	Reading  int            `json:"reading,omitempty"` // how many times the test split was read, this one counted
}

type classOutcome struct {
	Name     string  `json:"name"`
	Accuracy float64 `json:"accuracy"`
	Images   int     `json:"images"`
}

func (o *outcome) fill(m train.Metrics) {
	o.Images, o.Accuracy, o.Top5, o.LogLoss = m.Images, &m.Accuracy, &m.Top5, &m.LogLoss
	for _, c := range m.PerClass {
		o.PerClass = append(o.PerClass, classOutcome{c.Name, c.Accuracy, c.Images})
	}
}

func trainCommand(e *Env) *cobra.Command {
	var out, folder string
	var fresh bool
	cmd := &cobra.Command{
		Use: "train FILE", Short: "train one experiment to the end",
		Long: `Trains one experiment and writes a model, which assay eval and assay predict read. An interrupted training keeps a checkpoint
beside the model; the same command goes on from there and ends in the same bits as one that was never interrupted.`,
		Example: "  assay train winner.yaml\n  assay train photos.yaml --out photos.safetensors --data other-photos",
		Args:    args(1, 1, "FILE"),
	}
	cmd.Flags().StringVar(&out, "out", "", "`MODEL` to write; default: the file's name with .safetensors, in this folder")
	cmd.Flags().StringVar(&folder, "data", "", "`FOLDER` of images in place of the file's")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "begin anew even if there is a checkpoint")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if out == "" {
			base := filepath.Base(args[0])
			out = strings.TrimSuffix(base, filepath.Ext(base)) + ".safetensors"
		}
		return e.train(c.Context(), args[0], out, folder, fresh)
	}
	return cmd
}

func (e *Env) train(ctx context.Context, file, out, folder string, fresh bool) error {
	if info, err := os.Stat(filepath.Dir(out)); err != nil || !info.IsDir() {
		return misuse(fmt.Errorf("--out: no folder %s; make it first", filepath.Dir(out)))
	}
	root, err := spec.ReadFile(file)
	if err != nil {
		return misuse(err)
	}
	if root.Get("base") != nil || root.Get("variants") != nil {
		return root.Errorf("this is a study, not an experiment; run it with assay study run, or give the experiment that is its base")
	}
	x, err := experiment.Decode(root)
	if err != nil {
		return err
	}
	at := root.Get("data")
	if folder != "" {
		x.Data = experiment.Data{Spec: data.Folder(folder)}
	}
	learning, err := approach.Learn(x)
	if err != nil {
		return err
	}
	set, err := e.open(ctx, x.Data.Spec, e.cacheDir())
	if err != nil {
		if folder == "" {
			err = failed(at.At(err))
		}
		return err
	}
	defer set.Close()
	g := train.Geometry(set, learning)
	images := approach.Images{Size: nn.Size{H: g.H, W: g.W, C: set.C}, Classes: len(set.Classes)}
	if _, err := approach.Build(experiment.Experiment{Net: x.Net}, images); err != nil {
		return root.Get("net").At(err)
	}
	built, err := approach.Build(x, images)
	if err != nil {
		return root.At(err)
	}
	cut := set.Cut(x.Seed, 1)
	n := built.Learning.Subset.Of(len(cut.Train))
	if batch := built.Optimization.Batch.Size; batch > n {
		return place(root, x.Optimization, "batch", fmt.Errorf("batch: %d images a step, but there are %d to train on; write a smaller batch", batch, n))
	}
	if len(cut.Val) == 0 {
		return at.Errorf("data: no validation images; give val a share above 0")
	}
	eng, err := e.engine(e.Threads)
	if err != nil {
		return err
	}
	defer eng.Close()
	for _, a := range built.Applied {
		e.detail("%s", change(a))
	}
	checkpoint := out + ".checkpoint"
	if fresh {
		if err := os.Remove(checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	text := ""
	if node, err := experiment.Encode(x); err == nil {
		text = string(node.YAML())
	}
	e.note("%s on %s: %s to train on, %s validation, %s a step, %s", built.Graph.Name, x.Data, share(n, len(cut.Train)), thousands(len(cut.Val)), thousands(built.Optimization.Batch.Size), plural(e.Threads, "thread"))
	b, began := e.bar(), e.Clock()
	result, err := train.Run(ctx, train.Job{
		Graph: built.Graph, Optimization: built.Optimization, Learning: built.Learning, Set: set, Cut: cut,
		Seeds: train.SeedsOf(x.Seed), Engine: eng, Loaders: max(1, e.Threads/2), Checkpoint: checkpoint, Experiment: text,
		OnPoint: func(p train.Point) {
			b.line("epoch %4s  loss %.4f  accuracy %5.2f %%  log loss %.4f", trim(p.Epoch), p.TrainLoss, 100*p.Accuracy, p.LogLoss)
		},
		OnStep: e.steps(b, began),
	})
	b.end()
	if err != nil {
		return err
	}
	o := outcome{Model: out, Data: x.Data.String(), Split: "val", Epochs: result.Epochs, Steps: result.Step, Diverged: result.Diverged, PerClass: []classOutcome{}}
	if result.Diverged {
		if e.JSON {
			o.Model = ""
			if err := e.document(o); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s: the loss is not finite at step %s; lower the learning rate (lr: base) or give it a warm-up", file, thousands(result.Step))
	}
	if err := result.Model.Save(out); err != nil {
		return err
	}
	if err := os.Remove(checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	o.fill(result.Metrics)
	if e.JSON {
		return e.document(o)
	}
	e.printOutcome(o)
	if c := result.Metrics.Collapsed; c != "" {
		e.note("Careful: every image is taken for %s; lower the learning rate (lr: base) or give it a warm-up", c)
	}
	e.note("\nModel: %s  (assay predict %s IMAGE)", out, out)
	return nil
}

// steps draws the progress of a training.
func (e *Env) steps(b *bar, began time.Time) func(train.Progress) {
	if !e.drawing() {
		return nil
	}
	first := -1
	return func(p train.Progress) {
		if first < 0 {
			first = p.Step - 1
		}
		share := float64(p.Step) / float64(max(p.Steps, 1))
		b.set(share, "%s   loss %.3f   %s images/s   %s", epochOf(p), p.Loss, thousands(int(p.ImagesPerSec)),
			left(float64(p.Step-first)/float64(max(p.Steps-first, 1)), e.Clock().Sub(began)))
	}
}

// place gives an error the place of the last choice of a name, or of the file where it does not say it.
func place(root *spec.Node, choices []experiment.Choice, name string, err error) error {
	at := root
	for _, c := range choices {
		if c.Name == name {
			at = c.At
		}
	}
	return at.At(err)
}

// trim prints 3 or 2.5.
func trim(x float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") }

// printOutcome prints accuracy, top-5 where it says more, log loss, and the classes.
func (e *Env) printOutcome(o outcome) {
	e.print("%s  %.2f %% of %s", e.bold("accuracy"), 100**o.Accuracy, plural(o.Images, o.Split+" image"))
	if len(o.PerClass) > 5 {
		e.print("   top-5 %.2f %%", 100**o.Top5)
	}
	e.print("   log loss %.4f\n", *o.LogLoss)
	width := 0
	for _, c := range o.PerClass {
		width = max(width, len([]rune(c.Name)))
	}
	for i, c := range o.PerClass {
		if i == 20 && len(o.PerClass) > 25 && !e.Verbose {
			e.print("  and %s more (-v prints all)\n", plural(len(o.PerClass)-i, "class"))
			break
		}
		e.print("  %-*s  %6.2f %%  of %s\n", width, c.Name, 100*c.Accuracy, thousands(c.Images))
	}
}
