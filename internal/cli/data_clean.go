package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/train"
)

// cleaning is what assay data clean is asked for.
type cleaning struct {
	file, arm, folder string
	out, sheet        string
	folds             int
	rule              string
	plant             float64 // share of labels that are made wrong, to see how many are found; 0: none
	pictures          int     // on the sheet, at most
}

func dataClean(e *Env) *cobra.Command {
	var ask cleaning
	usual := experiment.DefaultLearning().Labels
	cmd := &cobra.Command{
		Use: "clean FILE", Short: "find labels that are likely wrong",
		Long: `Finds images whose labels are likely wrong, by confident learning (arXiv:1911.00068): the images of an experiment's train and
validation parts are dealt out into folds, for each fold a network is trained on all others, by the experiment's own settings, and images
are named that a network which has not seen them takes for another class. The test part stays closed.

It writes a list of all images, CSV with the columns file and label, the suspects first, each with the class that is suggested, and a
contact sheet of the suspects, the surest first. Look at it, correct labels in the list, take lines away that are to be left out, and train
with data: {folder: ..., labels: LIST}. What is hard to tell is suspected too: suspects are to be looked at, not to be believed.

With --plant the given share of labels is made wrong first, and what each rule finds of them is told: how far to trust it on these images.
What was wrong before counts as right there.`,
		Example: "  assay data clean photos.yaml\n  assay data clean photos.yaml --folds 10 --rule both --out photos.csv\n  assay data clean photos.yaml --plant 0.1",
		Args:    args(1, 1, "FILE"),
	}
	cmd.Flags().StringVar(&ask.arm, "arm", "", "of a study file: the arm `NAME`, baseline or a variant")
	cmd.Flags().StringVar(&ask.folder, "data", "", "`FOLDER` of images in place of the file's")
	cmd.Flags().StringVar(&ask.out, "out", "", "CSV `LIST` to write; default: the file's name with -labels.csv, in this folder")
	cmd.Flags().StringVar(&ask.sheet, "sheet", "", "PNG `FILE` to write; default: the list's name with .png")
	cmd.Flags().IntVar(&ask.folds, "folds", usual.Folds, "`N` parts, a network for each")
	cmd.Flags().StringVar(&ask.rule, "rule", usual.Rule, "`RULE` by which wrong labels are told: prune_by_noise_rate, prune_by_class, both, confident_learning, predicted_neq_given")
	cmd.Flags().Float64Var(&ask.plant, "plant", 0, "`SHARE` of labels to make wrong, to see what is found of them; nothing is written")
	cmd.Flags().IntVar(&ask.pictures, "pictures", 200, "`N` pictures on the sheet, at most")
	_ = cmd.RegisterFlagCompletionFunc("rule", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return rules, cobra.ShellCompDirectiveNoFileComp
	})
	cmd.RunE = func(c *cobra.Command, args []string) error {
		ask.file = args[0]
		switch {
		case !slices.Contains(rules, ask.rule):
			return misuse(fmt.Errorf("--rule: no rule %q; choose one of %s", ask.rule, strings.Join(rules, ", ")))
		case ask.folds < 2 || ask.folds > 100:
			return misuse(fmt.Errorf("--folds: %d; give 2 to 100", ask.folds))
		case !(ask.plant >= 0 && ask.plant < 1):
			return misuse(fmt.Errorf("--plant: %g; give a share from 0 to below 1", ask.plant))
		case ask.pictures < 1 || ask.pictures > 10_000:
			return misuse(fmt.Errorf("--pictures: %d; give 1 to 10,000", ask.pictures))
		}
		if ask.out == "" {
			base := filepath.Base(ask.file)
			ask.out = strings.TrimSuffix(base, filepath.Ext(base)) + "-labels.csv"
		}
		ask.sheet = cmp.Or(ask.sheet, strings.TrimSuffix(ask.out, filepath.Ext(ask.out))+".png")
		return e.cleanLabels(c.Context(), ask)
	}
	return cmd
}

var rules = []string{data.PruneByNoiseRate, data.PruneByClass, data.PruneByBoth, data.ConfidentLearning, data.PredictedNeqGiven}

// suspect is an image whose label is likely wrong.
type suspect struct {
	File       string  `json:"file"`
	Label      string  `json:"label"`
	Suggested  string  `json:"suggested"`
	Confidence float64 `json:"self_confidence"` // probability of the label
	Likely     float64 `json:"probability"`     // of what is suggested

	item int
}

func (e *Env) cleanLabels(ctx context.Context, ask cleaning) error {
	x, root, err := experimentOf(ask.file, ask.arm)
	if err != nil {
		return err
	}
	x.Data.Spec = x.Data.Spec.At(ask.folder)
	own := approach.Default[learning.Labels]() // what the file makes of labels is nothing of what is looked for
	own.Folds, own.Rule, own.Clean = ask.folds, ask.rule, experiment.CleanDrop
	c, err := approach.Choose(own)
	if err != nil {
		return err
	}
	x.Learning = append(slices.DeleteFunc(slices.Clone(x.Learning), func(c experiment.Choice) bool { return c.Name == "labels" }), c)
	taught, err := approach.Learn(x)
	if err != nil {
		return err
	}
	set, err := e.openFor(ctx, x, taught, false)
	if err != nil {
		if at := root.Get("data"); at != nil {
			if _, ok := errors.AsType[*spec.Fault](err); ok {
				return at.At(err)
			}
		}
		return err
	}
	defer set.Close()
	g := train.Geometry(set, taught)
	built, err := approach.Build(x, approach.ImagesOf(set, taught, nil))
	if err != nil {
		return root.At(err)
	}
	from, err := e.startOf(built)
	if err != nil {
		return failed(root.At(approach.Locate(x.Learning, "pretrain", fmt.Errorf("pretrain: %w", err))))
	}
	eng, err := e.engine(e.Threads)
	if err != nil {
		return err
	}
	defer eng.Close()
	built.Optimization, built.Learning, _ = experiment.Apart(built.Optimization, built.Learning) // what only observes judges no label
	cut := set.Cut(x.Seed, 1)
	items := slices.Sorted(slices.Values(slices.Concat(cut.Train, cut.Val)))
	var over data.Overlay
	if ask.plant > 0 {
		over.Labels = set.Mislabelled(items, ask.plant, x.Seed)
	}
	e.note("%s on %s: %s in %d folds, %s", built.Graph.Name, x.Data, plural(len(items), "image"), ask.folds, plural(e.Threads, "thread"))
	b, began := e.bar(), e.Clock()
	job := train.Job{
		Task: x.Task, Graph: built.Graph, Optimization: built.Optimization, Learning: built.Learning, Set: set, Cut: data.Cut{Train: items, Val: cut.Val},
		Seeds: train.SeedsOf(x.Seed), Engine: eng, Loaders: max(1, e.Threads/2), Checkpoint: ask.out + ".checkpoint", Overlay: over, Start: from,
		OnStep: e.steps(b, began), OnNote: func(line string) { b.line("%s", line) },
	}
	probs, err := job.OutOfFold(ctx, items, over)
	b.end()
	if err != nil {
		return err
	}
	given := make([]int32, len(items))
	for k, i := range items {
		given[k] = over.Label(set, i)
	}
	found, err := data.NewConfident(given, probs, len(set.Classes))
	if err != nil {
		return err
	}
	var suspects []suspect
	for _, k := range found.Suspects(ask.rule) {
		suspects = append(suspects, suspect{
			File: set.Items[items[k]].Name, Label: set.Classes[given[k]], Suggested: set.Classes[found.Suggested(k)],
			Confidence: found.Self(k), Likely: found.Most(k), item: items[k],
		})
	}
	done := func() error {
		for _, file := range train.Beside(job.Checkpoint) {
			if err := remove(file); err != nil {
				return err
			}
		}
		return nil
	}
	if ask.plant > 0 {
		return errors.Join(e.planted(found, set, items, given, ask.folds), done())
	}
	if err := atomicfile.Write(ask.out, func(w io.Writer) error { return list(w, set, suspects) }); err != nil {
		return err
	}
	sheet := ""
	if len(suspects) > 0 {
		sheet = ask.sheet
		if err := e.suspectSheet(ctx, set, g, suspects[:min(len(suspects), ask.pictures)], ask.sheet); err != nil {
			return err
		}
	}
	if err := done(); err != nil {
		return err
	}
	if e.JSON {
		return e.document(map[string]any{"list": ask.out, "sheet": sheet, "images": len(items), "rule": ask.rule, "folds": ask.folds, "suspects": append([]suspect{}, suspects...)})
	}
	e.print("%s  %s of %s\n", e.bold("likely wrong"), thousands(len(suspects)), plural(len(items), "label"))
	e.printSuspects(suspects)
	e.print("\nList: %s, to be edited, then  data: {..., labels: %s}\n", ask.out, ask.out)
	if sheet != "" {
		e.print("Sheet: %s\n", sheet)
	}
	return nil
}

// printSuspects prints the most common mistakes.
func (e *Env) printSuspects(suspects []suspect) {
	type pair struct{ label, suggested string }
	count := map[pair]int{}
	for _, s := range suspects {
		count[pair{s.Label, s.Suggested}]++
	}
	pairs := slices.SortedFunc(maps.Keys(count), func(a, b pair) int {
		return cmp.Or(count[b]-count[a], strings.Compare(a.label+a.suggested, b.label+b.suggested))
	})
	for i, p := range pairs {
		if i == 10 && !e.Verbose {
			e.print("  and %s more (-v prints all)\n", plural(len(pairs)-i, "pair"))
			break
		}
		e.print("  %5s  %s, likely %s\n", thousands(count[p]), p.label, p.suggested)
	}
}

// recovery is what a rule finds of labels that were made wrong.
type recovery struct {
	Rule      string  `json:"rule"`
	Suspects  int     `json:"suspects"`
	Found     int     `json:"found"`  // of them: made wrong
	Mended    int     `json:"mended"` // of these: the right class is suggested
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
}

// planted tells what each rule finds of labels that were made wrong.
func (e *Env) planted(found *data.Confident, set *data.Set, items []int, given []int32, folds int) error {
	var right, wrong []float64 // self-confidence
	for k, i := range items {
		if given[k] != set.Items[i].Label {
			wrong = append(wrong, found.Self(k))
		} else {
			right = append(right, found.Self(k))
		}
	}
	var all []recovery
	for _, rule := range rules {
		r := recovery{Rule: rule}
		for _, k := range found.Suspects(rule) {
			r.Suspects++
			if own := set.Items[items[k]].Label; given[k] != own {
				if r.Found++; found.Suggested(k) == own {
					r.Mended++
				}
			}
		}
		r.Precision, r.Recall = float64(r.Found)/float64(max(r.Suspects, 1)), float64(r.Found)/float64(max(len(wrong), 1))
		all = append(all, r)
	}
	auc := data.AUC(wrong, right)
	if e.JSON {
		return e.document(map[string]any{"images": len(items), "planted": len(wrong), "folds": folds, "auc": auc, "rules": all})
	}
	e.print("%s  %s of %s made wrong; an AUC of %.4f of self-confidence\n\n", e.bold("planted"), thousands(len(wrong)), plural(len(items), "label"), auc)
	e.print("  %-20s %9s %7s %10s %7s %7s\n", "rule", "suspects", "found", "precision", "recall", "mended")
	for _, r := range all {
		e.print("  %-20s %9s %7s %10.3f %7.3f %7s\n", r.Rule, thousands(r.Suspects), thousands(r.Found), r.Precision, r.Recall, thousands(r.Mended))
	}
	return nil
}

// list writes every image of a set with its label, suspects first. A suspect's label stays until a person changes it.
func list(w io.Writer, set *data.Set, suspects []suspect) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"file", "label", "suggested", "self_confidence"})
	in := map[int]bool{}
	for _, s := range suspects {
		in[s.item] = true
		_ = c.Write([]string{s.File, s.Label, s.Suggested, fmt.Sprintf("%.4f", s.Confidence)})
	}
	rest := slices.Clone(set.Items)
	for i := range rest {
		if in[i] {
			rest[i].Name = ""
		}
	}
	rest = slices.DeleteFunc(rest, func(it data.Item) bool { return it.Name == "" })
	slices.SortFunc(rest, func(a, b data.Item) int { return strings.Compare(a.Name, b.Name) })
	for _, it := range rest {
		_ = c.Write([]string{it.Name, set.Classes[it.Label], "", ""})
	}
	c.Flush()
	return c.Error()
}

// suspectSheet draws the suspects with their labels and what is suggested.
func (e *Env) suspectSheet(ctx context.Context, set *data.Set, g data.Geometry, suspects []suspect, out string) error {
	items := make([]int, len(suspects))
	for k, s := range suspects {
		items[k] = s.item
	}
	p, err := set.Preprocess(ctx, slices.Sorted(slices.Values(items)), g)
	if err != nil {
		return err
	}
	l, err := set.Loader(ctx, items, data.LoaderConfig{Batch: 1, Preprocess: p, Geometry: g})
	if err != nil {
		return err
	}
	err = atomicfile.Write(out, func(w io.Writer) error {
		return l.Captioned(w, items, 10, func(i int) []string {
			return []string{fmt.Sprintf("%d %s", i+1, say.Printable(suspects[i].Label)), fmt.Sprintf("%.0f%% %s", 100*suspects[i].Likely, say.Printable(suspects[i].Suggested))}
		})
	})
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", out, err)
	}
	return nil
}
