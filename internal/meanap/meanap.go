// Package meanap judges detections: average precision by its three definitions, recall, curves, a detector's confusion matrix and
// its errors by kind, and what each image contributes. It imports data/box alone. Start at [Evaluate].
package meanap

import (
	"cmp"
	"math"
	"slices"

	"github.com/assaylab/assay/data/box"
)

// MaxDetections is how many detections of one class in one image COCO counts, the surest; VOC counts all.
const MaxDetections = 100

// Image is what a picture shows and what a detector found in it, both in pixels of the picture. Truths that are difficult or a crowd are not
// asked for, and who finds them is neither right nor wrong. In a crowd any number may be found that lie in it by more than
// half, for COCO; VOC knows none, and takes it as difficult.
type Image struct {
	Truths []box.Object
	Found  []box.Detection
}

// Figures are those of one class, or their means over the classes that have boxes asked for: 0 to 1.
type Figures struct {
	AP   float64 // COCO's: the mean over thresholds of IoU .5, .55 ... .95 of AP
	AP50 float64 // at .5
	AP75 float64 // at .75
	AR   float64 // the mean over these thresholds of recall, of at most MaxDetections an image

	Boxes  int // that are asked for; without any the rest is 0, and says nothing
	Images int // that have such boxes
}

// Class is what is found of one class.
type Class struct {
	Figures
	VOC07 float64 // AP at .5 by the 11 points of Pascal VOC 2007
	VOC   float64 // AP at .5 by the area under the curve, as from VOC 2010 on
	Curve Curve   // at .5, by COCO's matching
}

// Evaluation is what [Evaluate] finds.
type Evaluation struct {
	Class
	Small, Medium, Large Figures // of boxes up to 32², up to 96² and above, pixels of the picture
	Classes              []Class

	images  int
	classes []ranking // COCO's, of all sizes
}

// Evaluate judges detections of so many classes, 0, 1, ...; what is of another class does not count. Of equal scores the earlier
// image, and in it the earlier detection, is the surer. Scores are numbers.
//
// COCO's figures are those of pycocotools (Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, arXiv:1405.0312): from the
// surest on a detection takes, of the truths of its class that are free, the one that it overlaps most, if that is by the threshold or more;
// precision is read at 101 recalls. Areas are of boxes, where COCO's files have those of outlines. VOC's are those of Girshick's voc_eval
// (Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge", IJCV 88, 2010): a detection goes to the truth that it overlaps most,
// by more than the threshold, and is wrong if that is taken.
func Evaluate(images []Image, classes int) *Evaluation {
	e := &Evaluation{images: len(images), Classes: make([]Class, classes)}
	g := gatherer{images: images, classes: classes}
	e.classes = g.gather(&coco{most: math.Inf(1)})
	voc := g.gather(&voc{})
	for k := range e.Classes {
		c, r, v := &e.Classes[k], &e.classes[k], &voc[k]
		c.Figures, c.Curve = r.figures(), r.curve(0)
		if hits := v.hits(0); v.positives > 0 {
			c.VOC07, c.VOC = average(hits, points(11, v.positives)), average(hits, area(v.positives))
		}
	}
	each := make([]Figures, classes)
	for k, c := range e.Classes {
		each[k] = c.Figures
	}
	e.Figures = means(each)
	pooled := make([]mark, 0)
	for k, c := range e.Classes {
		if c.Boxes > 0 {
			e.VOC07 += c.VOC07
			e.VOC += c.VOC
		}
		pooled = append(pooled, e.classes[k].marks...)
	}
	with := float64(max(1, e.with()))
	e.VOC07, e.VOC = e.VOC07/with, e.VOC/with
	slices.SortStableFunc(pooled, surer)
	all := ranking{marks: pooled, positives: e.Boxes}
	e.Curve = all.curve(0)
	for i, s := range []*Figures{&e.Small, &e.Medium, &e.Large} {
		bounds := []float64{0, 32 * 32, 96 * 96, math.Inf(1)}
		for k, r := range g.gather(&coco{least: bounds[i], most: bounds[i+1]}) {
			each[k] = r.figures()
		}
		*s = means(each)
	}
	return e
}

// with is how many classes have boxes that are asked for.
func (e *Evaluation) with() int {
	n := 0
	for _, c := range e.classes {
		if c.positives > 0 {
			n++
		}
	}
	return n
}

// means are the means over classes with boxes; boxes and images are added up, an image once for each class.
func means(each []Figures) Figures {
	var m Figures
	n := 0.0
	for _, f := range each {
		if f.Boxes == 0 {
			continue
		}
		n++
		m.AP += f.AP
		m.AP50 += f.AP50
		m.AP75 += f.AP75
		m.AR += f.AR
		m.Boxes += f.Boxes
		m.Images += f.Images
	}
	if n > 0 {
		m.AP, m.AP50, m.AP75, m.AR = m.AP/n, m.AP50/n, m.AP75/n, m.AR/n
	}
	return m
}

// ranking holds the detections of one class in all images, the surest first, and which of them are right at each threshold.
type ranking struct {
	positives int     // truths asked for
	shares    []share // of them, of the images that have any, in the order of images
	marks     []mark
}

type share struct{ image, positives int32 }

// mark is a detection: bit t of right says that it finds a truth at the threshold t, of out that it does not count there.
type mark struct {
	score      float64
	image      int32
	right, out uint16
}

func surer(a, b mark) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return cmp.Compare(a.image, b.image)
}

// matcher says which detections of one class in one image, the surest first, find a truth of it, and how many truths are asked
// for. It counts the first so many detections alone, and returns as many marks, good until the next call.
type matcher interface {
	match(truths []box.Object, found []box.Detection) (marks []mark, positives int)
}

// gatherer takes images apart by class.
type gatherer struct {
	images  []Image
	classes int
	truths  []box.Object
	found   []box.Detection
}

func (g *gatherer) gather(m matcher) []ranking {
	rankings := make([]ranking, g.classes)
	for i, image := range g.images {
		g.truths = append(g.truths[:0], image.Truths...)
		g.found = append(g.found[:0], image.Found...)
		slices.SortStableFunc(g.truths, func(a, b box.Object) int { return cmp.Compare(a.Class, b.Class) })
		slices.SortStableFunc(g.found, func(a, b box.Detection) int {
			if a.Class != b.Class {
				return cmp.Compare(a.Class, b.Class)
			}
			return cmp.Compare(b.Score, a.Score)
		})
		truths, found := g.truths, g.found
		for len(truths)+len(found) > 0 {
			class := int32(math.MaxInt32)
			if len(truths) > 0 {
				class = truths[0].Class
			}
			if len(found) > 0 {
				class = min(class, found[0].Class)
			}
			var t, f int
			for t < len(truths) && truths[t].Class == class {
				t++
			}
			for f < len(found) && found[f].Class == class {
				f++
			}
			if class >= 0 && int(class) < g.classes {
				r := &rankings[class]
				marks, positives := m.match(truths[:t], found[:f])
				if positives > 0 {
					r.positives += positives
					r.shares = append(r.shares, share{int32(i), int32(positives)})
				}
				for k, mark := range marks {
					mark.score, mark.image = found[k].Score, int32(i)
					r.marks = append(r.marks, mark)
				}
			}
			truths, found = truths[t:], found[f:]
		}
	}
	for k := range rankings {
		slices.SortStableFunc(rankings[k].marks, surer)
	}
	return rankings
}

func (r *ranking) figures() Figures {
	f := Figures{Boxes: r.positives, Images: len(r.shares)}
	if r.positives == 0 {
		return f
	}
	weights := points(101, r.positives)
	for t := range thresholds {
		hits := r.hits(t)
		ap := average(hits, weights)
		f.AP += ap / float64(len(thresholds))
		f.AR += float64(len(hits)) / float64(r.positives) / float64(len(thresholds))
		switch t {
		case 0:
			f.AP50 = ap
		case at75:
			f.AP75 = ap
		}
	}
	return f
}
