package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

func adviseCommand(e *Env) *cobra.Command {
	var arm, folder, write, test string
	var force bool
	cmd := &cobra.Command{
		Use: "advise FILE", Short: "what the systematic evaluation would say of an experiment",
		Long: `Goes through the ten recommendations of the systematic evaluation of networks (arXiv:1606.02228) and gives those that the experiment
does not follow: how to apply each, what was published, what studies of this store measured of it, and when not to. -v names the
others too. What was published is of another network on other images: --study writes a study that tests all of it on yours.`,
		Example: "  assay advise photos.yaml\n  assay advise photos.yaml --study advice.yaml\n  assay advise photos.yaml --write better.yaml",
		Args:    args(1, 1, "FILE"),
	}
	cmd.Flags().StringVar(&arm, "arm", "", "of a study file: the arm `NAME`, baseline or a variant")
	cmd.Flags().StringVar(&folder, "data", "", "`FOLDER` of images in place of the file's")
	cmd.Flags().StringVar(&write, "write", "", "`FILE` to write: the experiment with the advice applied")
	cmd.Flags().StringVar(&test, "study", "", "`FILE` to write: a study that tests the advice on these images")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite files that are there")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		for _, out := range []string{write, test} {
			if out == "" {
				continue
			}
			if _, err := os.Stat(out); err == nil && !force {
				return misuse(fmt.Errorf("%s: is there already; give another name, or --force to overwrite it", out))
			}
		}
		if write != "" && write == test {
			return misuse(errors.New("--study: the same file as --write; give two"))
		}
		return e.advise(c.Context(), args[0], arm, folder, write, test)
	}
	return cmd
}

// told is an advice as it is shown.
type told struct {
	approach.Advice
	Apply []string      `json:"apply"` // choices as a file writes them
	Test  []string      `json:"test"`  // in a study, where that is another
	Own   []storeEffect `json:"own"`   // what studies of the store found
}

// storeEffect is the effect that a study of the store found of an advice.
type storeEffect struct {
	Study   string        `json:"study"`
	Arm     string        `json:"arm"`
	Net     string        `json:"net"`
	Data    string        `json:"data"`
	Effect  float64       `json:"effect"`
	Low     *float64      `json:"low"`
	High    *float64      `json:"high"`
	Unit    string        `json:"unit"`
	Verdict study.Verdict `json:"verdict"`
}

func (e *Env) advise(ctx context.Context, file, arm, folder, write, test string) error {
	x, root, err := experimentOf(file, arm)
	if err != nil {
		return err
	}
	x.Data.Spec = x.Data.Spec.At(folder)
	taught, err := approach.Learn(x)
	if err != nil {
		return err
	}
	set, err := e.open(ctx, x.Data.Spec)
	if err != nil {
		if at := root.Get("data"); at != nil {
			err = failed(at.At(err))
		}
		return err
	}
	defer set.Close()
	beside, err := e.beside(ctx, taught)
	if err != nil {
		return root.At(approach.Locate(x.Learning, "mixed", err))
	}
	if beside != nil {
		defer beside.Close()
	}
	images := approach.ImagesOf(set, taught, beside)
	all, err := approach.Advise(x, images)
	if err != nil {
		return root.At(err)
	}
	own := e.ownEvidence(all, x)
	var given, rest []told
	for i, a := range all {
		t := told{Advice: a, Apply: texts(a.With), Test: texts(a.Test), Own: append([]storeEffect{}, own[i]...)}
		if a.State == approach.Advised {
			given = append(given, t)
		} else {
			rest = append(rest, t)
		}
	}
	if write != "" {
		if err := e.writeAdvised(x, given, images, write); err != nil {
			return err
		}
	}
	if test != "" {
		if err := e.writeTest(x, given, test); err != nil {
			return err
		}
	}
	if e.JSON {
		return e.document(map[string]any{"advice": append([]told{}, given...), "others": append([]told{}, rest...), "written": write, "study": test})
	}
	e.printAdvice(given, rest)
	if write != "" {
		e.print("\n%s: the experiment with the advice applied; assay train %s\n", e.bold(write), say.Word(write))
	}
	if test != "" {
		e.print("\n%s: a study of the advice\nNext: %s\n", e.bold(test), e.bold("assay study run "+say.Word(test)+e.storeFlag()))
	}
	return nil
}

func texts(choices []experiment.Choice) []string {
	lines := []string{}
	for _, c := range choices {
		lines = append(lines, approach.Text(c))
	}
	return lines
}

func (e *Env) printAdvice(given, rest []told) {
	if len(given) == 0 {
		e.print("Nothing: the experiment follows each recommendation that is about it.\n")
	}
	for i, t := range given {
		if i > 0 {
			e.print("\n")
		}
		e.paragraph("", "%s: %s", e.bold(t.Name), t.Says)
		e.paragraph("  ", "here        %s", t.Why)
		switch {
		case len(t.Apply) > 0:
			e.paragraph("  ", "apply       %s", strings.Join(t.Apply, ", "))
		case len(t.Test) > 0:
			e.paragraph("  ", "test        %s", strings.Join(t.Test, ", "))
		}
		published := t.Evidence
		if t.Effect != 0 {
			published = fmt.Sprintf("%+.1f points: %s", t.Effect, t.Evidence)
		}
		e.paragraph("  ", "published   %s (%s)", published, t.Source)
		for _, m := range t.Own {
			interval := ""
			if m.Low != nil && m.High != nil {
				interval = fmt.Sprintf(" [%+.1f, %+.1f]", *m.Low, *m.High)
			}
			e.paragraph("  ", "measured    %+.1f %s%s, %s: arm %s of study %s, %s on %s", m.Effect, m.Unit, interval, cmp.Or(string(m.Verdict), "not judged"), m.Arm, m.Study, m.Net, m.Data)
		}
		e.paragraph("  ", "not where   %s", t.Unless)
	}
	if e.Verbose {
		e.print("\n")
		for _, t := range rest {
			e.paragraph("", "%s, %s: %s", t.Name, map[approach.AdviceState]string{approach.Followed: "followed", approach.Idle: "nothing to say"}[t.State], t.Why)
		}
	} else if len(rest) > 0 {
		e.print("\n%s followed, or not about it (-v tells)\n", plural(len(rest), "other"))
	}
}

// ownEvidence is what finished arms of the store's studies say of each advice: those whose variant is just that change. Those on the same
// images and network come first.
func (e *Env) ownEvidence(all []approach.Advice, x experiment.Experiment) [][]storeEffect {
	own := make([][]storeEffect, len(all))
	st, err := store.OpenReading(e.Store, e.Clock)
	if err != nil {
		return own // no store, or one of nothing
	}
	defer st.Close()
	studies, err := st.List()
	if err != nil {
		return own
	}
	for _, s := range studies {
		held, err := st.Study(s.Name)
		if err != nil {
			continue
		}
		root, err := spec.Parse(s.Name, []byte(held.File))
		if err != nil {
			continue
		}
		file, err := study.Decode(root)
		if err != nil {
			continue
		}
		r, err := runner.Result(st, s.Name)
		if err != nil {
			continue
		}
		unit := task.Points
		if len(r.Metrics) > 0 {
			unit = r.Metrics[0].Unit
		}
		for _, v := range file.Variants {
			if len(v.With) != 1 || len(v.Without) > 0 || v.Net != "" || v.Data != nil {
				continue
			}
			for i, a := range all {
				if change := slices.Concat(a.With, a.Test); len(change) != 1 || !approach.Same(change[0], v.With[0]) {
					continue
				}
				for _, j := range r.Judged {
					if j.Effect == nil || !slices.Equal(j.Of, []string{v.Name}) && j.Name != v.Name {
						continue
					}
					own[i] = append(own[i], storeEffect{r.Name, j.Name, r.Net, r.Data, *j.Effect, j.Low, j.High, unit, j.Verdict})
				}
			}
		}
	}
	near := func(m storeEffect) int {
		n := 0
		if m.Net == x.Net {
			n--
		}
		if m.Data == x.Data.String() {
			n -= 2
		}
		return n
	}
	for i := range own {
		slices.SortStableFunc(own[i], func(a, b storeEffect) int { return near(a) - near(b) })
	}
	return own
}

// writeAdvised writes the experiment with every advice applied that is one line of it.
func (e *Env) writeAdvised(x experiment.Experiment, given []told, images approach.Images, out string) error {
	var with []experiment.Choice
	for _, t := range given {
		for _, c := range t.With {
			if _, err := approach.Build(approach.Apply(x, append(slices.Clone(with), c)), images); err != nil {
				e.note("careful: %s is not applied beside the others: %s", t.Name, errorText(err))
				continue
			}
			with = append(with, c)
		}
	}
	if len(with) == 0 {
		return fmt.Errorf("%s: nothing to apply; what is left is to be tested or looked at (assay advise --study)", out)
	}
	node, err := experiment.EncodeIn(filepath.Dir(out), approach.Apply(x, with))
	if err != nil {
		return err
	}
	return atomicfile.Write(out, func(w io.Writer) error { _, err := w.Write(node.YAML()); return err })
}

// errorText is an error without its place.
func errorText(err error) string {
	if f, ok := errors.AsType[*spec.Fault](err); ok {
		return f.Msg
	}
	return err.Error()
}

// writeTest writes a study with a variant for each advice: one at a time, of a tuned network all pairs too.
func (e *Env) writeTest(x experiment.Experiment, given []told, out string) error {
	s := &study.Study{Question: "Does the advice of the systematic evaluation hold on these images?", Base: x, Design: study.Design{Kind: study.OFAT}, Repeats: 3, Seed: x.Seed}
	for _, t := range given {
		if t.Name == "tuned network" {
			s.Design.Kind = study.Pairs
		}
		if with := slices.Concat(t.With, t.Advice.Test); len(with) > 0 {
			s.Variants = append(s.Variants, study.Variant{Name: strings.ReplaceAll(t.Name, " ", "-"), With: with})
		}
	}
	if len(s.Variants) == 0 {
		return fmt.Errorf("%s: nothing to test; the experiment follows each recommendation that is about it", out)
	}
	text, err := s.TextIn(filepath.Dir(out), "What the systematic evaluation (arXiv:1606.02228) advises for this experiment, each alone against it.")
	if err != nil {
		return err
	}
	return atomicfile.Write(out, func(w io.Writer) error { _, err := w.Write(text); return err })
}
