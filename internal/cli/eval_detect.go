package cli

import (
	"context"
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/meanap"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/task"
)

// background is the name of what is no class, in a detector's confusion.
const background = "background"

// sizes are those of boxes by which a detector's figures are told, the smallest first.
func sizes(e *meanap.Evaluation) (names []string, of []meanap.Figures) {
	return []string{"small", "medium", "large"}, []meanap.Figures{e.Small, e.Medium, e.Large}
}

// detector adds to a document what only detectors have: by_size, the point of the largest F1 of all classes together and of each, the
// precision of each at 101 recalls, and how many detections of a score of sure or more are of which kind.
func (o outcome) detector(doc map[string]any) {
	e := o.Score.Detected.Evaluation
	delete(doc, "balanced_accuracy")
	delete(doc, "macro_f1")
	by := map[string]any{}
	names, figures := sizes(e)
	for i, f := range figures {
		of := map[string]any{"ap": nil, "ap50": nil, "ap75": nil, "ar": nil, "boxes": f.Boxes}
		if f.Boxes > 0 {
			of["ap"], of["ap50"], of["ap75"], of["ar"] = f.AP, f.AP50, f.AP75, f.AR
		}
		by[names[i]] = of
	}
	doc["by_size"], doc["best_f1"], doc["sure"], doc["kinds"] = by, point(e.Curve), task.Sure, kindsOf(o.Score.Detected.Images)
	classes := []map[string]any{}
	for k, c := range o.Score.Classes {
		if c.Images == 0 {
			continue
		}
		of := map[string]any{"name": c.Name, "images": c.Images, "boxes": c.Boxes, c.Figure.Name: c.Figure.Raw, "best_f1": point(e.Classes[k].Curve), "precision_at_recall": e.Classes[k].Curve.Envelope(101)}
		for _, f := range c.Beside {
			of[f.Name] = f.Raw
		}
		classes = append(classes, of)
	}
	doc["per_class"] = classes
}

// point is that of the largest F1, nil where nothing is right.
func point(c meanap.Curve) any {
	p, ok := c.Best()
	if !ok {
		return nil
	}
	return map[string]float64{"score": p.Score, "precision": p.Precision, "recall": p.Recall, "f1": p.F1}
}

// kindsOf counts what detections are that people are shown, and missed objects.
func kindsOf(images []meanap.Image) map[meanap.Kind]int {
	n := map[meanap.Kind]int{meanap.Right: 0}
	for _, kind := range meanap.Errors {
		n[kind] = 0
	}
	for _, im := range images {
		for _, c := range im.Explain(task.Sure) {
			if c.Kind != meanap.Ignored {
				n[c.Kind]++
			}
		}
	}
	return n
}

// printDetector prints what stands below a detector's figures.
func (e *Env) printDetector(o outcome) {
	v := o.Score.Detected.Evaluation
	var parts []string
	names, figures := sizes(v)
	for i, f := range figures {
		if f.Boxes > 0 {
			parts = append(parts, fmt.Sprintf("%s %.2f %% of %s", names[i], 100*f.AP, plural(f.Boxes, "object")))
		}
	}
	if len(parts) > 0 {
		e.print("%s  %s\n", e.bold("AP by size"), strings.Join(parts, "   "))
	}
	if p, ok := v.Curve.Best(); ok {
		e.print("%s  %.4f from a score of %.2f on: of its boxes %.1f %% are right, of the objects %.1f %% are found\n", e.bold("best F1"), p.F1, p.Score, 100*p.Precision, 100*p.Recall)
	}
	n := kindsOf(o.Score.Detected.Images)
	parts = []string{fmt.Sprintf("%s right", thousands(n[meanap.Right]))}
	for _, kind := range meanap.Errors {
		parts = append(parts, fmt.Sprintf("%s %s", thousands(n[kind]), kind))
	}
	e.print("%s  %s\n", e.bold(fmt.Sprintf("from a score of %g on", task.Sure)), strings.Join(parts, ", "))
	t := columns{head: []string{"class", ">AP50", ">AP", ">objects", ">images"}}
	classes := o.classes()
	for i, c := range classes {
		if i == 20 && len(classes) > 25 && !e.Verbose {
			break
		}
		cells := []string{c.Name, strings.TrimSpace(measured(c.Figure.Metric, c.Figure.Value()))}
		for _, f := range c.Beside {
			cells = append(cells, strings.TrimSpace(measured(f.Metric, f.Value())))
		}
		t.add(append(cells, thousands(c.Boxes), thousands(c.Images))...)
	}
	e.table(t)
	if more := len(classes) - len(t.rows); more > 0 {
		e.print("and %s more (-v prints all)\n", plural(more, "class"))
	}
}

// ofEachKind is how many errors of a kind a contact sheet shows at most: a row.
const ofEachKind = 8

// worstSheet draws the worst errors of a detector, kind by kind: objects in green, boxes that it gives in red, where an object was missed none.
func (e *Env) worstSheet(ctx context.Context, set *data.Set, p data.Preprocess, s task.Score, classes []string, out string) error {
	worst := meanap.Worst(s.Detected.Images, task.Sure)
	var cases []meanap.Case
	var items []int // -1 where a row is not full
	n, columns := 0, 0
	for _, kind := range meanap.Errors {
		columns = max(columns, min(ofEachKind, len(worst[kind])))
	}
	for _, kind := range meanap.Errors {
		for _, c := range worst[kind][:min(ofEachKind, len(worst[kind]))] {
			cases, items, n = append(cases, c), append(items, int(s.IDs[c.Image])), n+1
		}
		for columns > 0 && len(items)%columns > 0 {
			cases, items = append(cases, meanap.Case{}), append(items, -1)
		}
	}
	if len(cases) == 0 {
		e.note("%s is not written: there is no error from a score of %g on", out, task.Sure)
		return nil
	}
	shown := slices.DeleteFunc(slices.Clone(items), func(item int) bool { return item < 0 })
	l, err := set.Loader(ctx, shown, data.LoaderConfig{Batch: 1, Preprocess: p, Geometry: p.Geometry()})
	if err != nil {
		return err
	}
	caption := func(i int) []string {
		c := cases[i]
		im := s.Detected.Images[c.Image]
		var is, said string
		if c.Truth >= 0 {
			is = say.Printable(classes[im.Truths[c.Truth].Class])
		}
		if c.Found >= 0 {
			said = fmt.Sprintf("%.2f %s", im.Found[c.Found].Score, say.Printable(classes[im.Found[c.Found].Class]))
		}
		if c.Kind == meanap.WrongClass {
			said += ", is " + is
		} else if c.Found < 0 {
			said = is
		}
		return []string{string(c.Kind), said, say.Printable(filepath.Base(set.Items[items[i]].Name))}
	}
	marks := func(i int) []data.Mark {
		c := cases[i]
		im, f := s.Detected.Images[c.Image], s.Detected.Frames[c.Image]
		var marks []data.Mark
		if c.Truth >= 0 {
			marks = append(marks, data.Mark{Box: inWindow(f, im.Truths[c.Truth].Box), Color: color.RGBA{0, 170, 0, 255}})
		}
		if c.Found >= 0 {
			marks = append(marks, data.Mark{Box: inWindow(f, im.Found[c.Found].Box), Color: color.RGBA{230, 0, 0, 255}})
		}
		return marks
	}
	err = atomicfile.Write(out, func(w io.Writer) error { return l.Marked(w, items, columns, caption, marks) })
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", out, err)
	}
	e.note("%s: %s, a row a kind, the worst first; objects in green, boxes of the model in red", out, plural(n, "error"))
	return nil
}

// inWindow takes a box of the picture to shares of the window: what [data.Frame.Back] takes back.
func inWindow(f data.Frame, b box.Box) box.Box {
	x0, x1 := (b.X0-f.X)/f.SX, (b.X1-f.X)/f.SX
	y0, y1 := (b.Y0-f.Y)/f.SY, (b.Y1-f.Y)/f.SY
	return box.Box{X0: min(x0, x1), Y0: min(y0, y1), X1: max(x0, x1), Y1: max(y0, y1)}
}

// confused names the rows and columns of the confusion: the classes, and behind those of a detector background.
func (o outcome) confused() []string {
	if o.Score.Detected == nil {
		return o.Classes
	}
	return append(slices.Clone(o.Classes), background)
}

// What a confusion counts.
const (
	ofImages  = "images"
	ofObjects = "objects"
)

// counted is what the confusion counts.
func (o outcome) counted() string {
	if o.Score.Detected == nil {
		return ofImages
	}
	return ofObjects
}

// missed is what background means among objects.
func missed(of string) string {
	if of != ofObjects {
		return ""
	}
	return "; in the column of background they are missed, in its row found where there is none"
}
