package train

import (
	"context"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/task"
)

// shareOfMemory is how much of what is free features may take. Where they do not fit, images go through the front in each step, which
// gives the same bits.
var shareOfMemory int64 = 4

// features are what a frozen front makes of images, each made when it is first wanted and kept. It does not matter which images are
// made together: none of the front's ops goes over the images of a batch.
type features struct {
	exe    engine.Executable
	loader *data.Loader // shows the images
	in     engine.Feed
	images *data.Batch // that go through the front together
	wanted []int       // places in kept that they are for
	size   int         // values of an image
	turns  int         // draws of an image
	rows   map[int]int // first place in kept of the draws of an item
	have   []bool      // by place
	kept   []float32
	out    []float32 // of the batch
}

// keep makes room for the features of items, each in so many draws; nil where they do not fit.
func keep(e engine.Engine, front *compile.Front, f *compile.Family, l *data.Loader, items []int, turns, batch int) (*features, error) {
	places, size := turns*len(items), front.Size.Elems()
	if free := memory.Free(); free > 0 && 4*int64(places)*int64(size) > free/shareOfMemory {
		return nil, nil
	}
	exe, err := compiled(e, f, front.Program, batch)
	if err != nil {
		return nil, err
	}
	k := &features{
		exe: exe, loader: l, images: l.NewBatch(), size: size, turns: turns, rows: make(map[int]int, len(items)),
		have: make([]bool, places), out: make([]float32, batch*size), wanted: make([]int, 0, batch),
	}
	k.in = engine.Feed{Real: map[string][]float32{compile.Images: k.images.X.Data}}
	for i, item := range items {
		k.rows[item] = i * turns
	}
	return k, nil
}

// of gives the features of a batch in an epoch. What it returns is overwritten by the next call.
func (k *features) of(b *data.Batch, epoch int) ([]float32, error) {
	if k.kept == nil {
		k.kept = make([]float32, len(k.have)*k.size)
	}
	k.wanted = k.wanted[:0]
	for _, item := range b.IDs[:b.Valid] {
		at := k.rows[item] + epoch%k.turns
		if k.have[at] {
			continue
		}
		k.have[at] = true
		if err := k.loader.Show(k.images, len(k.wanted), item, epoch); err != nil {
			return nil, err
		}
		k.wanted = append(k.wanted, at)
	}
	if len(k.wanted) > 0 {
		if err := k.exe.Run(k.in); err != nil {
			return nil, err
		}
		made := k.exe.Output(compile.Features)
		for row, at := range k.wanted {
			copy(k.kept[at*k.size:(at+1)*k.size], made[row*k.size:])
		}
	}
	for row, item := range b.IDs[:b.Valid] {
		at := k.rows[item] + epoch%k.turns
		copy(k.out[row*k.size:(row+1)*k.size], k.kept[at*k.size:])
	}
	clear(k.out[b.Valid*k.size:])
	return k.out, nil
}

// feed puts what a program reads of a batch into its feed: images, or features where they are kept.
func (k *features) feed(in engine.Feed, b *data.Batch, epoch int) (err error) {
	if k == nil {
		in.Real[compile.Images] = b.X.Data
		return nil
	}
	in.Real[compile.Features], err = k.of(b, epoch)
	return err
}

// forget gives back the memory of what is kept, which may be made again.
func (k *features) forget() {
	if k != nil {
		k.kept = nil
		clear(k.have)
	}
}

// close ends it.
func (k *features) close() {
	if k != nil {
		k.exe.Close()
	}
}

// front is what is fixed of a family in training, nil where each epoch shows other images, or images of other sizes, or nothing is.
func (r *run) front(f *compile.Family) *compile.Front {
	if _, kept := r.Learning.Kept(); !kept || r.Beside != nil || len(r.config.Augment) > 0 && !r.config.Overlay.Once() {
		return nil
	}
	return f.Front()
}

// judge is a program that predicts, and what feeds it.
type judge struct {
	engine.Executable
	features *features // nil: images do
}

// judging compiles the evaluation of the weights as they stand behind so many steps.
func (r *run) judging(done int) (*judge, error) {
	f, err := r.family.Sized(r.preprocess.Input())
	if err != nil {
		return nil, err
	}
	j := &judge{}
	if front := f.Front(); front != nil && r.validation != nil && r.validation.Views() == 1 && !r.thaws(done) {
		if j.features, err = keep(r.Engine, front, f, r.validation, r.Cut.Val, 1, r.evalBatch); err != nil {
			return nil, err
		}
		if j.features != nil {
			f = front.Behind()
		}
	}
	if j.Executable, err = compiled(r.Engine, f, f.Evaluation, r.evalBatch); err != nil {
		j.features.close()
		return nil, err
	}
	return j, nil
}

// Close gives the memory back.
func (j *judge) Close() {
	j.Executable.Close()
	j.features.close()
}

// score evaluates the weights as they stand, on no images to nothing; an interruption keeps what there is.
func (r *run) score(ctx context.Context, j *judge, l *data.Loader) (task.Score, error) {
	if l == nil {
		return task.Score{}, nil
	}
	if j.features != nil {
		l = l.Blind()
	}
	s, err := evaluate(ctx, j.Executable, j.features, l, r.task, r.Loaders)
	if ctx.Err() != nil {
		return s, r.interrupted()
	}
	return s, err
}
