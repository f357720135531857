package format

import (
	"context"
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
)

var cifar10Classes = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// CIFAR reads records with the given number of label bytes (1 or 2; the last is the label) and checks that every label is
// below classes. Pixels come back as [N,32,32,3].
func CIFAR(r io.Reader, labelBytes, classes int) (pixels []byte, labels []int32, err error) {
	raw, err := ReadAll(r, maxRecordBytes)
	if err != nil {
		return nil, nil, fmt.Errorf("a broken file: %s", reason(err))
	}
	size := labelBytes + 3*cifarPlane
	if len(raw) == 0 || len(raw)%size != 0 {
		return nil, nil, fmt.Errorf("%d bytes are no whole number of records of %d bytes; fetch it again", len(raw), size)
	}
	n := len(raw) / size
	pixels, labels = make([]byte, n*3*cifarPlane), make([]int32, n)
	for i := range n {
		rec := raw[i*size : (i+1)*size]
		if labels[i] = int32(rec[labelBytes-1]); int(labels[i]) >= classes {
			return nil, nil, fmt.Errorf("record %d has label %d of %d classes; this is no CIFAR file or a broken one", i, labels[i], classes)
		}
		planes, out := rec[labelBytes:], pixels[i*3*cifarPlane:(i+1)*3*cifarPlane]
		for p := range cifarPlane {
			out[3*p], out[3*p+1], out[3*p+2] = planes[p], planes[cifarPlane+p], planes[2*cifarPlane+p]
		}
	}
	return pixels, labels, nil
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
		pixels []byte
		labels []int32
	}
	batches := map[string]batch{}
	want := func(n string) bool { return binary.MatchString(path.Base(n)) || path.Base(n) == meta }
	err := readFiles(ctx, t, want, func(name string, r io.Reader) (err error) {
		if path.Base(name) == meta {
			rec.Classes, err = readNames(r)
			return err
		}
		var b batch
		b.pixels, b.labels, err = CIFAR(r, labelBytes, classes)
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
		rec.add(name, split, b.pixels, b.labels)
		delete(batches, name)
	}
	return rec, nil
}
