package task

import (
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/meanap"
)

// Details are figures behind those that are judged, by names that [Detail] reads: what a study keeps of a trial so that a report can tell where
// an effect comes from. Of a detector they are, in points, AP50 and AP of each class and AP of each size of objects, with how many objects these
// are of; and, as shares, the best precision at 21 recalls from 0 to 1 or beyond, in the mean over classes and of each of at most 20. Of others nil.
func (s Score) Details() map[string]float64 {
	if s.Detected == nil {
		return nil
	}
	e, details := s.Detected.Evaluation, map[string]float64{}
	put := func(d Detail, v float64) { details[d.String()] = v }
	mean, with := make([]float64, detailRecalls), 0.0
	for k, c := range s.Classes {
		if c.Boxes == 0 {
			continue
		}
		put(Detail{OfClass, c.Name, AP50.Name}, c.Figure.Value())
		for _, f := range c.Beside {
			put(Detail{OfClass, c.Name, f.Name}, f.Value())
		}
		put(Detail{OfClass, c.Name, DetailBoxes}, float64(c.Boxes))
		with++
		for i, p := range e.Classes[k].Curve.Envelope(detailRecalls) {
			mean[i] += p
			if len(s.Classes) <= detailCurves {
				put(Detail{OfCurve, c.Name, recallText(i)}, p)
			}
		}
	}
	for i, sum := range mean {
		if with > 0 {
			put(Detail{OfCurve, "", recallText(i)}, sum/with)
		}
	}
	for _, size := range []struct {
		name string
		of   meanap.Figures
	}{{"small", e.Small}, {"medium", e.Medium}, {"large", e.Large}} {
		if size.of.Boxes > 0 {
			put(Detail{OfSize, size.name, AP.Name}, 100*size.of.AP)
			put(Detail{OfSize, size.name, DetailBoxes}, float64(size.of.Boxes))
		}
	}
	return details
}

const (
	detailRecalls = 21
	detailCurves  = 20 // classes
)

func recallText(i int) string { return strconv.FormatFloat(float64(i)/(detailRecalls-1), 'g', 3, 64) }

// Detail names one of [Score.Details].
type Detail struct {
	Of   string // OfClass, OfSize, OfCurve
	Name string // of the class, or of the size: small, medium, large, as COCO has them; "" of a curve: the mean over classes
	Says string // AP50's and AP's name, DetailBoxes; of a curve the recall
}

// What a detail is of.
const (
	OfClass     = "class"
	OfSize      = "size"
	OfCurve     = "precision"
	DetailBoxes = "boxes"
)

// String is "class/ap50/WBC".
func (d Detail) String() string { return d.Of + "/" + d.Says + "/" + d.Name }

// ReadDetail reads what String wrote; false of another figure, such as a metric. A class's name may have slashes.
func ReadDetail(name string) (Detail, bool) {
	of, rest, ok := strings.Cut(name, "/")
	says, name, all := strings.Cut(rest, "/")
	return Detail{of, name, says}, ok && all
}
