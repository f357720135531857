package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The binary form of CIFAR: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. A record is one label
// byte (CIFAR-10) or two (CIFAR-100: coarse, then fine), then 1024 red, 1024 green and 1024 blue bytes, 32x32 row by row.
const (
	cifarSide  = 32
	cifarPlane = cifarSide * cifarSide

	maxCIFARBytes = 512 << 20 // of a file, three times the largest that is published (CIFAR-100's train.bin)
)

var cifar10Classes = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// CIFAR reads records with the given number of label bytes (1 or 2; the last is the label), checks that every label is below
// classes, and calls visit with each image, [32,32,3], whose bytes hold until visit returns.
func CIFAR(r io.Reader, labelBytes, classes int, visit func(label int32, pixels []byte) error) error {
	return cifar(r, cifarSide, labelBytes, classes, visit)
}

func cifar(r io.Reader, side, labelBytes, classes int, visit func(label int32, pixels []byte) error) error {
	plane := side * side
	rec, pixels := make([]byte, labelBytes+3*plane), make([]byte, 3*plane)
	for i := 0; ; i++ {
		if i*len(rec) > maxCIFARBytes {
			return fmt.Errorf("more than %d MiB of records; this is no CIFAR file", maxCIFARBytes>>20)
		}
		switch n, err := io.ReadFull(r, rec); {
		case err == io.EOF && i > 0:
			return nil
		case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("%d bytes are no whole number of records of %d bytes; fetch it again", i*len(rec)+n, len(rec))
		case err != nil:
			return fmt.Errorf("a broken file: %s", reason(err))
		}
		label := int32(rec[labelBytes-1])
		if int(label) >= classes {
			return fmt.Errorf("record %d has label %d of %d classes; this is no CIFAR file or a broken one", i, label, classes)
		}
		planes := rec[labelBytes:]
		for p := range plane {
			pixels[3*p], pixels[3*p+1], pixels[3*p+2] = planes[p], planes[plane+p], planes[2*plane+p]
		}
		if err := visit(label, pixels); err != nil {
			return err
		}
	}
}

var (
	cifar10Name  = regexp.MustCompile(`^(data_batch(_\d+)?|test_batch)\.bin(\.gz)?$`)
	cifar100Name = regexp.MustCompile(`^(train|test)\.bin(\.gz)?$`)
)

func isCIFAR(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return cifar10Name.MatchString(path.Base(n)) || cifar100Name.MatchString(path.Base(n))
	})
}

// readCIFARFiles reads data_batch*.bin and test_batch.bin (CIFAR-10, classes from batches.meta.txt) or train.bin and
// test.bin (CIFAR-100, classes from fine_label_names.txt), gzip or not.
func readCIFARFiles(ctx context.Context, t *Tree, names []string) (*Records, error) {
	binary, meta, labelBytes, classes := cifar10Name, "batches.meta.txt", 1, 10
	rec := &Records{H: cifarSide, W: cifarSide, C: 3, Classes: cifar10Classes}
	if !slices.ContainsFunc(names, func(n string) bool { return binary.MatchString(path.Base(n)) }) {
		binary, meta, labelBytes, classes = cifar100Name, "fine_label_names.txt", 2, 100
		rec.Classes = nil
	}
	type batch struct {
		images stack
		labels []int32
	}
	left := spare()
	batches := map[string]batch{}
	want := func(n string) bool { return binary.MatchString(path.Base(n)) || path.Base(n) == meta }
	err := readFiles(ctx, t, want, func(name string, r io.Reader) (err error) {
		if path.Base(name) == meta {
			rec.Classes, err = readNames(r)
			return err
		}
		b := batch{images: stack{size: 3 * cifarPlane, left: left}}
		err = CIFAR(r, labelBytes, classes, func(label int32, pixels []byte) error {
			to, err := b.images.next()
			copy(to, pixels)
			b.labels = append(b.labels, label)
			return err
		})
		batches[name] = b
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range names { // in the order of the names, whatever the archive's
		b, ok := batches[name]
		if !ok {
			continue
		}
		split := Train
		if strings.HasPrefix(path.Base(name), "test") {
			split = Test
		}
		rec.add(name, split, b.images, b.labels)
		delete(batches, name)
	}
	return rec, nil
}
