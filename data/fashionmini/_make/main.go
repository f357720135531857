// Command _make cuts fashion-mini from Fashion-MNIST: the first 1,000 training and the first 200 test images of each of the
// ten classes, in the order of the original files. Run it in the root of the module:
//
//	go run ./data/fashionmini/_make FOLDER-OF-FASHION-MNIST
//
// It writes the four gzip files beside this folder and prints their checksums, which ORIGIN.md repeats.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/internal/format"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./data/fashionmini/_make FOLDER-OF-FASHION-MNIST")
		os.Exit(2)
	}
	for _, part := range []struct {
		name     string
		perClass int
	}{{"train", 1000}, {"t10k", 200}} {
		if err := cut(os.Args[1], part.name, part.perClass); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func cut(from, part string, perClass int) error {
	imageFile, labelFile := part+"-images-idx3-ubyte.gz", part+"-labels-idx1-ubyte.gz"
	extents, pixels, err := read(filepath.Join(from, imageFile))
	if err != nil {
		return err
	}
	_, labels, err := read(filepath.Join(from, labelFile))
	if err != nil {
		return err
	}
	size := extents[1] * extents[2]
	var taken [10]int
	var keptPixels, keptLabels []byte
	for i, label := range labels {
		if taken[label] < perClass {
			taken[label]++
			keptPixels = append(keptPixels, pixels[i*size:(i+1)*size]...)
			keptLabels = append(keptLabels, label)
		}
	}
	if err := write(imageFile, keptPixels, len(keptLabels), extents[1], extents[2]); err != nil {
		return err
	}
	return write(labelFile, keptLabels, len(keptLabels))
}

func read(path string) ([]int, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r, err := format.Gunzip(f)
	if err != nil {
		return nil, nil, err
	}
	extents, err := format.IDX(r)
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(r)
	return extents, data, err
}

func write(name string, data []byte, extents ...int) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	head := []byte{0, 0, 8, byte(len(extents))}
	for _, n := range extents {
		head = binary.BigEndian.AppendUint32(head, uint32(n))
	}
	z.Write(head) // into memory: cannot fail
	z.Write(data)
	z.Close()
	fmt.Printf("| `%s` | %d | %x |\n", name, packed.Len(), sha256.Sum256(packed.Bytes()))
	return os.WriteFile(filepath.Join("data", "fashionmini", name), packed.Bytes(), 0o644)
}
