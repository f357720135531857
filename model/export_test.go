package model

import (
	"bytes"

	"github.com/assaylab/assay/interop/safetensors"
)

// Read is Load for the content of a file, for tests that look at many.
func Read(content []byte) (*Model, error) {
	f, err := safetensors.Read(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return of(f)
}
