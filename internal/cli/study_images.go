package cli

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/report"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/train"
)

// sight is what the images of a study of the store tell, nil where nothing.
func sight(st *store.Store, r *study.Result) (*report.Sight, error) {
	album, err := runner.OpenAlbum(st, r.Name)
	if err != nil {
		return nil, err
	}
	return report.See(r, album.Images), nil
}

// mostThumbs bounds what small pictures take of a page, in bytes.
const mostThumbs = 2 << 20

// thumbs are small pictures of images of a set, as a network with those settings sees them, by their hashes, until they take mostThumbs bytes as the page
// holds them. What the set has no more is left out.
func thumbs(ctx context.Context, set *data.Set, e experiment.Experiment, hashes []string) (map[string][]byte, error) {
	learning, err := approach.Learn(e)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, it := range set.Items {
		at[it.Hash.String()] = i
	}
	var items []int
	var found []string
	for _, h := range hashes {
		if i, ok := at[h]; ok {
			items, found = append(items, i), append(found, h)
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	g := train.Geometry(set, learning)
	p, err := set.Preprocess(ctx, items, g)
	if err != nil {
		return nil, err
	}
	loader, err := set.Loader(ctx, items, data.LoaderConfig{Batch: len(items), Preprocess: p, Geometry: g})
	if err != nil {
		return nil, err
	}
	b := loader.NewBatch()
	if err := loader.Fill(0, 0, b); err != nil {
		return nil, err
	}
	by, total := map[string][]byte{}, 0
	size := p.H * p.W * p.C
	for i, h := range found {
		one := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
		for px := range p.H * p.W {
			for c := range 3 {
				k := min(c, p.C-1)
				v := (b.X.Data[i*size+px*p.C+k]*p.Std[k] + p.Mean[k]) * 255
				one.Pix[4*px+c] = byte(min(255, max(0, v+0.5)))
			}
			one.Pix[4*px+3] = 255
		}
		var file bytes.Buffer
		if err := jpeg.Encode(&file, one, &jpeg.Options{Quality: 85}); err != nil {
			return nil, err
		}
		if total += (file.Len() + 2) / 3 * 4; total > mostThumbs {
			break
		}
		by[h] = file.Bytes()
	}
	return by, nil
}

// pictures are thumbs of a set that was opened, or could not be: then the page goes without.
func (e *Env) pictures(ctx context.Context, set *data.Set, err error, x experiment.Experiment, hashes []string) map[string][]byte {
	var by map[string][]byte
	if err == nil && len(hashes) > 0 {
		by, err = thumbs(ctx, set, x, hashes)
	}
	if err != nil {
		e.note("The report is without pictures: %s", err)
	}
	return by
}

// stored are pictures for a study of the store, if its data are where they were.
func (e *Env) stored(ctx context.Context, st *store.Store, name string, hashes []string) map[string][]byte {
	held, err := st.Study(name)
	if err != nil || len(hashes) == 0 {
		return nil
	}
	x, err := runner.Base(held)
	if err != nil {
		return e.pictures(ctx, nil, err, x, hashes)
	}
	set, err := data.Open(ctx, x.Data.Spec, data.Options{Cache: e.cacheDir(), Look: true, Threads: e.Threads})
	if err == nil {
		defer set.Close()
	}
	return e.pictures(ctx, set, err, x, hashes)
}

// printSight prints what the images of a study tell.
func (e *Env) printSight(s *report.Sight) {
	e.paragraph("", "%s", s.Looked())
	for _, l := range s.Found() {
		e.print("  %s\n", l)
	}
	t := columns{head: []string{"class", ">images", ">baseline"}}
	if s.Compared != "" {
		t.head = append(t.head, ">"+s.Compared)
	}
	for _, c := range s.Shares {
		cells := []string{c.Class, thousands(c.Images), fmt.Sprintf("%.0f %%", c.Baseline)}
		if s.Compared != "" {
			cells = append(cells, fmt.Sprintf("%.0f %%", c.Compared))
		}
		t.add(cells...)
	}
	e.print("\n")
	e.table(t)
	for _, c := range s.Confusions {
		e.print("\n%s takes, over all its repeats, at a %s\n", e.bold(c.Arm), c.Says())
		for _, l := range c.Mistakes(s.Classes, 8) {
			e.print("  %s\n", l)
		}
	}
	most := 10
	if e.Verbose || !e.Terminal {
		most = 1 << 30
	}
	for _, list := range []struct {
		head string
		of   []report.Seen
	}{
		{"wrong in every repeat, by every arm", s.Always},
		{"right by " + s.Compared + " in every repeat, wrong by the baseline in every one", s.Won},
		{"the other way round", s.Lost},
	} {
		if len(list.of) == 0 {
			continue
		}
		e.print("\n%s\n", e.bold(list.head))
		for i, p := range list.of {
			if i == most {
				e.print("%s\n", e.dim(plural(len(list.of)-most, "more picture")+"; -v lists all"))
				break
			}
			e.print("  %s: %s, taken for %s\n", p.File, p.Class, p.Taken)
		}
	}
}
