package data

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/pixel"
	"github.com/assaylab/assay/tensor"
)

// Geometry is what happens to a picture's size on its way to the network.
type Geometry struct {
	Resize [2]int         // height, width that the picture is resized to; 0, 0: left at its own size
	H, W   int            // of the window that the network sees
	Fit    Fit            // how it comes to Resize; "": it just covers it, its aspect kept
	Filter augment.Filter // by which it is resized and its centre found
}

// Framing is how pictures are to be resized and cut, as weights are used to. The zero Framing is what a set has by itself.
type Framing struct {
	Share  float64        // of the side of a picture as it is kept that the window is, (0,1]; 0: 8/9
	Filter augment.Filter //
}

// Kept is the side of a picture as it is kept for a window.
func (f Framing) Kept(window int) int {
	if f.Share == 0 {
		return Kept(window)
	}
	return int(math.Round(float64(window) / f.Share))
}

// Fit is how a picture comes to a size: the zero Fit covers it, its aspect kept, as classifiers see.
type Fit = augment.Fit

// The fits of boxed sets.
const (
	Letterbox = augment.Letterbox // lies in it whole, its aspect kept: the longer side is the window's, the rest has the mean colour
	Stretch   = augment.Stretch   // is made exactly as large
)

// margin is how much larger than the window pictures are kept: 144 for 128, the rule of Mishkin, Sergievskiy, Matas,
// "Systematic evaluation of convolution neural network advances on the ImageNet", CVIU 2017, arXiv:1606.02228, §2.
const margin = 1.125

// size is what pictures are kept at.
func (g Geometry) size() augment.Size {
	if g.Resize == [2]int{} {
		return augment.Size{}
	}
	return augment.Size{H: g.Resize[0], W: g.Resize[1], Fit: g.Fit, Filter: g.Filter}
}

// Kept is the side of a picture as it is kept for a window.
func Kept(window int) int { return int(math.Round(margin * float64(window))) }

// defaultSide is the window of pictures whose sizes differ, that study's too; ownSide is the largest side at which a set
// of one size is taken as it is.
const (
	defaultSide = 128
	ownSide     = 256
)

// Geometry says how the set is seen through a square window of the given size (0: a set of one size is seen whole, up to 256
// pixels a side; others through 128). Where the window is the picture it is left as it is, and so it is with pad, pixels that
// a crop adds on every side; else pictures are kept 1.125 times as large as the window, so that it has room to move.
//
// Of a boxed set pictures are seen whole, as its Fit says, at the size of the window, which is 416 where none is given, but for a set of
// one size whose sides are multiples of 32.
func (s *Set) Geometry(size, pad int) Geometry { return s.Framed(size, pad, Framing{}) }

// Framed is Geometry in a framing: where pictures are kept larger than the window, as much as it says, and resized by its filter.
func (s *Set) Framed(size, pad int, f Framing) Geometry { return s.geometry(s.H, s.W, size, pad, f) }

func (s *Set) geometry(h, w, size, pad int, f Framing) Geometry {
	if s.Boxed {
		g := s.whole(h, w, size)
		g.Filter = f.Filter
		return g
	}
	if size <= 0 {
		if h > 0 && max(h, w) <= ownSide {
			return Geometry{H: h, W: w, Filter: f.Filter}
		}
		size = defaultSide
	}
	g := Geometry{H: size, W: size, Filter: f.Filter}
	side := f.Kept(size)
	if pad > 0 || h == size && w == size {
		side = size
	}
	if h != side || w != side {
		g.Resize = [2]int{side, side}
	}
	return g
}

// boxedSide is the window of pictures with boxes: Redmon, Farhadi, "YOLO9000", CVPR 2017, arXiv:1612.08242, §2. Detectors halve what they
// see five times, so that windows are multiples of boxedStep.
const (
	boxedSide = 416
	boxedStep = 32
)

// whole is the geometry of pictures with boxes.
func (s *Set) whole(h, w, size int) Geometry {
	g := Geometry{H: size, W: size, Fit: cmp.Or(s.spec.Fit, Letterbox)}
	switch own := h > 0 && max(h, w) <= ownSide && h%boxedStep == 0 && w%boxedStep == 0; {
	case size <= 0 && own:
		g.H, g.W = h, w
	case size <= 0:
		g.H, g.W = boxedSide, boxedSide
	}
	if h != g.H || w != g.W {
		g.Resize = [2]int{g.H, g.W}
	}
	return g
}

// Preprocess turns a picture into a network's input. It is made from training images, travels with the model as JSON, and is
// all that evaluation and prediction do to a picture.
type Preprocess struct {
	H      int       `json:"h"` // the network's input: height, width, channels (1 or 3)
	W      int       `json:"w"`
	C      int       `json:"c"`
	Resize [2]int    `json:"resize"` // height, width that a picture is resized to just cover before its centre is cut out
	Mean   []float32 `json:"mean"`   // by channel, of training images, on a scale from 0 (black) to 1
	Std    []float32 `json:"std"`    // standard deviation, likewise

	Fit    Fit            `json:"fit,omitempty"`    // how a picture comes to Resize; "": it just covers it
	Views  Views          `json:"views,omitempty"`  // of each picture, in evaluation and prediction; "": the centre
	Space  augment.Space  `json:"space,omitempty"`  // that colours are told in; "": as they are, or their brightness where C is 1
	Filter augment.Filter `json:"filter,omitempty"` // by which it is resized and its centre cut out; "": this program's own
}

// Framing is how pictures are resized and cut, of one whose window is square; where they are seen whole, or the window is not, it has a
// filter alone.
func (p Preprocess) Framing() Framing {
	f := Framing{Filter: p.Filter}
	if p.H == p.W && p.Resize[0] == p.Resize[1] && p.Resize[0] > p.H && p.Resize[0] != Kept(p.H) {
		f.Share = float64(p.H) / float64(p.Resize[0])
	}
	return f
}

// Preprocess measures mean and standard deviation of the given items (of training images, of the pictures as they are
// stored for that geometry) and returns what turns a picture into the network's input.
func (s *Set) Preprocess(ctx context.Context, items []int, g Geometry) (Preprocess, error) {
	return s.PreprocessIn(ctx, items, g, augment.SpaceRGB)
}

// PreprocessIn is Preprocess for colours that are told in a space.
func (s *Set) PreprocessIn(ctx context.Context, items []int, g Geometry, space augment.Space) (Preprocess, error) {
	channels := space.Channels(s.C)
	p := Preprocess{H: g.H, W: g.W, C: channels, Resize: g.Resize, Fit: g.Fit, Filter: g.Filter, Mean: make([]float32, channels), Std: make([]float32, channels)}
	if space != augment.SpaceRGB && space != augment.SpaceGrey {
		p.Space = space
	}
	if p.Resize == [2]int{} { // a new picture may have any size
		p.Resize = [2]int{max(s.H, g.H), max(s.W, g.W)}
	}
	if len(items) == 0 {
		return p, fmt.Errorf("%s: no images to take the mean of", s.Name)
	}
	pixels, err := s.pixelsOf(ctx, g.size(), items)
	if err != nil {
		return p, err
	}
	var room augment.Sight
	var bright []byte
	var n int64
	var sum, square [3]int64 // whole numbers, exact below 10^14 pixels: the order of the images changes no bit
	for _, i := range items {
		m, err := pixels.At(i)
		if err != nil {
			return p, err
		}
		m, _ = p.Space.See(m, augment.Window{H: m.H, W: m.W}, &room)
		if m.C == 3 && channels == 1 {
			bright = bright[:0]
			for at := 0; at+2 < len(m.Pix); at += 3 {
				bright = append(bright, byte(luma(uint32(m.Pix[at]), uint32(m.Pix[at+1]), uint32(m.Pix[at+2]))))
			}
			m.C, m.Pix = 1, bright
		}
		ofSum, ofSquare := pixel.Best().Sums(m.Pix, m.C)
		for c := range channels {
			sum[c] += ofSum[c%m.C] // grey counts for every channel
			square[c] += ofSquare[c%m.C]
		}
		n += int64(m.H) * int64(m.W)
	}
	for c := range channels {
		mean := float64(sum[c]) / float64(n)
		// The conversion keeps a processor from fusing product and difference, so that all of them find the same bits.
		variance := float64(square[c])/float64(n) - float64(mean*mean)
		p.Mean[c] = float32(mean / 255)
		p.Std[c] = float32(max(1, math.Sqrt(max(0, variance))) / 255) // black pictures alone must not divide by 0
	}
	return p, nil
}

// Geometry is what happens to the size of a picture.
func (p Preprocess) Geometry() Geometry { return Geometry{p.Resize, p.H, p.W, p.Fit, p.Filter} }

// Normalizes reports whether values from 0 to 1 are others for the network: by a mean that is not 0 or a deviation that is not 1.
func (p Preprocess) Normalizes() bool {
	return slices.ContainsFunc(p.Mean, func(v float32) bool { return v != 0 }) || slices.ContainsFunc(p.Std, func(v float32) bool { return v != 1 })
}

// Check says what is wrong with a Preprocess that comes from a file.
func (p Preprocess) Check() error {
	bad := p.H < 1 || p.W < 1 || p.H > 1<<14 || p.W > 1<<14 || p.C != 1 && p.C != 3 || p.Resize[0] < 0 || p.Resize[1] < 0 ||
		max(p.Resize[0], p.Resize[1]) > 1<<14 || len(p.Mean) != p.C || p.Fit != "" && p.Fit != Letterbox && p.Fit != Stretch || len(p.Std) != p.C || p.Views != "" && !slices.Contains(AllViews(), p.Views) || p.Space != "" && !slices.Contains(augment.Spaces(), p.Space) ||
		p.Filter != augment.Own && !slices.Contains(augment.Filters(), p.Filter)
	for c := range min(len(p.Mean), len(p.Std)) {
		bad = bad || !(p.Std[c] > 0) || math.IsInf(float64(p.Std[c]), 0) || !(math.Abs(float64(p.Mean[c])) < math.MaxFloat32)
	}
	if bad {
		return fmt.Errorf("preprocessing that is impossible: %+v; the model file is broken", p)
	}
	return nil
}

// File reads a picture file as the network's input, [V,H,W,C], a row for each of the views. The error begins with the file's name.
func (p Preprocess) File(path string) (*tensor.Tensor, error) {
	x, _, err := p.FileSeen(path)
	return x, err
}

// FileSeen is File with where the window of the first view lies on the picture, which has no objects.
func (p Preprocess) FileSeen(path string) (*tensor.Tensor, Frame, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, Frame{}, fmt.Errorf("%s: no such picture; check the path", path)
		}
		return nil, Frame{}, err
	}
	defer f.Close()
	size := int64(-1)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	b, release, err := format.ReadFile(f, size)
	if err != nil {
		if p, ok := errors.AsType[*fs.PathError](err); ok { // it has the path
			return nil, Frame{}, p
		}
		return nil, Frame{}, fmt.Errorf("%s: cannot be read: %w", path, err)
	}
	defer release()
	x, frame, err := p.PictureSeen(b)
	if err != nil {
		return nil, Frame{}, fmt.Errorf("%s: %w", path, err)
	}
	return x, frame, nil
}

// Picture is File for the bytes of a file.
func (p Preprocess) Picture(file []byte) (*tensor.Tensor, error) {
	x, _, err := p.PictureSeen(file)
	return x, err
}

// PictureSeen is FileSeen for the bytes of a file.
func (p Preprocess) PictureSeen(file []byte) (*tensor.Tensor, Frame, error) {
	if err := p.Check(); err != nil {
		return nil, Frame{}, err
	}
	m, err := format.ReadAs(file, p.Geometry().size())
	if err != nil {
		return nil, Frame{}, err
	}
	h, w := p.Input()
	x, size := tensor.New(p.Views.Count(), h, w, p.C), h*w*p.C
	var room augment.Sight
	frame := frameOf(m.OwnH, m.OwnW, m.H, m.W, p.window(0, m.H, m.W, h, w))
	for k := range p.Views.Count() {
		seen, win := p.Space.See(m.Image, p.window(k, m.H, m.W, h, w), &room)
		p.scale().fill(x.Data[k*size:(k+1)*size], seen, win)
	}
	return x, frame, nil
}

// scale is (v/255 - mean) / std for every byte v, by channel.
type scale struct {
	table [3][256]float32
	space augment.Space
}

// sight is one picture on its way to the network, with room for all that is made of it.
type sight struct {
	augment.Sample
	room  augment.Sight
	h, w  int           // of the stored picture
	boxes []augment.Box // in it
}

func (p Preprocess) scale() *scale {
	s := &scale{space: p.Space}
	for c := range s.table {
		mean, std := p.Mean[min(c, p.C-1)], p.Std[min(c, p.C-1)]
		for v := range s.table[c] {
			s.table[c][v] = (float32(v)/255 - mean) / std
		}
	}
	return s
}

// show writes what operations make of a picture as numbers [H,W,C]; what has the mean colour, covered or beyond the picture, is 0.
func (s *scale) show(dst []float32, m augment.Image, sample *sight) {
	m, win, spans := sample.Render(m)
	m, win = s.space.See(m, win, &sample.room)
	s.fill(dst, m, win)
	c := len(dst) / (win.H * win.W)
	for y, span := range spans {
		row := dst[y*win.W*c : (y+1)*win.W*c]
		clear(row[:span.X0*c])
		clear(row[span.X1*c:])
	}
	for _, r := range sample.Regions() {
		for y := range r.H {
			row := dst[((r.Y+y)*win.W+r.X)*c:][:r.W*c]
			ink := sample.Painted(r, y, c)
			if ink == nil {
				clear(row)
				continue
			}
			for k := range row {
				row[k] = s.table[k%c][ink[k]]
			}
		}
	}
}

// fill writes the window of a picture as numbers [H,W,C], C from the length of dst. Grey becomes three equal channels where
// the network has three, colour its brightness where it has one; beyond the picture lies 0, the mean.
func (s *scale) fill(dst []float32, m augment.Image, win augment.Window) {
	c := len(dst) / (win.H * win.W)
	x0, x1 := max(0, -win.X), min(win.W, m.W-win.X) // the columns of the window that lie in the picture
	if win.Y < 0 || win.Y+win.H > m.H || x0 > 0 || x1 < win.W {
		clear(dst)
	}
	if x0 >= x1 {
		return
	}
	for y := max(0, -win.Y); y < min(win.H, m.H-win.Y); y++ {
		src := m.Pix[((win.Y+y)*m.W+win.X+x0)*m.C:][:(x1-x0)*m.C]
		row := dst[y*win.W*c : (y+1)*win.W*c]
		at, step := x0*c, c
		if win.Flip {
			at, step = (win.W-1-x0)*c, -c
		}
		switch {
		case m.C == 3 && c == 3:
			r, g, b := &s.table[0], &s.table[1], &s.table[2]
			for ; len(src) >= 3; src = src[3:] {
				out := row[at : at+3 : at+3]
				out[0], out[1], out[2] = r[src[0]], g[src[1]], b[src[2]]
				at += step
			}
		case m.C == 1 && c == 1:
			t := &s.table[0]
			for _, v := range src {
				row[at] = t[v]
				at += step
			}
		case m.C == 1:
			for _, v := range src {
				row[at], row[at+1], row[at+2] = s.table[0][v], s.table[1][v], s.table[2][v]
				at += step
			}
		default:
			for ; len(src) >= 3; src = src[3:] {
				row[at] = s.table[0][luma(uint32(src[0]), uint32(src[1]), uint32(src[2]))]
				at += step
			}
		}
	}
}

// luma is the brightness of a colour by ITU-R BT.601.
func luma(r, g, b uint32) uint32 { return (19595*r + 38470*g + 7471*b + 1<<15) >> 16 }
