package data

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/atomicfile"
)

// Pixels is every picture of a set, decoded and at the size that training stores, as bytes. With a cache folder it is a file
// that all processes map: written beside, synced, renamed, held by those who use it. It names the contents that it was made
// of, and each picture has a sum of its own, which is checked when the picture is first asked for: no process reads the file
// whole to begin with. A picture that is damaged is decoded again, and the file is removed, so that the next opening makes it
// anew.
type Pixels struct {
	entries []entry // by item; nil where pictures are decoded as they are asked for
	data    []byte
	unmap   func() error // nil in memory
	checked []atomic.Uint32
	mend    func(item int) (augment.Image, error) // decodes a damaged picture again
	mu      sync.Mutex
	mended  map[int]augment.Image
}

// entry is where a picture lies in the file.
type entry struct {
	Offset  uint64
	H, W, C uint32
	Sum     uint32 // CRC-32C of the bytes
}

const (
	entryBytes  = 24
	footerBytes = 48
	pixelMagic  = "assaypx2"
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errPixels  = errors.New("a broken pixel cache")
)

// At is the stored picture of an item. Its bytes are shared and must not be written to. It fails where the picture is damaged
// and its file has changed or cannot be read.
func (p *Pixels) At(item int) (augment.Image, error) {
	if p.entries == nil {
		return p.decoded(item)
	}
	e := &p.entries[item]
	n := uint64(e.H) * uint64(e.W) * uint64(e.C)
	m := augment.Image{H: int(e.H), W: int(e.W), C: int(e.C), Pix: p.data[e.Offset : e.Offset+n : e.Offset+n]}
	if p.checked == nil {
		return m, nil
	}
	word, bit := &p.checked[item/32], uint32(1)<<(item%32)
	if word.Load()&bit != 0 {
		return m, nil
	}
	if crc32.Checksum(m.Pix, castagnoli) == e.Sum {
		word.Or(bit)
		return m, nil
	}
	return p.decoded(item)
}

// decoded is a picture that the file does not hold, or holds damaged.
func (p *Pixels) decoded(item int) (augment.Image, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m, ok := p.mended[item]; ok {
		return m, nil
	}
	m, err := p.mend(item)
	if err == nil {
		p.mended[item] = m
	}
	return m, err
}

// Bytes is the size of all pictures together.
func (p *Pixels) Bytes() int64 { return int64(len(p.data)) }

func (p *Pixels) close() error {
	p.entries, p.data = nil, nil
	if p.unmap == nil {
		return nil
	}
	return p.unmap()
}

// Pixels returns all pictures so resized that they just cover resize (height, width; 0, 0: at their own size): from memory,
// from the cache, or by decoding them now. A picture that can no longer be decoded, or is another one than was listed, is an
// error: the folder has changed.
func (s *Set) Pixels(ctx context.Context, resize [2]int) (*Pixels, error) {
	return s.kept(ctx, augment.Size{H: resize[0], W: resize[1]})
}

// kept is Pixels for any way of coming to a size.
func (s *Set) kept(ctx context.Context, size augment.Size) (*Pixels, error) {
	if size.H == s.H && size.W == s.W || size.H <= 0 || size.W <= 0 {
		size = augment.Size{} // the same pixels need no second file
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pixels == nil {
		return nil, fmt.Errorf("%s: the set is closed", s.Name)
	}
	if p := s.pixels[size]; p != nil {
		return p, nil
	}
	id := contentsID(s.Items, size)
	p, err := s.openPixels(size, id)
	switch {
	case err != nil && s.opt.Look:
		p, err = &Pixels{mended: map[int]augment.Image{}, mend: func(item int) (augment.Image, error) { return s.again(item, size) }}, nil
	case err != nil:
		place := make(map[string]int, len(s.Items))
		for i, it := range s.Items {
			place[it.Name] = i
		}
		p, err = s.writePixels(size, func(w *pixelWriter) ([16]byte, error) {
			w.entries = make([]entry, len(s.Items))
			return id, s.sweep(ctx, place, size, func(r result) (err error) {
				if err := s.unchanged(r); err != nil {
					return err
				}
				w.entries[r.place], err = w.add(r.Image)
				return err
			})
		})
	}
	if err != nil {
		return nil, err
	}
	s.pixels[size] = p
	return p, nil
}

// pixelsOf is kept for whoever asks for these items alone: whoever only looks decodes no others.
func (s *Set) pixelsOf(ctx context.Context, size augment.Size, items []int) (*Pixels, error) {
	p, err := s.kept(ctx, size)
	if err != nil || p.entries != nil {
		return p, err
	}
	p.mu.Lock() // before the set's, as [Pixels.At] has it
	defer p.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []int
	place := map[string]int{}
	for _, i := range items {
		if _, ok := p.mended[i]; !ok {
			place[s.Items[i].Name] = len(missing)
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 {
		return p, nil
	}
	return p, s.sweep(ctx, place, size, func(r result) error {
		r.place = missing[r.place]
		p.mended[r.place] = r.Image
		return s.unchanged(r)
	})
}

// unchanged says whether the picture at a place of Items is the one that was listed there.
func (s *Set) unchanged(r result) error {
	it := s.Items[r.place]
	if r.err == nil && r.hash != it.Hash {
		r.err = errors.New("its content is another")
	}
	if r.err != nil {
		return fmt.Errorf("%s: %s has changed since it was listed (%w); run again", s.tree.Root, it.Name, r.err)
	}
	return nil
}

// again decodes one picture of a cache file that is damaged, which it removes.
func (s *Set) again(item int, size augment.Size) (augment.Image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file := s.pixelFile(size); file != "" && !s.opt.Look {
		os.Remove(file) // those who have it mapped keep it
	}
	var m augment.Image
	err := s.sweep(context.Background(), map[string]int{s.Items[item].Name: 0}, size, func(r result) error {
		m, r.place = r.Image, item
		return s.unchanged(r)
	})
	return m, err
}

// contentsID names what a file of pixels is made of: the contents, in the order of items, their size, and what decodes them.
func contentsID(items []Item, size augment.Size) [16]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d %d%s\n", decoded(), size.H, size.W, size.Fit+Fit(size.Filter))
	for i := range items {
		h.Write(items[i].Hash[:])
	}
	return [16]byte(h.Sum(nil)[:16])
}

// pixelFile names the cache file of a size (0, 0: the pictures' own), or is empty without a cache.
func (s *Set) pixelFile(of augment.Size) string {
	if s.opt.Cache == "" {
		return ""
	}
	size := "own"
	if of != (augment.Size{}) {
		size = fmt.Sprintf("%dx%d%s", of.H, of.W, of.Fit+Fit(of.Filter))
	}
	return filepath.Join(s.opt.Cache, s.id+"-"+s.state+"-"+size+pixelEnding)
}

// writePixels runs fill and returns what it wrote: in the cache, or in memory without one. Fill returns the id of the contents.
func (s *Set) writePixels(size augment.Size, fill func(*pixelWriter) ([16]byte, error)) (*Pixels, error) {
	path := s.pixelFile(size)
	if path == "" {
		var b bytes.Buffer
		w := &pixelWriter{w: &b}
		if _, err := fill(w); err != nil {
			return nil, err
		}
		return &Pixels{entries: w.entries, data: b.Bytes()}, nil
	}
	var id [16]byte
	n := 0
	err := atomicfile.Write(path, func(f io.Writer) (err error) {
		w := &pixelWriter{w: f}
		if id, err = fill(w); err != nil {
			return err
		}
		n = len(w.entries)
		return w.finish(id)
	})
	if err != nil {
		return nil, err
	}
	return s.mapPixels(path, size, id, n)
}

// pixelWriter writes the file: all pictures one after the other, then their table, then a footer.
type pixelWriter struct {
	w       io.Writer
	at      uint64
	entries []entry // of the pictures in the order of the set, which may not be the order they come in
}

func (w *pixelWriter) add(m augment.Image) (entry, error) {
	e := entry{w.at, uint32(m.H), uint32(m.W), uint32(m.C), crc32.Checksum(m.Pix, castagnoli)}
	w.at += uint64(len(m.Pix))
	_, err := w.w.Write(m.Pix)
	return e, err
}

func (w *pixelWriter) finish(id [16]byte) error {
	b := make([]byte, 0, len(w.entries)*entryBytes+footerBytes)
	for _, e := range w.entries {
		b = binary.LittleEndian.AppendUint64(b, e.Offset)
		for _, v := range [...]uint32{e.H, e.W, e.C, e.Sum} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	b = append(b, pixelMagic...)
	b = append(b, id[:]...)
	b = binary.LittleEndian.AppendUint64(b, w.at)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(w.entries)))
	b = binary.LittleEndian.AppendUint64(b, uint64(crc32.Checksum(b, castagnoli)))
	_, err := w.w.Write(b)
	return err
}

// openPixels is the cache file of a size, if it is there, whole, and of these contents.
func (s *Set) openPixels(size augment.Size, id [16]byte) (*Pixels, error) {
	path := s.pixelFile(size)
	if path == "" {
		return nil, os.ErrNotExist
	}
	return s.mapPixels(path, size, id, len(s.Items))
}

func (s *Set) mapPixels(path string, size augment.Size, id [16]byte, n int) (*Pixels, error) {
	b, unmap, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	p, err := parsePixels(b, id, n)
	if err != nil {
		unmap()
		return nil, err
	}
	s.used(path)
	p.unmap, p.mended = unmap, map[int]augment.Image{}
	p.mend = func(item int) (augment.Image, error) { return s.again(item, size) }
	return p, nil
}

// parsePixels checks footer and table of a file, and that every picture lies within it; not the pictures.
func parsePixels(b []byte, id [16]byte, n int) (*Pixels, error) {
	if len(b) < footerBytes {
		return nil, errPixels
	}
	footer := b[len(b)-footerBytes:]
	end, count := binary.LittleEndian.Uint64(footer[24:]), binary.LittleEndian.Uint64(footer[32:])
	body := uint64(len(b) - footerBytes)
	if string(footer[:8]) != pixelMagic || [16]byte(footer[8:24]) != id || count != uint64(n) || end > body || body-end != count*entryBytes ||
		uint64(crc32.Checksum(b[end:len(b)-8], castagnoli)) != binary.LittleEndian.Uint64(footer[40:]) {
		return nil, errPixels
	}
	p := &Pixels{entries: make([]entry, n), data: b[:end], checked: make([]atomic.Uint32, (n+31)/32)}
	for i := range p.entries {
		t := b[end+uint64(i)*entryBytes:]
		u := func(at int) uint32 { return binary.LittleEndian.Uint32(t[at:]) }
		e := entry{binary.LittleEndian.Uint64(t), u(8), u(12), u(16), u(20)}
		if size := uint64(e.H) * uint64(e.W); e.C != 1 && e.C != 3 || size > 1<<32 || e.Offset > end || size*uint64(e.C) > end-e.Offset {
			return nil, errPixels
		}
		p.entries[i] = e
	}
	return p, nil
}
