package task

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/meanap"
)

// Boxes is the output of a detector's evaluation, [N,P,5+K]: of each of P places a box by its centre, width and height in shares of the window, how
// sure it is that there is an object, 0 to 1, and the probabilities of the K classes, given that there is.
const Boxes = "boxes"

// The columns that detection keeps of each image. Jackknife pseudo-values are moved together so that their mean is the figure itself.
const (
	AP50Pseudo = "ap50_pseudo"
	APPseudo   = "ap_pseudo"

	ImagesOfRarest = "images_of_rarest" // in how many of the images the rarest of this one's classes is; 0: it shows nothing that is asked for
)

// The metrics of detection. AP50 is judged first, AP beside it, as a family of its own.
var (
	AP50 = Metric{Name: "ap50", Title: "AP50", Unit: Points, Says: "how well objects are found, by boxes that overlap them by half", Better: +1, Column: AP50Pseudo, Scale: 100, Least: 1, Rarest: ImagesOfRarest}
	AP   = Metric{Name: "ap", Title: "AP", Unit: Points, Says: "how well objects are found, and how closely their boxes lie", Better: +1, Column: APPseudo, Scale: 100, Least: 0.5, Rarest: ImagesOfRarest}
	// shown, not judged
	AP75     = Metric{Name: "ap75", Title: "AP75", Unit: Points, Says: "how well objects are found, by boxes that overlap them by three quarters", Better: +1, Scale: 100}
	AP50Of07 = Metric{Name: "ap50_voc07", Title: "AP50 (VOC07)", Unit: Points, Says: "AP50 as Pascal VOC 2007 has it, by 11 points", Better: +1, Scale: 100}
	AP50Area = Metric{Name: "ap50_voc", Title: "AP50 (VOC)", Unit: Points, Says: "AP50 as Pascal VOC has it from 2010 on, by the area", Better: +1, Scale: 100}
	AR       = Metric{Name: "ar", Title: "recall", Unit: Points, Says: "how many objects are found at all, over overlaps from .5 to .95", Better: +1, Scale: 100}
)

// How boxes are made of what a detector gives, where nobody says otherwise.
const (
	ScoreFloor = 0.001 // boxes below it do not count for average precision
	Overlap    = 0.45  // the most that two boxes of a class may
	Sure       = 0.25  // boxes below it are shown to nobody
	Narrow     = 0.5   // classes in a tree below it are not told, but their parent
)

// Decoder makes detections of what a network gives of one picture. It has its own room, and is for one goroutine.
type Decoder struct {
	Classes int
	Least   float64 // score, the probability that there is an object of the class, above which a box counts
	Overlap float64 // IoU of two boxes of a class, above which only the surer is kept

	// Tree is the parent of each class, -1 of a root, nil without one; probabilities are then those of nodes. A place is of each of its leaves or,
	// where Narrow is above 0, of one node: down from the most probable root to the most probable child, while there is an object of it at a probability of
	// Narrow at least.
	Tree   []int32
	Narrow float64

	below     []int32 // by node, roots' first: the first child, -1 of a leaf
	all, kept []box.Detection
	suppress  box.Suppression
}

// Decode takes the places of one picture, [P,5+K], and back, which takes boxes to where they are wanted, and gives the detections that are kept,
// the surest first, good until the next call. A place may be of several classes, those of a tree alone that nothing is below; a box of nothing is
// left out.
func (d *Decoder) Decode(places []float32, back func(box.Box) box.Box) []box.Detection {
	d.all, d.kept = d.all[:0], d.kept[:0]
	for n := 5 + d.Classes; len(places) >= n; places = places[n:] {
		object := float64(places[4])
		if !(object > d.Least) { // as no class can be more probable
			continue
		}
		b, looked := box.Box{}, false
		from, to := 0, d.Classes
		if d.Tree != nil && d.Narrow > 0 {
			from = d.down(object, places[5:n])
			to = from + 1
		}
		for class := from; class < to; class++ {
			p := places[5+class]
			if d.Tree != nil && d.Narrow == 0 && d.first(class) >= 0 {
				continue
			}
			score := float64(object * float64(p))
			if !(score > d.Least) {
				continue
			}
			if !looked {
				b, looked = back(box.Around(float64(places[0]), float64(places[1]), float64(places[2]), float64(places[3]))), true
			}
			if !b.Empty() {
				d.all = append(d.all, box.Detection{Box: b, Class: int32(class), Score: score})
			}
		}
	}
	for _, i := range d.suppress.Keep(d.all, d.Overlap) {
		d.kept = append(d.kept, d.all[i])
	}
	return d.kept
}

// first is the first child of a node, of -1 the first root; -1 where there is none. Children lie behind their parent, one after the other.
func (d *Decoder) first(node int) int {
	if d.below == nil {
		d.below = slices.Repeat([]int32{-1}, 1+len(d.Tree))
		for k, parent := range slices.Backward(d.Tree) {
			d.below[1+parent] = int32(k)
		}
	}
	return int(d.below[1+node])
}

// down is the node that a place is of.
func (d *Decoder) down(object float64, probs []float32) int {
	node := -1
	for {
		first := d.first(node)
		if first < 0 {
			return node
		}
		best := first
		for k := first; k < len(d.Tree) && d.Tree[k] == int32(node); k++ {
			if probs[k] > probs[best] {
				best = k
			}
		}
		if node >= 0 && !(float64(object*float64(probs[best])) >= d.Narrow) {
			return node
		}
		node = best
	}
}

// Detected is what a detector found in the images of a [Score], in its order.
type Detected struct {
	Images     []meanap.Image
	Frames     []data.Frame // where each lay in what the network saw of it
	Evaluation *meanap.Evaluation
}

// detections collects a score of detection.
type detections struct {
	names   []string
	class   []int32 // by the set's class: the task's
	decoder Decoder
	ids     []int32
	images  []meanap.Image
	frames  []data.Frame
}

// newDetections makes a scorer of a detector of these classes on so many images of a set so labelled.
func newDetections(classes []string, tree []int32, of data.Labelling, images int) *detections {
	d := &detections{names: classes, decoder: Decoder{Classes: len(classes), Tree: tree, Least: ScoreFloor, Overlap: Overlap}}
	for _, name := range of.Classes {
		d.class = append(d.class, int32(slices.Index(classes, name)))
	}
	d.ids, d.images = make([]int32, 0, images), make([]meanap.Image, 0, images)
	return d
}

// Add takes the valid rows of a batch.
func (d *detections) Add(b *data.Batch, output func(name string) []float32) {
	out := output(Boxes)
	n := len(out) / max(1, len(b.IDs))
	for row := range b.Valid {
		frame := b.Frames[row]
		im := meanap.Image{Truths: slices.Clone(frame.Objects), Found: slices.Clone(d.decoder.Decode(out[row*n:(row+1)*n], frame.Back))}
		for i := range im.Truths {
			im.Truths[i].Class = d.class[im.Truths[i].Class]
		}
		im.Truths = d.leaves(im.Truths)
		d.ids, d.images, d.frames = append(d.ids, int32(b.IDs[row])), append(d.images, im), append(d.frames, frame)
	}
}

// leaves puts in place of an object that is known by a class with others below it difficult ones of all leaves there: to find it as any of them is neither
// right nor wrong.
func (d *detections) leaves(truths []box.Object) []box.Object {
	out := truths[:0:0]
	for i, t := range truths {
		if t.Class < 0 || d.decoder.Tree == nil || d.decoder.first(int(t.Class)) < 0 {
			if out != nil {
				out = append(out, t)
			}
			continue
		}
		if out == nil {
			out = append(out, truths[:i]...)
		}
		inner := t.Class
		for k := int(inner) + 1; k < len(d.decoder.Tree); k++ {
			if d.decoder.first(k) >= 0 {
				continue
			}
			for above := int32(k); above >= inner; above = d.decoder.Tree[above] {
				if above == inner {
					t.Class, t.Difficult = int32(k), true
					out = append(out, t)
				}
			}
		}
	}
	if out == nil {
		return truths
	}
	return out
}

// Score sums up.
func (d *detections) Score() Score {
	s := ScoreDetections(d.names, d.ids, d.images)
	s.Detected.Frames = d.frames
	return s
}

// ScoreDetections is the score of what was found in images, of classes so named; ids are the images' numbers in the set. A network has
// collapsed that finds none of the objects at all, however unsure it may be of them.
func ScoreDetections(classes []string, ids []int32, images []meanap.Image) Score {
	e := meanap.Evaluate(images, len(classes))
	s := Score{Images: len(ids), IDs: ids, Detected: &Detected{Images: images, Evaluation: e}}
	none := e.Boxes == 0
	s.Figures = []Figure{
		{AP50, e.AP50, none}, {AP, e.AP, none}, {AP75, e.AP75, none}, {AP50Of07, e.VOC07, none}, {AP50Area, e.VOC, none}, {AR, e.AR, none},
	}
	for k, name := range classes {
		c := e.Classes[k]
		s.Classes = append(s.Classes, ClassScore{Name: name, Images: c.Images, Boxes: c.Boxes, Figure: Figure{Metric: AP50, Raw: c.AP50}, Beside: []Figure{{Metric: AP, Raw: c.AP}}})
	}
	s.Columns = []Column{
		{Name: AP50Pseudo, Reals: aroundFigure(e.Pseudo(meanap.AP50), e.AP50)},
		{Name: APPseudo, Reals: aroundFigure(e.Pseudo(meanap.AP), e.AP)},
		{Name: ImagesOfRarest, Wholes: imagesOfRarest(images, e)},
	}
	if !none && e.AP50 == 0 {
		found := 0
		for _, im := range images {
			found += len(im.Found)
		}
		s.Collapse = &Collapse{"no object is found", fmt.Sprintf("%d objects of %d images, by %d boxes", e.Boxes, s.Images, found)}
	}
	return s
}

// aroundFigure moves pseudo-values so that their mean is the figure: it would be the figure less an estimate of its bias, which is no figure
// that anyone else tells.
func aroundFigure(pseudo []float64, figure float64) []float32 {
	mean := 0.0
	for _, p := range pseudo {
		mean += p / float64(len(pseudo))
	}
	out := make([]float32, len(pseudo))
	for i, p := range pseudo {
		out[i] = float32(p - mean + figure)
	}
	return out
}

func imagesOfRarest(images []meanap.Image, e *meanap.Evaluation) []int32 {
	out := make([]int32, len(images))
	for i, im := range images {
		for _, t := range im.Truths {
			if t.Difficult || t.Crowd || t.Class < 0 || int(t.Class) >= len(e.Classes) {
				continue
			}
			if n := int32(e.Classes[t.Class].Images); out[i] == 0 || n < out[i] {
				out[i] = n
			}
		}
	}
	return out
}
