package train

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/program"
)

// progress is what a checkpoint holds besides the State and the model's description: the rest of what decides the bits.
type progress struct {
	Job     string  `json:"job"` // digest of what it is a training of
	Step    int     `json:"step"`
	LossSum uint64  `json:"loss_sum"` // the bits of a float64
	Losses  int     `json:"losses"`
	Curve   []Point `json:"curve"`
}

// ErrOther is wrapped by the error of a training whose checkpoint another one wrote: to go on would lose that.
var ErrOther = errors.New("is the checkpoint of another training (other settings, data, network or processor level)")

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
	p, err := json.Marshal(progress{r.digest, r.done, math.Float64bits(r.lossSum), r.lossCount, r.curve})
	if err != nil {
		return err
	}
	metadata[checkpointKey] = string(p)
	if err := safetensors.WriteFile(r.Checkpoint, named(r.family.State), metadata); err != nil {
		return err
	}
	r.saved, r.cost = time.Now(), time.Since(began)
	return nil
}

// resume goes on from the checkpoint, if there is one. One of another training is an error: it would be lost.
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
	if err != nil {
		return fmt.Errorf("%w; to begin anew remove it", err)
	}
	var p progress
	if err := json.Unmarshal([]byte(f.Metadata[checkpointKey]), &p); err != nil {
		return fmt.Errorf("%s: is no checkpoint; remove it, or keep this training elsewhere", r.Checkpoint)
	}
	if p.Job != r.digest || p.Step < 0 || p.Step > r.total {
		return fmt.Errorf("%s: %w; remove it, or keep this training elsewhere", r.Checkpoint, ErrOther)
	}
	if err := fill(r.Checkpoint, r.family.State, f); err != nil {
		return err
	}
	r.done, r.lossSum, r.lossCount, r.curve = p.Step, math.Float64frombits(p.LossSum), p.Losses, p.Curve
	return nil
}

// Digest identifies the exact bits of a State.
func Digest(s *program.State) string {
	h := sha256.New()
	var word [4]byte
	for _, name := range s.Names() {
		h.Write([]byte(name))
		h.Write([]byte{0})
		for _, v := range s.Get(name).Data {
			binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
			h.Write(word[:])
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
