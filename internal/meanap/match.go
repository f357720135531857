package meanap

import (
	"slices"

	"github.com/assaylab/assay/data/box"
)

// thresholds of IoU, COCO's, with the bits that its own have.
var thresholds = func() (t [10]float64) {
	for i := range t {
		step := (0.95 - 0.5) / 9
		t[i] = 0.5 + float64(float64(i)*step)
	}
	t[9] = 0.95
	return t
}()

const at75 = 5 // among thresholds

// coco matches as pycocotools does, truths whose area lies between two bounds, both included. Other truths, and detections
// of other areas that find none, do not count.
type coco struct {
	least, most float64

	marks   []mark
	truths  []box.Object
	ignored []bool
	free    []bool
	ious    []float64 // [detection][truth]
}

func (c *coco) match(truths []box.Object, found []box.Detection) (marks []mark, positives int) {
	found = found[:min(len(found), MaxDetections)]
	// Truths that are asked for stand first.
	c.truths, c.ignored = c.truths[:0], c.ignored[:0]
	for _, ignored := range []bool{false, true} {
		for _, t := range truths {
			if a := t.Extent(); (t.Difficult || t.Crowd || a < c.least || a > c.most) == ignored {
				c.truths, c.ignored = append(c.truths, t), append(c.ignored, ignored)
			}
		}
		if !ignored {
			positives = len(c.truths)
		}
	}
	c.ious = c.ious[:0]
	for _, d := range found {
		for _, t := range c.truths {
			c.ious = append(c.ious, overlap(d.Box, t))
		}
	}
	n := len(c.truths)
	c.marks = slices.Grow(c.marks[:0], len(found))[:len(found)]
	clear(c.marks)
	for t, threshold := range thresholds {
		c.free = c.free[:0]
		for range c.truths {
			c.free = append(c.free, true)
		}
		for k, d := range found {
			best, most := -1, threshold
			for j, iou := range c.ious[k*n : (k+1)*n] {
				if !c.free[j] && !c.truths[j].Crowd {
					continue
				}
				if best >= 0 && !c.ignored[best] && c.ignored[j] { // a truth that is asked for goes first
					break
				}
				if iou >= most { // of equals the last
					best, most = j, iou
				}
			}
			m, bit := &c.marks[k], uint16(1)<<t
			if best >= 0 {
				c.free[best] = false
			}
			switch a := d.Area(); {
			case best >= 0 && c.ignored[best], best < 0 && (a < c.least || a > c.most):
				m.out |= bit
			case best >= 0:
				m.right |= bit
			}
		}
	}
	return c.marks, positives
}

// overlap is the IoU, and of a crowd how much of the detection lies in it.
func overlap(d box.Box, t box.Object) float64 {
	if !t.Crowd {
		return d.IoU(t.Box)
	}
	both := d.Intersect(t.Box).Area()
	if both == 0 {
		return 0
	}
	return both / d.Area()
}

// voc matches as Girshick's voc_eval does, at the threshold .5, bit 0.
type voc struct {
	marks []mark
	taken []bool
}

func (v *voc) match(truths []box.Object, found []box.Detection) (marks []mark, positives int) {
	v.taken = v.taken[:0]
	for _, t := range truths {
		v.taken = append(v.taken, false)
		if !t.Difficult && !t.Crowd {
			positives++
		}
	}
	v.marks = v.marks[:0]
	for _, d := range found {
		best, most := -1, 0.0
		for j, t := range truths {
			if iou := d.IoU(t.Box); iou > most { // of equals the first
				best, most = j, iou
			}
		}
		var m mark
		switch {
		case !(most > 0.5):
		case truths[best].Difficult || truths[best].Crowd:
			m.out = 1
		case !v.taken[best]:
			m.right, v.taken[best] = 1, true
		}
		v.marks = append(v.marks, m)
	}
	return v.marks, positives
}
