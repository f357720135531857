package train

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/program"
)

// progress is what a checkpoint holds besides the State and the model's description: the rest of what decides the bits.
type progress struct {
	Job     string         `json:"job"` // digest of what it is a training of
	Step    int            `json:"step"`
	LossSum uint64         `json:"loss_sum"` // the bits of a float64
	Losses  int            `json:"losses"`
	Curve   []Point        `json:"curve"`
	Begun   map[int]string `json:"begun,omitempty"`
}

// ErrOther is wrapped by the error of a training whose checkpoint another one wrote: to go on would lose that.
var ErrOther = errors.New("is the checkpoint of another training (other settings, data, network or engine)")

// saveSometimes writes the checkpoint when it is due: a minute after the last one, or later where writing takes more than a
// twentieth of that. When that is depends on the clock; what is in it does not.
func (r *run) saveSometimes() error {
	if r.Checkpoint == "" || time.Since(r.saved) < max(cmp.Or(r.Every, time.Minute), 20*r.cost) {
		return nil
	}
	return r.save()
}

func (r *run) save() error {
	began := time.Now()
	metadata, err := metadata(r.Graph, r.about())
	if err != nil {
		return err
	}
	p, err := json.Marshal(progress{r.digest, r.done, math.Float64bits(r.lossSum), r.lossCount, r.curve, r.begun})
	if err != nil {
		return err
	}
	metadata[checkpointKey] = string(p)
	tensors, err := named(r.family.State)
	if err != nil {
		return err
	}
	if err := write(r.Checkpoint, tensors, metadata); err != nil {
		return err
	}
	r.saved, r.cost = time.Now(), time.Since(began)
	return nil
}

// resume goes on from the checkpoint, if there is one. One of another training is an error: it would be lost. One that is damaged
// is passed over, with a word: what it held can be made again.
func (r *run) resume() error {
	if r.Checkpoint == "" {
		return nil
	}
	if err := atomicfile.Clean(r.Checkpoint); err != nil { // of a process that was killed as it wrote
		return err
	}
	f, err := safetensors.ReadFile(r.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && f.Metadata[checkpointKey] == "" && (f.Metadata[sumKey] == "" || f.Metadata[sumKey] == sum(f.Metadata, f.Tensors)) {
		return fmt.Errorf("%s: is no checkpoint; remove it, or keep this training elsewhere (--out)", r.Checkpoint)
	}
	var p progress
	switch {
	case err != nil || f.Metadata[sumKey] != sum(f.Metadata, f.Tensors) || json.Unmarshal([]byte(f.Metadata[checkpointKey]), &p) != nil:
		if r.OnNote != nil {
			r.OnNote(r.Checkpoint + ": is damaged, so the training begins anew")
		}
		return nil
	case p.Job != r.digest || p.Step < 0 || p.Step > r.schedule.Steps():
		return fmt.Errorf("%s: %w; --fresh begins anew, or keep this training elsewhere (--out)", r.Checkpoint, ErrOther)
	}
	if err := fill(r.Checkpoint, r.family.State, f); err != nil {
		return err
	}
	r.done, r.lossSum, r.lossCount, r.curve = p.Step, math.Float64frombits(p.LossSum), p.Losses, p.Curve
	maps.Copy(r.begun, p.Begun)
	return nil
}

// Digest identifies the exact bits of a State.
func Digest(s *program.State) (string, error) {
	h := newHasher()
	for _, name := range s.Names() {
		values, err := s.Read(name)
		if err != nil {
			return "", err
		}
		h.text(name)
		h.values(values)
	}
	return h.sum(), nil
}

// sum is of all that a file of weights holds but the sum itself: every text, every array with its name and shape.
func sum(metadata map[string]string, arrays []safetensors.Named) string {
	h := newHasher()
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if key != sumKey {
			h.text(key)
			h.text(metadata[key])
		}
	}
	for _, a := range arrays {
		h.text(a.Name)
		h.text(a.Tensor.Shape.String())
		h.values(a.Tensor.Data)
	}
	return h.sum()
}

// write writes a file of weights with its sum.
func write(path string, arrays []safetensors.Named, metadata map[string]string) error {
	metadata[sumKey] = sum(metadata, arrays)
	return safetensors.WriteFile(path, arrays, metadata)
}

// hasher is SHA-256 over texts, each ended by a zero, and bits of float32, in blocks.
type hasher struct {
	hash.Hash
	block []byte
}

func newHasher() *hasher { return &hasher{sha256.New(), make([]byte, 0, 1<<15)} }

func (h *hasher) text(s string) {
	io.WriteString(h, s)
	h.Write([]byte{0})
}

func (h *hasher) values(x []float32) {
	for len(x) > 0 {
		n := min(len(x), cap(h.block)/4)
		for _, v := range x[:n] {
			h.block = binary.LittleEndian.AppendUint32(h.block, math.Float32bits(v))
		}
		h.Write(h.block)
		h.block, x = h.block[:0], x[n:]
	}
}

func (h *hasher) sum() string { return hex.EncodeToString(h.Sum(nil)[:16]) }
