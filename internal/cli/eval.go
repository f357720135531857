package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/train"
)

func evalCommand(e *Env) *cobra.Command {
	var from, split, views, worst string
	var confusion bool
	cmd := &cobra.Command{
		Use: "eval MODEL [--data FOLDER]", Short: "accuracy and log loss of a model, or a detector's average precision, and by class",
		Long: `Measures a model on images of a folder or of a built-in set: the validation images of its own training by default, the test
images with --split test. Images that the model was trained on are left out of both, in whatever folder they lie and whatever they
are called there; --split all keeps them, and says how many. Each reading of test images makes the next one less of a test, so the
store counts them, image by image.

Of a detector it tells average precision, by class and by size of the objects, and how many errors of which kind there are; --worst draws the
worst of each kind: objects in green, boxes that the detector gives in red.`,
		Example: "  assay eval winner.safetensors --data photos\n  assay eval winner.safetensors --data fashion-mini --split test\n  assay eval winner.safetensors --confusion\n  assay eval detector.safetensors --worst worst.png",
		Args:    args(1, 1, "MODEL"),
	}
	cmd.Flags().StringVar(&from, "data", "", "`FOLDER` or built-in set; default: what it was trained on, the folder as it lay beside the model")
	cmd.Flags().StringVar(&split, "split", "val", "`PART` to measure on: val, test, or all for a folder of other images")
	viewsFlag(cmd, &views)
	cmd.Flags().BoolVar(&confusion, "confusion", false, "print how many images of each class are taken for which; of a detector objects, and background")
	cmd.Flags().StringVar(&worst, "worst", "", "write a contact sheet of a detector's worst errors, kind by kind, to `FILE.png`")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if split != "val" && split != "test" && split != "all" {
			return misuse(fmt.Errorf("--split: no part %q; choose val, test or all", split))
		}
		m, err := model.Load(args[0])
		if err != nil {
			return err
		}
		if err := look(m, views); err != nil {
			return err
		}
		if worst != "" {
			switch purpose, err := m.Task(); {
			case err != nil:
				return err
			case purpose.Name() != (task.Detect{}).Name():
				return misuse(fmt.Errorf("--worst: %s gives classes and no boxes; leave it out", args[0]))
			}
		}
		trained := trainedOn(args[0], m)
		images := trained.Data.Spec
		switch {
		case from != "":
			given := source(from)
			if images.Name == "" && images.Folder == "" { // it does not say how it was cut
				images = given
			}
			images.Name, images.Folder = given.Name, given.Folder
		case images.Name == "" && images.Folder == "":
			return misuse(fmt.Errorf("eval: --data is missing; give the folder of images"))
		case images.Name == "":
			if _, err := os.Stat(images.Folder); errors.Is(err, fs.ErrNotExist) {
				return misuse(fmt.Errorf("eval: the images that it was trained on are not at %s; give their folder: --data FOLDER", images.Folder))
			}
		}
		set, err := e.open(c.Context(), images)
		for range 4 { // other images than it was trained on: without what was skipped, with parts of their own
			f, ok := errors.AsType[*spec.Fault](err)
			if !ok {
				break
			}
			switch key, _, _ := strings.Cut(strings.TrimPrefix(f.Path, "$."), "["); key {
			case "skip":
				images.Skip = nil
			case "format":
				images.Format = ""
			case "fit":
				images.Fit = ""
			case "images", "size", "seed", "thumbnail":
				images.Images, images.Size, images.Seed, images.Thumbnail, images.Asked = 0, 0, 0, 0, nil
			default:
				usual := source(from)
				images.Parts, images.Val, images.Folds, images.Test, images.Labels, images.Class, images.Asked = "", usual.Val, 0, usual.Test, "", "", nil
			}
			set, err = e.open(c.Context(), images)
		}
		if err != nil && from != "" && images.Labels != "" { // a list of the images that it was trained on
			images.Labels = ""
			set, err = e.open(c.Context(), images)
		}
		if err != nil {
			return err
		}
		defer set.Close()
		part, err := e.partOf(set, set.Cut(trained.Seed, 1), split, m)
		if err != nil {
			return err
		}
		eng, err := e.engine(e.Threads)
		if err != nil {
			return err
		}
		defer eng.Close()
		score, err := train.Evaluate(c.Context(), m, set, part.items, eng, 128, max(1, e.Threads/2))
		if err != nil {
			return err
		}
		if worst != "" {
			if err := e.worstSheet(c.Context(), set, m.About.Preprocess, score, m.About.Classes, worst); err != nil {
				return err
			}
		}
		o := outcome{Model: args[0], Data: name(images), Split: split, Epochs: m.About.Epochs, Steps: m.About.Steps, Engine: eng.ID().String()}
		if len(m.Seen.Trained) > 0 {
			o.TrainedOn = &part.trained
		}
		o.fill(score, m.About.Classes, set)
		var spent store.Spent
		if len(part.test) > 0 {
			if spent, err = e.recordReading(set, part.test, o); err != nil {
				return err
			}
			o.Reading = spent.Times
		}
		if e.JSON {
			return e.document(o)
		}
		e.printOutcome(o)
		if confusion {
			e.printConfusion(o.counted(), o.confused(), o.Confusion)
		}
		e.tellReading(spent, len(set.Marks(part.test)), split)
		return nil
	}
	return cmd
}

// part is what is measured.
type part struct {
	items   []int
	test    []int // of them: those that the set keeps for the test
	trained int   // images that the model was trained on: left out of val and test, among the items of all
}

// partOf takes a part of a set without the images that the model was trained on, and says how many these are.
func (e *Env) partOf(set *data.Set, cut data.Cut, split string, m *model.Model) (part, error) {
	var p part
	if m.About.DataDigest != "" && set.Digest != m.About.DataDigest {
		hint := "; --split all measures on all of them"
		if split == "all" {
			hint = ""
		}
		e.note("these are not exactly the images it was trained on%s", hint)
	}
	if len(m.Seen.Trained) == 0 {
		e.note("careful: the model does not say which images it was trained on; some may be among these")
	}
	whole := map[string][]int{"val": cut.Val, "test": cut.Test, "all": all(len(set.Items))}[split]
	if len(whole) == 0 {
		return p, fmt.Errorf("%s: no %s images; give another --split or --data", set.Name, split)
	}
	seen := func(i int) bool { return m.Seen.Trained.Has(set.Items[i].Hash) }
	fresh := slices.DeleteFunc(slices.Clone(whole), seen)
	p.items, p.trained = fresh, len(whole)-len(fresh)
	switch {
	case p.trained == 0:
	case split == "all":
		p.items = whole
		e.note("it was trained on %s: this is no measure of what it makes of others", some(p.trained, len(whole), "image"))
	case len(fresh) == 0:
		return p, fmt.Errorf("%s: it was trained on all %s; give images that it has not seen, or --split all", set.Name, plural(len(whole), split+" image"))
	default:
		e.note("it was trained on %s, which are left out", some(p.trained, len(whole), split+" image"))
	}
	switch split {
	case "test":
		p.test = p.items
		validated := 0
		for _, i := range p.items {
			if m.Seen.Validated.Has(set.Items[i].Hash) {
				validated++
			}
		}
		if validated > 0 {
			e.note("it was validated on %s, by which it may have been chosen", some(validated, len(p.items), "test image"))
		}
	case "all":
		p.test = cut.Test
	}
	return p, nil
}

// some is "3 of 20 test images", or "all 20 test images".
func some(n, of int, what string) string {
	if n == of {
		return "all " + plural(of, what)
	}
	return thousands(n) + " of " + plural(of, what)
}

// trainedOn is the experiment that the model in a file came from, as far as it says; paths in it are taken from the file's folder.
func trainedOn(file string, m *model.Model) experiment.Experiment {
	root, err := spec.Parse(file, []byte(m.About.Experiment))
	if err != nil {
		return experiment.Experiment{Seed: 1}
	}
	x, err := experiment.Decode(root)
	if err != nil {
		return experiment.Experiment{Seed: 1}
	}
	return x
}

// recordReading counts a reading of test images in the store.
func (e *Env) recordReading(set *data.Set, test []int, o outcome) (store.Spent, error) {
	st, err := store.Open(e.Store, e.Clock)
	if err != nil {
		return store.Spent{}, err
	}
	defer st.Close()
	return st.AddReading(store.Reading{
		Data: set.Digest, Arm: o.Model, Seen: set.Marks(test), Metrics: o.Score.Values(),
	})
}

// tellReading says how often test images have been read.
func (e *Env) tellReading(s store.Spent, images int, split string) {
	what := "this test split"
	if split == "all" {
		what = "the test split among these"
	}
	switch {
	case s.Times == 0:
	case s.Times == 1:
		e.note("This was the first reading of %s.", what)
	case s.Before < images:
		e.note("This was the %s reading of %s: %s of its %s were read before; each makes the next one less of a test.", ordinal(s.Times), what, thousands(s.Before), plural(images, "image"))
	default:
		e.note("This was the %s reading of %s; each makes the next one less of a test.", ordinal(s.Times), what)
	}
}

func all(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}

// printConfusion prints the classes of what is counted, images or objects, downwards and what they are taken for across; where a terminal has no
// room for that, the commonest mistakes.
func (e *Env) printConfusion(of string, names []string, c task.Confusion) {
	met := func(class int) bool { // has images, or some are taken for it
		for k := range c {
			if c[class][k]+c[k][class] > 0 {
				return true
			}
		}
		return false
	}
	t, number, width := columns{head: []string{"class"}}, map[int]string{}, 0
	for k := range c {
		if met(k) {
			number[k] = strconv.Itoa(len(number) + 1)
		}
	}
	for k, row := range c {
		if number[k] == "" {
			continue
		}
		head, cells := names[k], []string{names[k]}
		if e.Terminal {
			head, cells[0] = number[k], number[k]+" "+names[k]
		}
		t.head = append(t.head, ">"+head)
		for j, n := range row {
			if number[j] != "" {
				cells = append(cells, strconv.Itoa(n))
				width = max(width, len(strconv.Itoa(n)), len(number[j]))
			}
		}
		t.add(cells...)
	}
	e.print("\n")
	if e.Terminal && len("100 ")+widest(names)+len(number)*(width+2) > e.Width {
		e.printMistakes(of, names, c)
		return
	}
	if e.Terminal {
		e.print("%s\n", e.dim("rows: what "+of+" are; columns, by the same numbers: what they are taken for"+missed(of)))
	}
	e.table(t)
}

// mostMistakes is how many kinds of them are listed.
const mostMistakes = 20

func (e *Env) printMistakes(of string, names []string, c task.Confusion) {
	type mistake struct{ own, taken, n int }
	var list []mistake
	for i, row := range c {
		for k, n := range row {
			if i != k && n > 0 {
				list = append(list, mistake{i, k, n})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b mistake) int { return b.n - a.n })
	t := columns{head: []string{">" + of, "class", "taken for"}}
	for _, m := range list[:min(len(list), mostMistakes)] {
		t.add(strconv.Itoa(m.n), names[m.own], names[m.taken])
	}
	e.table(t)
	if n := len(list) - mostMistakes; n > 0 {
		e.print("and %s more (--json has all)\n", plural(n, "pair"))
	}
}
