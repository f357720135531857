package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/atomicfile"
)

// Pixels is every picture of a set, decoded and at the size that training stores, as bytes. With a cache folder it is a file
// that all processes map: written beside, synced, renamed, named after the set's files and the size, checked by a sum.
type Pixels struct {
	entries []entry // by item
	data    []byte
	unmap   func() error
}

// entry is where a picture lies in the file.
type entry struct {
	Offset  uint64
	H, W, C uint32
}

const (
	entryBytes  = 20
	footerBytes = 32
	pixelMagic  = "assaypx1"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// At is the stored picture of an item. Its bytes are shared and must not be written to.
func (p *Pixels) At(item int) augment.Image {
	e := p.entries[item]
	n := uint64(e.H) * uint64(e.W) * uint64(e.C)
	return augment.Image{H: int(e.H), W: int(e.W), C: int(e.C), Pix: p.data[e.Offset : e.Offset+n : e.Offset+n]}
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
// from the cache, or by decoding them now. A picture that can no longer be decoded is an error: the folder has changed.
func (s *Set) Pixels(ctx context.Context, resize [2]int) (*Pixels, error) {
	if resize == [2]int{s.H, s.W} {
		resize = [2]int{} // the same pixels need no second file
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pixels == nil {
		return nil, fmt.Errorf("%s: the set is closed", s.Name)
	}
	if p := s.pixels[resize]; p != nil {
		return p, nil
	}
	path := s.pixelFile(resize)
	if p, err := openPixels(path, len(s.Items)); err == nil {
		s.pixels[resize] = p
		return p, nil
	}
	place := make(map[string]int, len(s.Items))
	for i, it := range s.Items {
		place[it.Name] = i
	}
	p, err := writePixels(path, func(w *pixelWriter) error {
		w.entries = make([]entry, len(s.Items))
		return s.sweep(ctx, place, false, resize, func(r result) (err error) {
			if r.err != nil {
				return fmt.Errorf("%s: %s has changed since it was listed (%w); run again", s.tree.Root, s.Items[r.place].Name, r.err)
			}
			w.entries[r.place], err = w.add(r.image)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	s.pixels[resize] = p
	return p, nil
}

// pixelFile names the cache file of a size (0, 0: the pictures' own), or is empty without a cache.
func (s *Set) pixelFile(resize [2]int) string {
	if s.opt.Cache == "" {
		return ""
	}
	size := "own"
	if resize != [2]int{} {
		size = fmt.Sprintf("%dx%d", resize[0], resize[1])
	}
	return filepath.Join(s.opt.Cache, s.id+"-"+size+".pixels")
}

// writePixels runs fill and returns what it wrote: in the file of that path, or in memory where path is empty.
func writePixels(path string, fill func(*pixelWriter) error) (*Pixels, error) {
	if path == "" {
		var b bytes.Buffer
		w := &pixelWriter{w: &b}
		if err := fill(w); err != nil {
			return nil, err
		}
		return &Pixels{entries: w.entries, data: b.Bytes()}, nil
	}
	n := 0
	err := atomicfile.Write(path, func(f io.Writer) error {
		w := &pixelWriter{w: f}
		if err := fill(w); err != nil {
			return err
		}
		n = len(w.entries)
		return w.finish()
	})
	if err != nil {
		return nil, err
	}
	return openPixels(path, n)
}

// pixelWriter writes the file: all pictures one after the other, then their table, then a footer.
type pixelWriter struct {
	w       io.Writer
	sum     uint32
	at      uint64
	entries []entry // of the pictures in the order of the set, which may not be the order they come in
}

func (w *pixelWriter) add(m augment.Image) (entry, error) {
	e := entry{w.at, uint32(m.H), uint32(m.W), uint32(m.C)}
	return e, w.bytes(m.Pix)
}

func (w *pixelWriter) bytes(b []byte) error {
	w.sum = crc32.Update(w.sum, castagnoli, b)
	w.at += uint64(len(b))
	_, err := w.w.Write(b)
	return err
}

func (w *pixelWriter) finish() error {
	end := w.at
	table := make([]byte, 0, len(w.entries)*entryBytes)
	for _, e := range w.entries {
		table = binary.LittleEndian.AppendUint64(table, e.Offset)
		table = binary.LittleEndian.AppendUint32(table, e.H)
		table = binary.LittleEndian.AppendUint32(table, e.W)
		table = binary.LittleEndian.AppendUint32(table, e.C)
	}
	if err := w.bytes(table); err != nil {
		return err
	}
	footer := binary.LittleEndian.AppendUint64([]byte(pixelMagic), end)
	footer = binary.LittleEndian.AppendUint64(footer, uint64(len(w.entries)))
	footer = binary.LittleEndian.AppendUint64(footer, uint64(w.sum))
	_, err := w.w.Write(footer)
	return err
}

// openPixels maps a cache file of n pictures and checks all of it.
func openPixels(path string, n int) (*Pixels, error) {
	if path == "" {
		return nil, os.ErrNotExist
	}
	b, unmap, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	p, err := parsePixels(b, n)
	if err != nil {
		unmap()
		return nil, err
	}
	p.unmap = unmap
	return p, nil
}

func parsePixels(b []byte, n int) (*Pixels, error) {
	broken := errors.New("a broken pixel cache")
	if len(b) < footerBytes {
		return nil, broken
	}
	body, footer := b[:len(b)-footerBytes], b[len(b)-footerBytes:]
	end, count, sum := binary.LittleEndian.Uint64(footer[8:]), binary.LittleEndian.Uint64(footer[16:]), binary.LittleEndian.Uint64(footer[24:])
	if string(footer[:8]) != pixelMagic || count != uint64(n) || end > uint64(len(body)) || uint64(len(body))-end != count*entryBytes ||
		uint64(crc32.Checksum(body, castagnoli)) != sum {
		return nil, broken
	}
	p := &Pixels{entries: make([]entry, n), data: body[:end]}
	for i := range p.entries {
		t := body[end+uint64(i)*entryBytes:]
		e := entry{binary.LittleEndian.Uint64(t), binary.LittleEndian.Uint32(t[8:]), binary.LittleEndian.Uint32(t[12:]), binary.LittleEndian.Uint32(t[16:])}
		if size := uint64(e.H) * uint64(e.W); e.C != 1 && e.C != 3 || size > 1<<32 || e.Offset > end || size*uint64(e.C) > end-e.Offset {
			return nil, broken
		}
		p.entries[i] = e
	}
	return p, nil
}
