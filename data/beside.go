package data

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/tensor"
)

// Beside is pictures of another set, of one class each, that the batches of a training hold beside a loader's own: of each of them a share
// that hardly varies, in an order of their own, which goes on from one epoch to the next.
type Beside struct {
	Set   *Set
	Items []int
	Ratio float64 // how many of them for each of the loader's own, above 0

	Order tensor.Stream // of their order: tensor.NewStream(seed, "order beside")
	Draws tensor.Stream // of their windows: tensor.NewStream(seed, "augment beside")

	images int     // of an epoch
	loader *Loader // of them alone
}

// BesideImages is how many pictures of another set an epoch has beside so many of its own.
func BesideImages(images int, ratio float64) int {
	return max(1, int(math.Round(float64(images)*ratio)))
}

// FitsBeside refuses a set whose pictures have boxes as one of pictures of one class each.
func (s *Set) FitsBeside() error {
	if s.Boxed {
		return fmt.Errorf("the pictures of %s have boxes, and those beside have one class each; give a folder of classes", s.Name)
	}
	return nil
}

// Mixture is what a training sees of a set and of another one beside. What validates or tests either set is left out, by its content.
type Mixture struct {
	Own, Beside         []int // items
	OwnLeft, BesideLeft int   // images to train on that are not among them, as they are validation or test images of the other set
}

// Mixture is that of images to train on, beside which another set's are those that it trains on itself in a repeat. Judged are all
// images of this set that nothing may be trained on.
func (s *Set) Mixture(train, judged []int, other *Set, seed uint64, repeat int) (m Mixture) {
	c := other.Cut(seed, repeat)
	m.Own, m.OwnLeft = s.unseen(train, other.Marks(slices.Concat(c.Val, c.Test)))
	m.Beside, m.BesideLeft = other.unseen(c.Train, s.Marks(judged))
	return m
}

// unseen are the items whose content has no mark, and how many have one.
func (s *Set) unseen(items []int, marks Marks) (rest []int, left int) {
	for _, i := range items {
		if !marks.Has(s.Items[i].Hash) {
			rest = append(rest, i)
		}
	}
	return rest, len(items) - len(rest)
}

// Left says in a line what is left out of the two sets; "" where nothing is.
func (m Mixture) Left(own, beside *Set) string {
	var parts []string
	for _, of := range []struct {
		n   int
		set *Set
	}{{m.OwnLeft, own}, {m.BesideLeft, beside}} {
		if of.n > 0 {
			parts = append(parts, say.Counted(of.n, "image")+" of "+of.set.Name)
		}
	}
	if parts == nil {
		return ""
	}
	return "mixed: not trained on, as the other set validates or tests on them: " + strings.Join(parts, ", ")
}

// besides prepares the pictures beside the images of a training: they cover the window, whose numbers are made as those of its own pictures.
func (cfg LoaderConfig) besides(ctx context.Context, images int) (*Beside, error) {
	b := *cfg.Beside
	switch {
	case b.Set.Boxed:
		return nil, fmt.Errorf("mixed: %w", b.Set.FitsBeside())
	case len(b.Items) == 0:
		return nil, fmt.Errorf("mixed: %s has no images to train on; give more, or a smaller val and test of its own", b.Set.Name)
	case !(b.Ratio > 0):
		return nil, fmt.Errorf("mixed: ratio %g; give a number above 0", b.Ratio)
	case cfg.Augment.Mixes():
		return nil, fmt.Errorf("mixed: augment mixes pictures within a batch, and those of one class have no boxes to keep; drop one of the two")
	}
	p := cfg.Preprocess
	size := augment.Size{H: p.H, W: p.W, Filter: cfg.Geometry.Filter}
	if b.Set.H == p.H && b.Set.W == p.W {
		size = augment.Size{}
	}
	pixels, err := b.Set.pixelsOf(ctx, size, b.Items)
	if err != nil {
		return nil, err
	}
	own := LoaderConfig{Batch: cfg.Batch, Preprocess: p, Train: true, Augment: cfg.Augment, Turns: cfg.Turns, Order: b.Order, Draws: b.Draws}
	b.loader = &Loader{set: b.Set, pixels: pixels, items: b.Items, images: len(b.Items), cfg: own, scale: p.scale()}
	b.loader.forget()
	b.images = BesideImages(images, b.Ratio)
	return &b, nil
}

// forget has no order at hand.
func (l *Loader) forget() {
	for i := range l.orders {
		l.orders[i].epoch = -1
	}
}

// place says what stands at a place of an epoch of training: a visit of its own or, beside, one of a pass over the other set.
func (l *Loader) place(order []visit, epoch, place int) (v visit, pass int, beside bool) {
	if l.beside == nil {
		return order[place], epoch, false
	}
	own := l.images - l.beside.images
	before := place * own / l.images // of its own pictures, those in front
	if (place+1)*own/l.images > before {
		return order[before], epoch, false
	}
	nth, other := epoch*l.beside.images+place-before, l.beside.loader
	pass = nth / other.images
	return other.order(pass)[nth%other.images], pass, true
}

// fillBeside shows a picture of the other set in a row.
func (l *Loader) fillBeside(b *Batch, row int, dst []float32, v visit, pass int) error {
	other, r := l.beside.loader, &b.rows[row]
	if !l.blind {
		if err := other.show(dst, &b.sample, v, pass, 0, true); err != nil {
			return err
		}
	}
	r.n, r.objects = 1, r.objects[:0]
	r.shown[0] = Shown{Item: v.item, Label: other.label(v.item), Share: 1, Weight: 1, Beside: true}
	return nil
}
