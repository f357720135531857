package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
)

// IDX is MNIST's format, LeCun, Cortes, Burges, "The MNIST database of handwritten digits": two zero bytes, a type (8 is an
// unsigned byte), the number of extents, each extent as a big-endian uint32, then the bytes, the last extent fastest. It
// reads the header and returns the extents, whose product is at most 2^31; the bytes
// follow in r.
func IDX(r io.Reader) (extents []int, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, errors.New("not an IDX file, it ends within its header")
	}
	rank := int(head[3])
	if head[0] != 0 || head[1] != 0 || rank < 1 || rank > 4 {
		return nil, fmt.Errorf("not an IDX file, it begins with %q", head[:])
	}
	if head[2] != 8 {
		return nil, fmt.Errorf("IDX of type 0x%02x; unsigned bytes (0x08) are read", head[2])
	}
	total := int64(1)
	for range rank {
		var b [4]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, errors.New("not an IDX file, it ends within its header")
		}
		n := int64(binary.BigEndian.Uint32(b[:]))
		if total *= n; total > maxRecordBytes { // total stays below 2^31, so the product below 2^63
			return nil, fmt.Errorf("IDX that declares more than %d MiB", maxRecordBytes>>20)
		}
		extents = append(extents, int(n))
	}
	return extents, nil
}

// idxName tells image files (train-images-idx3-ubyte.gz, t10k-images.idx3-ubyte ...) and their labels.
var idxName = regexp.MustCompile(`^(.*?)-?(images|labels)[-.]idx[134]-ubyte(\.gz)?$`)

func isIDX(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return idxName.MatchString(path.Base(n)) })
}

// readIDXFiles joins the pairs of image and label files. The pair named train is the training part, test or t10k the test
// part; classes.txt beside them names the classes, one a line.
func readIDXFiles(ctx context.Context, t *Tree, names []string) (*Records, error) {
	type part struct {
		extents   []int
		images    stack
		labels    []byte
		labelFile string
	}
	parts, left := map[string]*part{}, spare()
	rec := &Records{}
	want := func(n string) bool { return idxName.MatchString(path.Base(n)) || path.Base(n) == "classes.txt" }
	err := readFiles(ctx, t, want, func(name string, r io.Reader) (err error) {
		m := idxName.FindStringSubmatch(path.Base(name))
		if m == nil {
			rec.Classes, err = readNames(r)
			return err
		}
		extents, err := IDX(r)
		if err != nil {
			return err
		}
		key := path.Join(path.Dir(name), m[1])
		if parts[key] == nil {
			parts[key] = &part{}
		}
		p := parts[key]
		switch {
		case m[2] == "labels" && len(extents) == 1:
			p.labelFile = name
			p.labels, err = io.ReadAll(io.LimitReader(r, int64(extents[0])))
			return whole(extents, int64(len(p.labels)), err)
		case m[2] == "images" && (len(extents) == 3 || len(extents) == 4 && (extents[3] == 1 || extents[3] == 3)):
			p.extents = append(extents, 1)[:4]
			size := p.extents[1] * p.extents[2] * p.extents[3]
			switch {
			case size == 0 && p.extents[0] > 0:
				return errors.New("images without pixels; fetch it again")
			case size > maxImageBytes:
				return fmt.Errorf("IDX with images of %d MiB; give them as pictures in folders", size>>20)
			}
			p.images = stack{size: size, left: left}
			for i := range p.extents[0] {
				to, err := p.images.next()
				if err != nil {
					return err
				}
				if n, err := io.ReadFull(r, to); err != nil {
					return whole(extents, int64(i*size+n), err)
				}
			}
			return nil
		}
		return fmt.Errorf("%s with %d extents; labels have 1, images 3, or 4 with the channels (1 or 3) last", m[2], len(extents))
	})
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(parts))
	for key := range parts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		p, where := parts[key], path.Join(t.Root, key)
		switch {
		case p.extents == nil || p.labels == nil:
			return nil, fmt.Errorf("%s: images without labels or labels without images; put both files side by side", where)
		case p.extents[0] != len(p.labels):
			return nil, fmt.Errorf("%s: %d images and %d labels; fetch both files again", where, p.extents[0], len(p.labels))
		case rec.H == 0:
			rec.H, rec.W, rec.C = p.extents[1], p.extents[2], p.extents[3]
		case rec.H != p.extents[1] || rec.W != p.extents[2] || rec.C != p.extents[3]:
			return nil, fmt.Errorf("%s: images of %dx%dx%d beside images of %dx%dx%d; keep one size in a folder",
				where, p.extents[1], p.extents[2], p.extents[3], rec.H, rec.W, rec.C)
		}
		split := splitOf(path.Base(key))
		if path.Base(key) == "t10k" {
			split = Test
		}
		labels := make([]int32, len(p.labels))
		for i, l := range p.labels {
			labels[i] = int32(l)
		}
		rec.add(path.Base(key), split, p.images, labels)
	}
	var used [256]bool
	for _, l := range rec.Labels {
		used[l] = true
	}
	for _, key := range keys {
		for i, l := range parts[key].labels {
			lower := int(l) - 1
			for lower >= 0 && !used[lower] {
				lower--
			}
			if lower >= 0 && lower < int(l)-1 && int(l) >= len(rec.Classes) { // one label out of place must not make up the classes between
				return nil, fmt.Errorf("%s: record %d has label %d, and the next lower label is %d; mend it, or name the classes up to it in classes.txt",
					path.Join(t.Root, parts[key].labelFile), i, l, lower)
			}
		}
	}
	return rec, nil
}

// whole is nil where a file holds the bytes that its extents declare.
func whole(extents []int, got int64, err error) error {
	total := int64(1)
	for _, n := range extents {
		total *= int64(n)
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("a broken file: %s", reason(err))
	case got < total:
		return fmt.Errorf("IDX that declares %d bytes and holds %d; fetch it again", total, got)
	}
	return nil
}
