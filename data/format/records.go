package format

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"
)

// Records are images that come as raw bytes, all of one size: H x W pixels of C channels, [H,W,C] each, one after another.
type Records struct {
	H, W, C int
	Classes []string // may hold no name for a label: then its number is its name
	Names   []string // of each image: file and number, as in data_batch_1/00017
	Labels  []int32
	Splits  []Split
	Pixels  []byte
}

// maxRecordBytes bounds the unpacked size of one file of records: twice the largest that is published (EMNIST by class).
const maxRecordBytes = 2 << 30

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
		for label := len(r.Classes); ; label++ { // labels beyond the names that a file gave
			beyond := false
			for _, l := range r.Labels {
				beyond = beyond || int(l) >= label
			}
			if !beyond {
				return r, nil
			}
			r.Classes = append(r.Classes, fmt.Sprint(label))
		}
	}
	return nil, fmt.Errorf("%s: no IDX and no CIFAR files", t.Root)
}

// add appends the images of one file.
func (r *Records) add(name string, split Split, pixels []byte, labels []int32) {
	stem := path.Base(name)
	stem, _, _ = strings.Cut(stem, ".")
	for i := range labels {
		r.Names = append(r.Names, fmt.Sprintf("%s/%05d", stem, i))
		r.Splits = append(r.Splits, split)
	}
	r.Labels = append(r.Labels, labels...)
	r.Pixels = append(r.Pixels, pixels...)
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
