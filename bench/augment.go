package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/say"
)

// augmented are the lists of operations that are measured, by the names that bench/augment.py has for them, too.
var augmented = []struct {
	name string
	ops  augment.List
}{
	{"crop, flip", zoomed()},
	{"crop, flip, color", zoomed(jittered)},
	{"crop, flip, color with hue", zoomed(augment.Color{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4, Hue: 0.1})},
	{"crop, flip, color, erase", zoomed(jittered, augment.Chance{P: 0.5, Op: augment.Erase{Area: [2]float64{0.02, 0.33}, Aspect: [2]float64{0.3, 3.3}}})},
	{"crop, flip, rotate", zoomed(augment.Rotate{Degrees: 15})},
	{"crop, flip, blur", zoomed(augment.Blur{Sigma: [2]float64{0.1, 2}})},
	{"crop, flip, randaugment", zoomed(augment.RandAugment{N: 2, M: 9, Each: 1})},
	{"crop, flip, trivial", zoomed(augment.Trivial{})},
	{"crop, flip, auto", zoomed(augment.Auto{})},
	{"crop, flip, augmix", zoomed(augment.AugMix{Severity: 3, Width: 3, Alpha: 1})},
}

var jittered = augment.Color{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4}

func zoomed(more ...augment.Op) augment.List {
	return append(augment.List{augment.Crop{Area: [2]float64{0.08, 1}}, augment.Chance{P: 0.5, Op: augment.Flip{}}}, more...)
}

const augmentedSide = 224

// fromFiles is the first epoch of the first list from JPEG files, which Assay decodes once and torchvision in every epoch.
const fromFiles, epochsFromFiles = "crop, flip, from files", 10

// kept is the list at 32 pixels that training must hardly feel.
var kept = augment.List{augment.Chance{P: 0.5, Op: augment.Flip{}}, augment.Crop{Pad: 4}, jittered, augment.Cutout{}}

const keptName = "flip, crop, color, cutout at 32 pixels"

// augment measures one thread that changes decoded pictures in memory and normalises them, beside torchvision; and the network fed by
// a loader that does, against training on a batch in memory.
func (s *session) augment(ctx context.Context, sub subject) error {
	photos, small, files := filepath.Join(s.dir, "augmented"), filepath.Join(s.dir, "augmented32"), filepath.Join(s.dir, "files")
	if err := pictures(photos, 64, 252, 335); err != nil { // as pictures of 4 by 3 are kept for 224
		return err
	}
	if err := pictures(small, 1280, 32, 32); err != nil {
		return err
	}
	if err := pictures(files, 128, 480, 640); err != nil {
		return err
	}
	set, err := data.Open(ctx, data.Folder(photos), data.Options{Size: augmentedSide})
	if err != nil {
		return err
	}
	defer set.Close()
	cifar, err := data.Open(ctx, data.Folder(small), data.Options{})
	if err != nil {
		return err
	}
	defer cifar.Close()
	for range s.runs {
		for _, a := range augmented {
			l, _, err := loader(ctx, set, set.Geometry(augmentedSide, 0), 16, a.ops)
			if err != nil {
				return err
			}
			b, epoch := l.NewBatch(), -1
			f := figure{Part: "augment", By: own, Net: sub.net, Side: augmentedSide, Batch: 16, Threads: 1, Variant: a.name}
			if f.ImagesPerS, err = s.speed(ctx, f.Batch, func() error { epoch++; return l.Fill(epoch, 0, b) }); err != nil {
				return err
			}
			if err := s.keep(f); err != nil {
				return err
			}
		}
		first, err := s.firstPass(ctx, files)
		if err != nil {
			return err
		}
		if err := s.keep(figure{Part: "augment", By: own, Net: sub.net, Side: augmentedSide, Batch: 16, Threads: 1, Variant: fromFiles, ImagesPerS: first}); err != nil {
			return err
		}
		var fs lines
		args := []string{filepath.Join("bench", "augment.py"), "--side", strconv.Itoa(augmentedSide), "--seconds", fmt.Sprint(s.seconds), "--files", files}
		if s.processor {
			args = append(args, "--processor")
		}
		if err := s.command(ctx, nil, &fs, s.python, args...); err != nil {
			return err
		}
		for _, f := range fs {
			f.Net, f.Side, f.Threads = sub.net, augmentedSide, 1
			if err := s.keep(f); err != nil {
				return err
			}
		}
		rates, err := s.epochs(ctx, cifar, cifar.Geometry(0, 4), 128, kept, sub.net)
		if err != nil {
			return err
		}
		for i, variant := range []string{"loader", "from memory", "from the loader"} {
			if err := s.keep(figure{Part: "augment", By: own, Net: sub.net, Side: 32, Batch: 128, Threads: s.threads, Variant: variant, ImagesPerS: rates[i]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstPass is images a second from a folder of JPEG files to the end of the first epoch, on one thread: decoding, hashes, near-duplicates and
// the cache, then crop, flip and normalising.
func (s *session) firstPass(ctx context.Context, dir string) (float64, error) {
	cache, err := os.MkdirTemp(s.dir, "cache")
	if err != nil {
		return 0, err
	}
	start := s.now()
	set, err := data.Open(ctx, data.Folder(dir), data.Options{Size: augmentedSide, Threads: 1, Cache: cache})
	if err != nil {
		return 0, err
	}
	defer set.Close()
	l, _, err := loader(ctx, set, set.Geometry(augmentedSide, 0), 16, zoomed())
	if err != nil {
		return 0, err
	}
	b := l.NewBatch()
	for step := range l.Steps() {
		if err := l.Fill(0, step, b); err != nil {
			return 0, err
		}
	}
	return float64(16*l.Steps()) / (s.now() - start), nil
}

func (fs figures) augmentTable() [][]string {
	rows := [][]string{{"operations", "Assay", "torchvision, tensors", "torchvision, Pillow", "ratio to the better"}}
	of := func(by, name string) figure { return fs.best(figure{Part: "augment", By: by, Variant: name}) }
	row := func(what, name string, mine figure) {
		tensors, pillow := of("torchvision", name), of("torchvision on Pillow", name)
		if mine.ImagesPerS > 0 {
			rows = append(rows, []string{what, rate(mine), rate(tensors), rate(pillow), times(over(mine, figure{ImagesPerS: max(tensors.ImagesPerS, pillow.ImagesPerS)}))})
		}
	}
	for _, a := range augmented {
		row(a.name, a.name, of(own, a.name))
	}
	if first, cached := of(own, fromFiles), of(own, augmented[0].name); first.ImagesPerS > 0 && cached.ImagesPerS > 0 {
		row(fromFiles+", the first epoch", fromFiles, first)
		all := 1/first.ImagesPerS + (epochsFromFiles-1)/cached.ImagesPerS
		row(fmt.Sprintf("%s, %d epochs, reckoned", fromFiles, epochsFromFiles), fromFiles, figure{ImagesPerS: epochsFromFiles / all})
	}
	small := func(variant string) figure { return fs.best(figure{Part: "augment", Side: 32, Variant: variant}) }
	if memory, from := small("from memory"), small("from the loader"); from.ImagesPerS > 0 {
		rows = append(rows, []string{keptName + ": training keeps " + say.Percent(over(from, memory)) + " of " + rate(memory), rate(from), "", "", ""})
	}
	return rows
}
