package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/task"
)

// detection is how `assay predict` tells of what a detector finds.
type detection struct {
	conf, iou, sure  float64
	most             int
	draw, yolo, coco string // a folder, a folder, a file; "": none

	classes []string
	found   []cocoBox
	written map[string]bool
}

// boxed is a line of `assay predict --json` of a detector.
type boxed struct {
	File  string    `json:"file"`
	Boxes []boxLine `json:"boxes"`
}

// boxLine is a box by its upper left corner, in pixels of the upright picture.
type boxLine struct {
	Name   string  `json:"name"`
	Score  float64 `json:"score"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// cocoBox is a detection in COCO's form of results; the image is named by its file, as there is no list of numbers for it.
type cocoBox struct {
	Image    string     `json:"image_id"`
	Category int        `json:"category_id"` // from 1, in the order of the model's classes
	Name     string     `json:"category_name"`
	Box      [4]float64 `json:"bbox"` // upper left corner, width, height
	Score    float64    `json:"score"`
}

func (d *detection) flags(cmd *cobra.Command) {
	cmd.Flags().Float64Var(&d.conf, "conf", task.Sure, "of a detector: the least `score` of a box")
	cmd.Flags().Float64Var(&d.iou, "iou", task.Overlap, "of a detector: the most that two boxes of a class overlap, a `share`")
	cmd.Flags().Float64Var(&d.sure, "sure", task.Narrow, "of a detector whose classes are in a tree: the least `score` at which a box is told to be of a class and not just of its parent")
	cmd.Flags().IntVar(&d.most, "max", 300, "of a detector: `N` boxes of a picture at most")
	cmd.Flags().StringVar(&d.draw, "draw", "", "of a detector: a `FOLDER` for the pictures with their boxes, as PNG, small ones enlarged")
	cmd.Flags().StringVar(&d.yolo, "yolo", "", "of a detector: a `FOLDER` for a text file a picture, in it class x y w h score, shares of the picture")
	cmd.Flags().StringVar(&d.coco, "coco", "", "of a detector: a `FILE` for all boxes, in COCO's form of results")
}

// of checks the flags for a model, and hands them to what answers; nil for a classifier.
func (d *detection) of(cmd *cobra.Command, m *model.Model, p *model.Predictor) (*detection, error) {
	purpose, err := m.Task()
	if err != nil {
		return nil, err
	}
	detect, ok := purpose.(task.Detect)
	if !ok {
		for _, flag := range []string{"conf", "iou", "sure", "max", "draw", "yolo", "coco"} {
			if cmd.Flags().Changed(flag) {
				return nil, misuse(fmt.Errorf("--%s: is of a detector, and the model names a class of each picture; leave it out", flag))
			}
		}
		return nil, nil
	}
	switch {
	case cmd.Flags().Changed("top"):
		return nil, misuse(fmt.Errorf("--top: is of a classifier, and the model finds boxes; give --max"))
	case !(d.conf > 0 && d.conf < 1):
		return nil, misuse(fmt.Errorf("--conf: %g; give a score above 0 and below 1", d.conf))
	case !(d.iou > 0 && d.iou <= 1):
		return nil, misuse(fmt.Errorf("--iou: %g; give a share above 0 and at most 1", d.iou))
	case cmd.Flags().Changed("sure") && detect.Tree == nil:
		return nil, misuse(errors.New("--sure: is of classes in a tree, and the model's are of one softmax; leave it out"))
	case !(d.sure > 0 && d.sure < 1):
		return nil, misuse(fmt.Errorf("--sure: %g; give a score above 0 and below 1", d.sure))
	case d.most < 1:
		return nil, misuse(fmt.Errorf("--max: %d; give 1 or more", d.most))
	}
	if d.coco != "" {
		if info, err := os.Stat(filepath.Dir(d.coco)); err != nil || !info.IsDir() {
			return nil, misuse(fmt.Errorf("--coco: there is no folder %s; make it, or give another file", filepath.Dir(d.coco)))
		}
	}
	for _, of := range []struct{ flag, dir string }{{"draw", d.draw}, {"yolo", d.yolo}} {
		if of.dir == "" {
			continue
		}
		if info, err := os.Stat(of.dir); err == nil && !info.IsDir() {
			return nil, misuse(fmt.Errorf("--%s: %s is a file; give a folder", of.flag, of.dir))
		}
		if err := os.MkdirAll(of.dir, 0o777); err != nil {
			return nil, err
		}
	}
	p.Ask(func(t task.Task) task.Task {
		asked := t.(task.Detect)
		asked.Sure, asked.Overlap, asked.Narrow = d.conf, d.iou, d.sure
		return asked
	})
	d.classes, d.found, d.written = m.About.Classes, []cocoBox{}, map[string]bool{}
	return d, nil
}

// keep writes what was found in a picture, whose bytes and size are at hand, where it was asked for.
func (d *detection) keep(file string, picture []byte, height, width int, guesses []task.Guess) error {
	for _, g := range guesses {
		d.found = append(d.found, cocoBox{file, g.Class + 1, g.Name, [4]float64{g.Box.X0, g.Box.Y0, g.Box.W(), g.Box.H()}, g.Probability})
	}
	if d.draw == "" && d.yolo == "" {
		return nil
	}
	w, h := float64(width), float64(height)
	name := d.name(file)
	if d.draw != "" {
		var marks []data.Mark
		for i := len(guesses) - 1; i >= 0; i-- { // the surest on top
			g := guesses[i]
			share := box.Box{X0: g.Box.X0 / w, Y0: g.Box.Y0 / h, X1: g.Box.X1 / w, Y1: g.Box.Y1 / h}
			marks = append(marks, data.Mark{Box: share, Color: data.ClassColor(g.Class), Text: fmt.Sprintf("%s %.2f", g.Name, g.Probability)})
		}
		if err := atomicfile.Write(filepath.Join(d.draw, name+".png"), func(out io.Writer) error { return data.DrawOver(out, picture, marks) }); err != nil {
			return err
		}
	}
	if d.yolo == "" {
		return nil
	}
	return atomicfile.Write(filepath.Join(d.yolo, name+".txt"), func(out io.Writer) error {
		for _, g := range guesses {
			if _, err := fmt.Fprintf(out, "%d %.6f %.6f %.6f %.6f %.4f\n", g.Class, (g.Box.X0+g.Box.X1)/2/w, (g.Box.Y0+g.Box.Y1)/2/h, g.Box.W()/w, g.Box.H()/h, g.Probability); err != nil {
				return err
			}
		}
		return nil
	})
}

// name is a name for what is written of a picture: its own, with a number where pictures of several folders have one.
func (d *detection) name(file string) string {
	base := filepath.Base(file)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	name := base
	for i := 2; d.written[name]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	d.written[name] = true
	return name
}

// end writes what is of all pictures.
func (d *detection) end() error {
	if d == nil || d.coco == "" {
		return nil
	}
	return atomicfile.Write(d.coco, func(out io.Writer) error {
		e := json.NewEncoder(out)
		e.SetIndent("", " ")
		return e.Encode(d.found)
	})
}

// printBoxes tells of the boxes of a picture.
func (e *Env) printBoxes(file string, guesses []task.Guess, width int, several bool) error {
	switch {
	case e.JSON:
		b := boxed{File: file, Boxes: []boxLine{}}
		for _, g := range guesses {
			b.Boxes = append(b.Boxes, boxLine{g.Name, g.Probability, g.Box.X0, g.Box.Y0, g.Box.W(), g.Box.H()})
		}
		return e.object(b)
	case !e.Terminal:
		for _, g := range guesses {
			e.print("%s\t%s\t%.4f\t%.1f\t%.1f\t%.1f\t%.1f\n", file, g.Name, g.Probability, g.Box.X0, g.Box.Y0, g.Box.W(), g.Box.H())
		}
		return nil
	}
	if several {
		e.print("%s\n", e.bold(file))
	}
	if len(guesses) == 0 {
		e.print("  %s\n", e.dim("nothing"))
	}
	for _, g := range guesses {
		e.print("  %-*s  %5.1f %%  %s\n", width, g.Name, 100*g.Probability, e.dim(fmt.Sprintf("%.0f,%.0f  %.0fx%.0f", g.Box.X0, g.Box.Y0, g.Box.W(), g.Box.H())))
	}
	return nil
}
