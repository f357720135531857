package simulate

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/meanap"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// Objects is what a model's images show where a detector is simulated: of each object a box is found that overlaps it by
// the logistic function of the object's latent value, difficulty + suits + shift + block + seed + luck, which is so its IoU: above one half
// where the value is above 0. Its score is the same function of the value with noise. Besides, boxes are drawn around nothing.
// Difficulty and suits are half the image's and half the object's own. A model without Classes has none.
type Objects struct {
	Classes int
	Rare    int     // images of a split that have an object of the last class; 0: it is as common as the others
	Slope   float64 // of the latent value for a point of AP50
}

// object is one of an image's.
type object struct {
	class      int32
	difficulty float64
}

// show draws what the images show.
func (w *world) show() {
	w.objects = make([][]object, len(w.difficulty))
	common := w.Objects.Classes
	if w.Objects.Rare > 0 {
		common--
	}
	for i := range w.objects {
		n := 1 + w.rng.IntN(4)
		for range n {
			w.objects[i] = append(w.objects[i], object{class: int32(w.rng.IntN(common))})
		}
		if w.Objects.Rare > 0 && i*w.Images < w.Objects.Rare*len(w.objects) {
			w.objects[i] = append(w.objects[i], object{class: int32(common)})
		}
		image := w.rng.NormFloat64()
		for k := range w.objects[i] {
			w.objects[i][k].difficulty = w.Base + (image+w.rng.NormFloat64())/math.Sqrt2
		}
	}
}

// detect makes the trial of block s whose objects share a latent value.
func (w *world) detect(a *arm, s int, shared float64) study.Trial {
	t := study.Trial{Repeat: s + 1, Status: study.Done, Images: study.PerImage{IDs: w.splits[s], Columns: map[string][]float32{}}, Metrics: map[string]float64{}}
	if a.suitsObject == nil {
		for i := range w.objects {
			suits := make([]float64, len(w.objects[i]))
			for k := range suits {
				suits[k] = (a.suits[i] + w.Suits*w.rng.NormFloat64()) / math.Sqrt2
			}
			a.suitsObject = append(a.suitsObject, suits)
		}
	}
	classes := make([]string, w.Objects.Classes)
	for k := range classes {
		classes[k] = fmt.Sprint(k)
	}
	images := make([]meanap.Image, w.Images)
	const side = 50.0
	for j, i := range w.splits[s] {
		im := &images[j]
		at := 0.0
		for k, o := range w.objects[i] {
			z := o.difficulty + a.suitsObject[i][k] + shared + w.Luck*w.rng.NormFloat64()
			iou := logistic(z)
			off := side * (1 - iou) / (1 + iou) // two squares so far from each other overlap by that
			im.Truths = append(im.Truths, box.Object{Box: box.Box{X0: at, Y0: 0, X1: at + side, Y1: side}, Class: o.class})
			im.Found = append(im.Found, box.Detection{Box: box.Box{X0: at + off, Y0: 0, X1: at + off + side, Y1: side}, Class: o.class, Score: logistic(z + w.rng.NormFloat64())})
			at += 3 * side
		}
		for range w.rng.IntN(4) { // around nothing
			im.Found = append(im.Found, box.Detection{Box: box.Box{X0: at, Y0: 0, X1: at + side, Y1: side}, Class: int32(w.rng.IntN(w.Objects.Classes)), Score: logistic(w.rng.NormFloat64() - 1)})
			at += 3 * side
		}
	}
	score := task.ScoreDetections(classes, w.splits[s], images)
	for _, c := range score.Columns {
		values := c.Reals
		for _, n := range c.Wholes {
			values = append(values, float32(n))
		}
		t.Images.Columns[c.Name] = values
	}
	for _, m := range w.metrics() {
		f, _ := score.Figure(m.Name)
		t.Metrics[m.Name] = f.Value()
	}
	return t
}

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
