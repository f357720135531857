// Package torch reads the files that PyTorch's torch.save writes (.pth, .pt): the zip archive of PyTorch 1.6 and later, and the older
// stream. It reads values alone: of what a file would have Python call, a short list is known (calls.go), everything else becomes an
// [Inert] value that nobody calls, so that no file can make this program do anything. It imports tensor and internal/memory.
// Start at [Open], then [File.Root] and [Array.Read].
//
// Pickles are read as pickle.py of Python 3.13 writes them, protocols 0 to 5. Tensors are dense, little-endian, of float, whole-number or
// bool types. Nothing of a tensor is in memory before it is read.
package torch

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// File is an open file. What it holds can be read until Close.
type File struct {
	Root any // a *Dict, *List, *Array, *Inert, string, int64, float64, bool, nil: what was saved

	r    io.ReaderAt
	size int64
	name string // what advice calls the file
	own  *os.File
}

// Open reads the file at path, but for the values of tensors. Its errors begin with the path.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: is no regular file; give a file of weights", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	file, err := read(f, info.Size(), path)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file.own = f
	return file, nil
}

// Read reads a file of that size from r, which must stay open as long as its tensors are wanted.
func Read(r io.ReaderAt, size int64) (*File, error) { return read(r, size, "weights.pth") }

// Close closes what Open opened.
func (f *File) Close() error {
	if f.own == nil {
		return nil
	}
	return f.own.Close()
}

// Digest is 32 hex digits of the SHA-256 of the file's bytes.
func (f *File) Digest() (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f.r, 0, f.size)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

func read(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{r: r, size: size, name: name}
	head := make([]byte, min(size, 512))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := foreign(head); err != nil {
		return nil, err
	}
	var err error
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		var z *zip.Reader
		if z, err = zip.NewReader(r, size); err != nil {
			return nil, damaged("its zip archive cannot be read (%v)", err)
		}
		f.Root, err = f.archive(z)
	} else {
		f.Root, err = f.stream()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Is reports whether a file that begins with these bytes is one that [Open] reads, or one that it names in its error.
func Is(head []byte) bool {
	pickle := bytes.HasPrefix(head, []byte{opProto}) && !(len(head) > 8 && head[8] == '{') // the length of a safetensors header may begin so
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || pickle || foreign(head) != nil
}

// foreign names files that are often found where weights should be.
func foreign(head []byte) error {
	text := strings.ToLower(strings.TrimLeft(string(head), " \t\r\n\ufeff"))
	switch {
	case strings.HasPrefix(text, "version https://git-lfs"):
		return errors.New("is a pointer of git-lfs, not the weights; fetch them with git lfs pull")
	case strings.HasPrefix(text, "<!doctype") || strings.HasPrefix(text, "<html") || strings.HasPrefix(text, "<?xml"):
		return errors.New("is a web page, not weights; open the link in a browser and save the file that it leads to")
	case strings.HasPrefix(string(head), "\x89HDF"):
		return errors.New("is an HDF5 file (Keras), which is not read; save the weights as safetensors")
	}
	return nil
}

// ErrDamaged is wrapped by the errors of files that no torch.save wrote to their end.
var ErrDamaged = errors.New("the file is damaged; write or fetch it again")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrDamaged)
}

// Advice says of a value that is not read what it is, and the line of Python that saves its weights.
func (f *File) Advice(v *Inert) error {
	what, load := "a pickled module ("+v.Class+")", "torch.save(torch.load(%q, weights_only=False).state_dict()"
	switch root, _, _ := strings.Cut(v.Class, "."); {
	case root == "ultralytics" || strings.HasPrefix(v.Class, "models.yolo"):
		what, load = "an Ultralytics file ("+v.Class+")", "torch.save(ultralytics.YOLO(%q).model.state_dict()"
	case root == "fastai" || strings.HasPrefix(v.Class, "fastai"):
		what, load = "a fastai export ("+v.Class+")", "torch.save(fastai.learner.load_learner(%q).model.state_dict()"
	}
	return fmt.Errorf("is %s, not named tensors; %s", what, f.line(load))
}

// line is a line of Python that loads this file and saves what is wanted beside it.
func (f *File) line(load string) string {
	to := strings.TrimSuffix(strings.TrimSuffix(f.name, ".pth"), ".pt") + "-weights.pth"
	return "in Python, if you trust the file: " + fmt.Sprintf(load, f.name) + fmt.Sprintf(", %q)", to)
}
