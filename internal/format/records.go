package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/memory"
)

// Records are images that come as raw bytes, all of one size: H x W pixels of C channels.
type Records struct {
	H, W, C int
	Classes []string // may hold no name for a label: then its number is its name
	Names   []string // of each image: file and number, as in data_batch_1/00017
	Labels  []int32
	Splits  []Split
	files   []stack // in the order of the images
}

// At is image i, [H,W,C]. Its bytes are shared and must not be written to.
func (r *Records) At(i int) augment.Image {
	m := augment.Image{H: r.H, W: r.W, C: r.C}
	for _, f := range r.files {
		if i < f.n {
			size, per := r.H*r.W*r.C, f.per
			m.Pix = f.chunks[i/per][i%per*size:][:size:size]
			break
		}
		i -= f.n
	}
	return m
}

// stack holds the images of one file in chunks of so many bytes that none is ever moved to grow, and that a header which lies
// costs no more than what follows it.
type stack struct {
	size   int // bytes of an image
	per    int // images in a chunk
	n      int
	chunks [][]byte
	left   *int64 // bytes that all files of the set may still take
}

// chunkBytes is the size of a chunk that holds more than one image.
const chunkBytes = 8 << 20

// maxRecordBytes bounds what a file of records declares: twice the largest that is published (EMNIST by class); and
// maxImageBytes one image of it.
const (
	maxRecordBytes = 2 << 30
	maxImageBytes  = 64 << 20
)

// next is the room of one more image.
func (s *stack) next() ([]byte, error) {
	if s.per == 0 {
		s.per = max(1, chunkBytes/max(1, s.size))
	}
	if s.n%s.per == 0 {
		if *s.left -= int64(s.per * s.size); *s.left < 0 {
			return nil, errors.New("more images than the memory that is free holds; use fewer of the files, or a machine with more memory")
		}
		s.chunks = append(s.chunks, make([]byte, 0, s.per*s.size))
	}
	last := &s.chunks[len(s.chunks)-1]
	*last = (*last)[:len(*last)+s.size]
	s.n++
	return (*last)[len(*last)-s.size:], nil
}

// spare is what a set of records may take: half of the memory that is free, 2 GiB where nobody knows.
func spare() *int64 {
	n := memory.Free() / 2
	if n <= 0 {
		n = 2 << 30
	}
	return &n
}

// recordFormats are the formats of raw records, told by the names of their files, in the order they are tried.
var recordFormats = []struct {
	detect func(names []string) bool
	read   func(ctx context.Context, t *Tree, names []string) (*Records, error)
}{
	{isIDX, readIDXFiles},
	{isCIFAR, readCIFARFiles},
}

// FindRecords says whether the names hold IDX or CIFAR files.
func FindRecords(names []string) bool {
	for _, f := range recordFormats {
		if f.detect(names) {
			return true
		}
	}
	return false
}

// ReadRecords reads the IDX or CIFAR files of a tree: every image of it, in memory. Errors begin with the file's name.
func ReadRecords(ctx context.Context, t *Tree, names []string) (*Records, error) {
	for _, f := range recordFormats {
		if !f.detect(names) {
			continue
		}
		r, err := f.read(ctx, t, names)
		if err != nil {
			return nil, err
		}
		most := int32(-1)
		for _, l := range r.Labels {
			most = max(most, l)
		}
		for label := len(r.Classes); label <= int(most); label++ { // beyond the names that a file gave
			r.Classes = append(r.Classes, fmt.Sprint(label))
		}
		return r, nil
	}
	return nil, fmt.Errorf("%s: no IDX and no CIFAR files", t.Root)
}

// add appends the images of one file.
func (r *Records) add(name string, split Split, images stack, labels []int32) {
	stem := path.Base(name)
	stem, _, _ = strings.Cut(stem, ".")
	for i := range labels {
		r.Names = append(r.Names, fmt.Sprintf("%s/%05d", stem, i))
		r.Splits = append(r.Splits, split)
	}
	r.Labels = append(r.Labels, labels...)
	r.files = append(r.files, images)
}

// readFiles calls parse for each wanted file, unpacked, and puts its name before its error.
func readFiles(ctx context.Context, t *Tree, want func(string) bool, parse func(name string, r io.Reader) error) error {
	return t.Each(ctx, want, func(name string, _ int64, r io.Reader) error {
		z, err := Gunzip(r)
		if err == nil {
			err = parse(name, z)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path.Join(t.Root, name), err)
		}
		return nil
	})
}

// readNames reads class names, one a line.
func readNames(r io.Reader) ([]string, error) {
	text, err := ReadAll(r, 1<<20)
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			names = append(names, line)
		}
	}
	return names, nil
}
