package data

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/tensor"
)

// LoaderConfig says what a loader makes of the items.
type LoaderConfig struct {
	Batch      int        // images of a batch, at least 1
	Preprocess Preprocess // of [Set.Preprocess] or of a model: the same for training and evaluation
	Geometry   Geometry   // of [Set.Geometry], the one that Preprocess was made with
	Targets    Targets    // what a batch holds beside its images; nil: nothing
	Train      bool       // random order, windows by Augment, the tail of an epoch dropped; else in order, centred, all of it

	// The rest is for training alone.
	Augment augment.List  // applied in this order; none: the centre, as evaluation sees it
	Order   tensor.Stream // of the order: tensor.NewStream(seed, "order")
	Draws   tensor.Stream // of the windows: tensor.NewStream(seed, "augment")
	Overlay Overlay       // what the items are taken for and how often they are seen; the zero Overlay changes nothing
	Beside  *Beside       // pictures of another set that batches hold, too; nil: none
	Turns   int           // draws that each item has, one an epoch in turn; 0: a new one each epoch
	Epochs  int           // that the training has, for operations that end before it does; 0: nobody knows, and none ends
}

// Loader turns items into batches. It has no state: a batch is a function of epoch and step, so resuming is a step number,
// and the bits do not depend on how many goroutines fill batches.
type Loader struct {
	set    *Set
	pixels *Pixels
	items  []int
	images int // seen in an epoch, those beside counted
	beside *Beside
	cfg    LoaderConfig
	scale  *scale
	blind  bool // images are not read

	sizes []*Loader                 // of the same items, where the size of the images changes from batch to batch
	pick  func(epoch, step int) int // which of them a batch is by
	whole *Loader                   // that picks this one, and keeps the order

	mu     sync.Mutex
	orders [2]struct { // of the last two epochs asked for: where two epochs meet, both are filled at once
		epoch  int
		visits []visit
	}
	latest int
}

// Batch is a step's images. It is filled again and again; copy what must last.
type Batch struct {
	X       *tensor.Tensor // [N,H,W,C], normalised
	Targets []Array        // what X is to be taken for, as LoaderConfig.Targets has it
	IDs     []int          // [N], indices of the set's items; -1 of pictures beside
	View    int            // which of the views of its pictures it holds, from 0; all views of a batch follow each other
	Valid   int            // rows that hold images; in the rest X and Targets are 0 and the id is -1
	Frames  []Frame        // [N], in evaluation of a boxed set; else nil

	sample sight // room for Fill, which allocates nothing
	rows   []row
	shown  [2 * augment.Tiles]Shown
	mixed  []box.Object // of a row, where boxes are cut as rows are mixed
	spare  []float32    // of a row, where rows are mixed or made of several pictures
	rand   tensor.Rand
}

// row is what a row shows before rows are mixed.
type row struct {
	shown   [augment.Tiles]Shown
	n       int
	objects []box.Object // of all of them
}

// Loader prepares batches of the items. Pictures are decoded now if they are not in the cache.
func (s *Set) Loader(ctx context.Context, items []int, cfg LoaderConfig) (*Loader, error) {
	if err := cfg.Preprocess.Check(); err != nil {
		return nil, err
	}
	for _, i := range items {
		if i < 0 || i >= len(s.Items) {
			return nil, fmt.Errorf("%s: there is no item %d of %d", s.Name, i, len(s.Items))
		}
	}
	pixels, err := s.pixelsOf(ctx, cfg.Geometry.size(), items)
	if err != nil {
		return nil, err
	}
	if cfg.Train {
		cfg.Preprocess.Views = ""
	} else {
		cfg.Preprocess.H, cfg.Preprocess.W = cfg.Preprocess.Input()
		cfg.Overlay, cfg.Beside = Overlay{}, nil
	}
	if err := cfg.Overlay.check(s); err != nil {
		return nil, err
	}
	if err := cfg.Augment.Check(cfg.Preprocess.H, cfg.Preprocess.W); err != nil {
		return nil, fmt.Errorf("augment: %w", err)
	}
	if cfg.Augment.Mosaics() && !s.Boxed {
		return nil, fmt.Errorf("augment: mosaic puts pictures with boxes together, and %s has none; leave it out", s.Name)
	}
	l := &Loader{set: s, pixels: pixels, items: items, images: cfg.Overlay.Visits(items), cfg: cfg, scale: cfg.Preprocess.scale()}
	switch {
	case cfg.Batch < 1:
		return nil, fmt.Errorf("batch: %d images; give at least 1", cfg.Batch)
	case l.images == 0:
		return nil, fmt.Errorf("%s: no images for this part of the data; give it a share above 0", s.Name)
	case cfg.Beside != nil:
		if l.beside, err = cfg.besides(ctx, l.images); err != nil {
			return nil, err
		}
		l.images += l.beside.images
	}
	if cfg.Train && l.images < cfg.Batch {
		return nil, fmt.Errorf("batch: %d is more than the %d training images; give at most that", cfg.Batch, l.images)
	}
	l.forget()
	return l, nil
}

// Alternate is the loader whose batches are each of one of several, which differ in the size of the images alone: pick says which, for a
// step of an epoch. The batch's X has the shape of that size.
func Alternate(loaders []*Loader, pick func(epoch, step int) int) *Loader {
	largest := loaders[0]
	for _, l := range loaders {
		if p, q := l.cfg.Preprocess, largest.cfg.Preprocess; p.H*p.W > q.H*q.W {
			largest = l
		}
	}
	whole := &Loader{set: largest.set, pixels: largest.pixels, items: largest.items, images: largest.images, beside: largest.beside, cfg: largest.cfg, scale: largest.scale, orders: largest.orders, sizes: loaders, pick: pick}
	for _, l := range loaders {
		l.whole = whole
		if l.beside != nil && l != largest {
			l.beside.loader.whole = largest.beside.loader
		}
	}
	return whole
}

// Labelling says what the rows of a batch are labelled with.
func (l *Loader) Labelling() Labelling {
	of := l.set.LabellingUnder(l.cfg.Augment)
	if l.beside != nil {
		of.Beside = l.beside.Set.Classes
	}
	if c := l.cfg.Overlay.Coarse; c != nil {
		of.Classes = slices.Concat(of.Classes, c.Names)
	}
	return of
}

// Images is the number of images that an epoch sees, one that is seen twice counted twice.
func (l *Loader) Images() int { return l.images }

// Batch is the images of a batch.
func (l *Loader) Batch() int { return l.cfg.Batch }

// Views is how many batches hold the same pictures, one after the other.
func (l *Loader) Views() int { return l.cfg.Preprocess.Views.Count() }

// Steps is the number of batches an epoch has.
func (l *Loader) Steps() int {
	if l.cfg.Train {
		return l.images / l.cfg.Batch
	}
	return (l.images + l.cfg.Batch - 1) / l.cfg.Batch * l.Views()
}

// Blind is the loader of the same batches, of one size and a view a picture, whose images are not read: X stays 0.
func (l *Loader) Blind() *Loader {
	b := &Loader{set: l.set, pixels: l.pixels, items: l.items, images: l.images, beside: l.beside, cfg: l.cfg, scale: l.scale, blind: true}
	b.forget()
	return b
}

// Show puts an item into a row of X as an epoch shows it, blind or not. Of an item that an epoch sees several times it is the first.
func (l *Loader) Show(b *Batch, row, item, epoch int) error {
	p := l.cfg.Preprocess
	size := p.H * p.W * p.C
	return l.show(b.X.Data[row*size:(row+1)*size], &b.sample, visit{item: item}, epoch, 0, l.cfg.Train)
}

// NewBatch makes room for one batch.
func (l *Loader) NewBatch() *Batch {
	n, p := l.cfg.Batch, l.cfg.Preprocess
	b := &Batch{X: tensor.New(n, p.H, p.W, p.C), IDs: make([]int, n), rows: make([]row, n)}
	if l.set.Boxed {
		for i := range b.rows {
			b.rows[i].objects = make([]box.Object, 0, augment.Tiles*l.set.most)
		}
		b.mixed = make([]box.Object, 0, 2*augment.Tiles*l.set.most)
		b.sample.boxes = make([]augment.Box, 0, l.set.most)
		if !l.cfg.Train {
			b.Frames = make([]Frame, n)
		}
	}
	if l.cfg.Targets != nil {
		b.Targets = l.cfg.Targets.Room(n)
	}
	if l.mixes() || l.cfg.Augment.Mosaics() {
		b.spare = make([]float32, p.H*p.W*p.C)
	}
	return b
}

// BatchBytes is the memory of one batch; a [Feed] holds [FeedBatches] of them.
func (l *Loader) BatchBytes() int64 {
	p := l.cfg.Preprocess
	bytes := int64(l.cfg.Batch) * int64(4*p.H*p.W*p.C+8)
	if l.cfg.Targets != nil {
		for _, a := range l.cfg.Targets.Room(l.cfg.Batch) {
			bytes += 4 * int64(len(a.Real)+len(a.Index))
		}
	}
	return bytes
}

// Fill puts the batch of a step, 0 to Steps()-1, of an epoch, from 0, into b, which NewBatch made. It may be called from
// several goroutines, each with a batch of its own.
func (l *Loader) Fill(epoch, step int, b *Batch) error {
	if step < 0 || step >= l.Steps() || epoch < 0 {
		return fmt.Errorf("%s: no step %d of epoch %d; an epoch has %d steps", l.set.Name, step, epoch, l.Steps())
	}
	if l.pick != nil {
		return l.sizes[l.pick(epoch, step)].Fill(epoch, step, b)
	}
	first := step / l.Views() * l.cfg.Batch
	n := min(l.cfg.Batch, l.images-first)
	b.View = step % l.Views()
	var order []visit
	if l.cfg.Train {
		order = l.order(epoch)
	}
	p := l.cfg.Preprocess
	size := p.H * p.W * p.C
	b.X.Shape[1], b.X.Shape[2], b.X.Data = p.H, p.W, b.X.Data[:len(b.IDs)*size]
	for row := range n {
		dst := b.X.Data[row*size : (row+1)*size]
		var v visit
		if l.cfg.Train {
			var pass int
			var beside bool
			if v, pass, beside = l.place(order, epoch, first+row); beside {
				if err := l.fillBeside(b, row, dst, v, pass); err != nil {
					return err
				}
				b.IDs[row] = -1
				continue
			}
		} else {
			v.item = l.items[first+row]
		}
		if err := l.fill(b, row, dst, v, epoch, step); err != nil {
			return err
		}
		b.IDs[row] = v.item
	}
	b.Valid = n
	l.mix(b, epoch, step, first)
	clear(b.X.Data[b.Valid*size:])
	for row := b.Valid; row < len(b.IDs); row++ {
		b.IDs[row] = -1
		if b.Frames != nil {
			b.Frames[row] = Frame{}
		}
		l.target(b, row, nil, 0)
	}
	return nil
}

// fill shows a visit in a row: its picture, or a mosaic of it and others.
func (l *Loader) fill(b *Batch, row int, dst []float32, v visit, epoch, step int) error {
	r, p := &b.rows[row], l.cfg.Preprocess
	r.n, r.objects = 1, r.objects[:0]
	if l.cfg.Train && l.cfg.Augment.Mosaics() {
		done := 0.0
		if l.cfg.Epochs > 0 {
			done = (float64(epoch) + float64(step)/float64(l.Steps())) / float64(l.cfg.Epochs)
		}
		order := l.order(epoch)
		if t, ok := l.cfg.Augment.Mosaic(p.H, p.W, len(order), l.cfg.Draws, l.turn(epoch)|v.again<<32, v.item, done, &b.rand); ok {
			return l.tile(b, r, dst, v, &t, order, epoch)
		}
	}
	if !l.blind || l.set.Boxed {
		m, err := l.pose(&b.sample, v, epoch, b.View, l.cfg.Train)
		if err != nil {
			return err
		}
		if l.set.Boxed {
			r.objects = l.objects(r.objects, &b.sample, v.item, augment.Region{H: p.H, W: p.W})
		}
		if b.Frames != nil {
			b.Frames[row] = l.frame(&b.sample, v.item)
		}
		if !l.blind {
			l.scale.show(dst, m, &b.sample)
		}
	}
	r.shown[0] = Shown{Item: v.item, Label: l.label(v.item), Share: 1, Weight: l.counts(v.item), Objects: r.objects}
	return nil
}

// tile shows a mosaic in a row.
func (l *Loader) tile(b *Batch, r *row, dst []float32, v visit, t *augment.Tiling, order []visit, epoch int) error {
	p := l.cfg.Preprocess
	r.n = len(t.Tile)
	for i, tile := range t.Tile {
		of := v
		if t.Other[i] >= 0 {
			of = order[t.Other[i]]
		}
		m, err := l.pose(&b.sample, of, epoch, 0, true)
		if err != nil {
			return err
		}
		t.Lay(i, &b.sample.Sample)
		from := len(r.objects)
		r.objects = l.objects(r.objects, &b.sample, of.item, tile)
		r.shown[i] = Shown{Item: of.item, Label: l.label(of.item), Share: float32(tile.H*tile.W) / float32(p.H*p.W), Weight: l.counts(of.item), Objects: r.objects[from:]}
		if l.blind {
			continue
		}
		part := b.spare[:tile.H*tile.W*p.C]
		l.scale.show(part, m, &b.sample)
		for y := range tile.H {
			copy(dst[((tile.Y+y)*p.W+tile.X)*p.C:], part[y*tile.W*p.C:(y+1)*tile.W*p.C])
		}
	}
	return nil
}

// leastSeen is the share of a box's area that has to be seen for the box to stay.
const leastSeen = 0.1

// objects appends the boxes of an item as a sample shows it in a part of the window, in shares of the window: each the smallest upright box around its
// corners, cut off at the part. Those of which less than a tenth is left, or is left uncovered, go, and so do those that nobody learns from.
func (l *Loader) objects(out []box.Object, s *sight, item int, part augment.Region) []box.Object {
	p := l.cfg.Preprocess
	for _, o := range l.set.Objects(item) {
		if !shown(o) {
			continue
		}
		seen := s.SeenBox(l.stored(s, item, o.Box))
		full := box.Box{X0: seen.X0, Y0: seen.Y0, X1: seen.X1, Y1: seen.Y1}
		cut := full.Intersect(box.Box{X1: float64(part.W), Y1: float64(part.H)})
		hidden := 0.0 // by the region that covers the most of it
		for _, r := range s.Regions() {
			hidden = max(hidden, cut.Intersect(box.Box{X0: float64(r.X), Y0: float64(r.Y), X1: float64(r.X + r.W), Y1: float64(r.Y + r.H)}).Area())
		}
		if cut.Empty() || cut.Area()-hidden < float64(leastSeen*full.Area()) {
			continue
		}
		o.Class = l.cfg.Overlay.Coarse.class(item, o.Class)
		o.Box = box.Box{X0: (float64(part.X) + cut.X0) / float64(p.W), Y0: (float64(part.Y) + cut.Y0) / float64(p.H), X1: (float64(part.X) + cut.X1) / float64(p.W), Y1: (float64(part.Y) + cut.Y1) / float64(p.H)}
		out = append(out, o)
	}
	return out
}

// stored is a box of an item in pixels of its picture as it is kept.
func (l *Loader) stored(s *sight, item int, b box.Box) augment.Box {
	it := &l.set.Items[item]
	y, x := float64(s.h)/float64(it.H), float64(s.w)/float64(it.W)
	return augment.Box{Y0: float64(b.Y0 * y), X0: float64(b.X0 * x), Y1: float64(b.Y1 * y), X1: float64(b.X1 * x)}
}

// frame is an item as evaluation sees it in a sample.
func (l *Loader) frame(s *sight, item int) Frame {
	it := &l.set.Items[item]
	f := frameOf(it.H, it.W, s.h, s.w, s.Window)
	f.Objects = l.set.Objects(item)
	return f
}

// mix mixes the pictures of a full batch where the list has an operation for that, and fills the targets from what rows then show. First
// is the place of its first image in the epoch.
func (l *Loader) mix(b *Batch, epoch, step, first int) {
	m := augment.Mixture{Share: 1}
	if l.mixes() {
		p := l.cfg.Preprocess
		m = l.cfg.Augment.Mix(p.H, p.W, l.cfg.Draws, epoch, step, &b.rand)
		m.Apply(b.X.Data, b.Valid, p.W, p.C, b.spare)
	}
	for row := range b.Valid {
		shown := b.shown[:0]
		b.mixed = b.mixed[:0]
		for k, share := range [2]float32{m.Share, 1 - m.Share} {
			if share > 0 {
				r := &b.rows[(row+b.Valid-k)%b.Valid]
				for _, s := range r.shown[:r.n] {
					s.Share *= share
					s.Objects = l.pasted(b, s.Objects, m.Pasted, k == 1)
					shown = append(shown, s)
				}
			}
		}
		seen := 0
		if l.cfg.Train {
			seen = epoch*l.images + first + row
		}
		l.target(b, row, shown, seen)
	}
}

// pasted are objects of a row as they are left where a rectangle of another picture is pasted over it, or of that picture.
func (l *Loader) pasted(b *Batch, objects []box.Object, paste augment.Region, other bool) []box.Object {
	if paste.H == 0 || len(objects) == 0 {
		return objects
	}
	h, w := float64(l.cfg.Preprocess.H), float64(l.cfg.Preprocess.W)
	over := box.Box{X0: float64(paste.X) / w, Y0: float64(paste.Y) / h, X1: float64(paste.X+paste.W) / w, Y1: float64(paste.Y+paste.H) / h}
	from := len(b.mixed)
	for _, o := range objects {
		both := o.Box.Intersect(over)
		switch area := o.Area(); {
		case other && both.Area() >= float64(leastSeen*area):
			o.Box = both
		case other || area-both.Area() < float64(leastSeen*area):
			continue
		}
		b.mixed = append(b.mixed, o)
	}
	return b.mixed[from:]
}

// mixes tells whether rows show more than one picture.
func (l *Loader) mixes() bool { return l.cfg.Train && l.cfg.Augment.Mixes() }

// target fills a row's targets from what it shows.
func (l *Loader) target(b *Batch, row int, shown []Shown, seen int) {
	if l.cfg.Targets != nil {
		l.cfg.Targets.Fill(b.Targets, row, shown, seen)
	}
}

// show writes a picture as the network sees it, [H,W,C]: in evaluation one of its views, in training as the epoch draws it, each time that it sees the item anew.
func (l *Loader) show(dst []float32, s *sight, v visit, epoch, view int, train bool) error {
	m, err := l.pose(s, v, epoch, view, train)
	if err != nil {
		return err
	}
	l.scale.show(dst, m, s)
	return nil
}

// pose says to a sample how a picture is seen, and returns the picture as it is kept.
func (l *Loader) pose(s *sight, v visit, epoch, view int, train bool) (augment.Image, error) {
	m, err := l.pixels.At(v.item)
	if err != nil {
		return m, err
	}
	s.Reset(m.H, m.W, l.cfg.Preprocess.H, l.cfg.Preprocess.W)
	s.h, s.w = m.H, m.W
	if train {
		s.Window = l.cfg.Preprocess.Filter.Centre(m.H, m.W, l.cfg.Preprocess.H, l.cfg.Preprocess.W)
		if l.set.Boxed {
			s.boxes = s.boxes[:0]
			for _, o := range l.set.Objects(v.item) {
				if shown(o) {
					s.boxes = append(s.boxes, l.stored(s, v.item, o.Box))
				}
			}
			s.Hold(s.boxes)
		}
		l.cfg.Augment.Apply(&s.Sample, l.cfg.Draws, l.turn(epoch)|v.again<<32, v.item)
	} else {
		s.Window = l.cfg.Preprocess.window(view, m.H, m.W, l.cfg.Preprocess.H, l.cfg.Preprocess.W)
	}
	return m, nil
}

// turn is the epoch whose draws an epoch has.
func (l *Loader) turn(epoch int) int {
	if l.cfg.Turns > 0 {
		return epoch % l.cfg.Turns
	}
	return epoch
}

// label is what an item is taken for.
func (l *Loader) label(item int) int32 { return l.cfg.Overlay.Label(l.set, item) }

// counts is how much an item counts.
func (l *Loader) counts(item int) float32 {
	if l.cfg.Overlay.Counts != nil {
		return l.cfg.Overlay.Counts[item]
	}
	return 1
}

// order is the epoch's; the last two are kept.
func (l *Loader) order(epoch int) []visit {
	if l.whole != nil {
		return l.whole.order(epoch)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.orders {
		if o.epoch == epoch {
			return o.visits
		}
	}
	visits := l.set.order(l.items, l.cfg.Overlay, l.cfg.Order, epoch)
	l.latest = 1 - l.latest
	l.orders[l.latest].epoch, l.orders[l.latest].visits = epoch, visits
	return visits
}

// Feed fills batches ahead of their use, on goroutines of its own, and hands them out in order.
type Feed struct {
	slots   []slot
	next    int // batches handed out
	ended   error
	free    chan int // numbers of batches that may be filled: each goes to slot number%len(slots)
	stop    chan struct{}
	stopped sync.Once
	workers sync.WaitGroup
}

type slot struct {
	batch *Batch
	full  chan error
}

// FeedBatches is the number of batches that a feed with so many goroutines holds: one in use, one ready, one for each.
func FeedBatches(threads int) int { return max(1, threads) + 2 }

// Start begins to fill batches from a step of an epoch on, by at least one goroutine. Training goes on from epoch to epoch
// without end; evaluation ends with its epoch.
func (l *Loader) Start(epoch, step, threads int) *Feed {
	depth := FeedBatches(threads)
	f := &Feed{slots: make([]slot, depth), free: make(chan int, depth), stop: make(chan struct{})}
	for i := range f.slots {
		f.slots[i] = slot{l.NewBatch(), make(chan error, 1)}
		f.free <- i
	}
	steps := l.Steps()
	for range max(1, threads) {
		f.workers.Go(func() {
			for {
				select {
				case <-f.stop:
					return
				case n := <-f.free:
					s, at := f.slots[n%depth], epoch*steps+step+n
					if !l.cfg.Train && at >= (epoch+1)*steps {
						s.full <- io.EOF
					} else {
						s.full <- l.Fill(at/steps, at%steps, s.batch)
					}
				}
			}
		})
	}
	return f
}

// Next waits for the next batch, which is the caller's until the call after it. At the end of an evaluation the error is
// io.EOF. It must not be called after Stop, nor from two goroutines.
func (f *Feed) Next() (*Batch, error) {
	if f.ended != nil {
		return nil, f.ended
	}
	if f.next > 0 {
		f.free <- f.next - 1 + len(f.slots) // the batch handed out before may be filled again
	}
	s := f.slots[f.next%len(f.slots)]
	if err := <-s.full; err != nil {
		f.ended = err
		return nil, err
	}
	f.next++
	return s.batch, nil
}

// Stop ends the goroutines and waits for them. It may be called more than once.
func (f *Feed) Stop() {
	f.stopped.Do(func() { close(f.stop) })
	f.workers.Wait()
}
