package main

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

// folders are what is loaded: small pictures cropped with a margin of 4 as on CIFAR, and photos cut to a window.
var folders = []struct {
	side, batch, pad int
	images, h, w     int // pictures as they lie in the folder
}{
	{32, 128, 4, 5000, 32, 32},
	{64, 64, 0, 600, 240, 320},
	{128, 32, 0, 600, 240, 320},
}

// load measures what comes from a folder of JPEG files: decoding, which happens once; epochs after that, random crop and flip
// and normalising; and training of the network fed by these, against training on a batch in memory.
func (s *session) load(ctx context.Context, sub subject) error {
	for _, c := range folders {
		dir := filepath.Join(s.dir, fmt.Sprint("pictures", c.side))
		if err := pictures(dir, c.images, c.h, c.w); err != nil {
			return err
		}
		for run := range s.runs {
			opt := data.Options{Cache: filepath.Join(s.dir, fmt.Sprintf("cache%d-%d", c.side, run)), Size: c.side, Threads: s.threads}
			if c.pad > 0 {
				opt.Size = 0 // as it is
			}
			start := time.Now()
			set, err := data.Open(ctx, data.Folder(dir), opt)
			if err != nil {
				return err
			}
			g := set.Geometry(c.side, c.pad)
			if _, err := set.Pixels(ctx, g.Resize); err != nil {
				return err
			}
			decoded := float64(c.images) / time.Since(start).Seconds()
			rates, err := s.epochs(ctx, set, g, c.batch, augment.List{augment.Crop{Pad: c.pad}, augment.Chance{P: 0.5, Op: augment.Flip{}}}, sub.net)
			if err != nil {
				return err
			}
			if err := set.Close(); err != nil {
				return err
			}
			for i, variant := range []string{"decoded", "cached", "from memory", "from the loader"} {
				f := figure{Part: "load", By: own, Net: sub.net, Side: c.side, Batch: c.batch, Threads: s.threads, Variant: variant, ImagesPerS: decoded}
				if i > 0 {
					f.ImagesPerS = rates[i-1]
				}
				if err := s.keep(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// epochs is images a second of the loader alone, of training on one batch in memory, and of training from the loader.
func (s *session) epochs(ctx context.Context, set *data.Set, g data.Geometry, batch int, ops augment.List, net string) (rates [3]float64, err error) {
	l, p, err := loader(ctx, set, g, batch, ops)
	if err != nil {
		return rates, err
	}
	var b *data.Batch
	next := func(feed *data.Feed) func() error {
		return func() (err error) {
			b, err = feed.Next()
			return err
		}
	}
	feed := l.Start(0, 0, s.threads)
	rates[0], err = s.speed(ctx, batch, next(feed))
	feed.Stop()
	if err != nil {
		return rates, err
	}

	graph, err := zoo.New(net, zoo.Input(p.H, p.W, p.C), zoo.Classes(len(set.Classes)))
	if err != nil {
		return rates, err
	}
	eng, err := cpu.New(cpu.Options{Threads: s.threads})
	if err != nil {
		return rates, err
	}
	defer eng.Close()
	step, err := trainer(eng, graph, batch)
	if err != nil {
		return rates, err
	}
	b = l.NewBatch()
	if err := l.Fill(0, 0, b); err != nil {
		return rates, err
	}
	if rates[1], err = s.speed(ctx, batch, func() error { return step(b) }); err != nil {
		return rates, err
	}
	feed = l.Start(0, 0, max(1, s.threads/2)) // as assay train does
	defer feed.Stop()
	take := next(feed)
	rates[2], err = s.speed(ctx, batch, func() error {
		if err := take(); err != nil {
			return err
		}
		return step(b)
	})
	return rates, err
}

// loader is one of all of a set's images for training.
func loader(ctx context.Context, set *data.Set, g data.Geometry, batch int, ops augment.List) (*data.Loader, data.Preprocess, error) {
	items := make([]int, len(set.Items))
	for i := range items {
		items[i] = i
	}
	p, err := set.Preprocess(ctx, items, g)
	if err != nil {
		return nil, p, err
	}
	targets, err := task.Classify{Classes: set.Classes}.Targets(set.Labelling(), true)
	if err != nil {
		return nil, p, err
	}
	l, err := set.Loader(ctx, items, data.LoaderConfig{Batch: batch, Targets: targets, Preprocess: p, Geometry: g, Train: true,
		Augment: ops, Order: tensor.NewStream(1, "order"), Draws: tensor.NewStream(1, "augment")})
	return l, p, err
}

// trainer compiles a training step that takes a batch.
func trainer(eng engine.Engine, g *nn.Graph, batch int) (func(*data.Batch) error, error) {
	o := experiment.DefaultOptimization()
	family, err := compile.New(g, task.Classify{}, o, 1)
	if err != nil {
		return nil, err
	}
	if err := family.Initialize(o.Init, 1); err != nil {
		return nil, err
	}
	p, err := family.Step(batch)
	if err != nil {
		return nil, err
	}
	x, err := eng.Compile(p, family.State)
	if err != nil {
		return nil, err
	}
	f := engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}
	family.Scalars(f.Scalars, 1e-3, 0)
	return func(b *data.Batch) error {
		f.Real[compile.Images] = b.X.Data
		for _, a := range b.Targets {
			a.Put(f.Real, f.Index)
		}
		return x.Run(f)
	}, nil
}

// speed is images a second over the steps that fit in the time, after two that warm up. It is a mean, not a median: a step that
// waits for its batch must count.
func (s *session) speed(ctx context.Context, batch int, step func() error) (float64, error) {
	n, start := -2, 0.0
	for ; n < 3 || s.now()-start < s.seconds; n++ {
		if n == 0 {
			start = s.now()
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := step(); err != nil {
			return 0, err
		}
	}
	return float64(n*batch) / (s.now() - start), nil
}

// now is seconds of the clock, or of processor time of this process where that is what is asked for and the system tells it.
func (s *session) now() float64 {
	if s.processor {
		if used, ok := processorSeconds(); ok {
			return used
		}
	}
	return time.Since(begun).Seconds()
}

var begun = time.Now()

// pictures makes a folder of n JPEG files in two classes: waves of three colours with some noise, which compress as photos do.
func pictures(dir string, n, h, w int) error {
	r := rand.New(rand.NewPCG(1, 2))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range n {
		class := filepath.Join(dir, []string{"even", "odd"}[i%2])
		if err := os.MkdirAll(class, 0o777); err != nil {
			return err
		}
		var wave [3][3]float64
		for c := range wave {
			wave[c] = [3]float64{r.Float64() * 0.2, r.Float64() * 0.2, r.Float64() * 6}
		}
		for y := range h {
			for x := range w {
				noise := r.Float64() * 24
				v := func(c int) uint8 {
					return uint8(116 + 100*math.Sin(wave[c][0]*float64(x)+wave[c][1]*float64(y)+wave[c][2]) + noise)
				}
				m.SetRGBA(x, y, color.RGBA{v(0), v(1), v(2), 255})
			}
		}
		file, err := os.Create(filepath.Join(class, fmt.Sprintf("%05d.jpg", i)))
		if err != nil {
			return err
		}
		if err := jpeg.Encode(file, m, &jpeg.Options{Quality: 90}); err != nil {
			file.Close()
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
