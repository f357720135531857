package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

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

// saveSometimes writes the checkpoint when it is due. When that is depends on the clock; what is in it does not.
func (r *run) saveSometimes() error {
	every := r.Every
	if every == 0 {
		every = time.Minute
	}
	if r.Checkpoint == "" || time.Since(r.saved) < every || r.done == r.total {
		return nil
	}
	return r.save()
}

func (r *run) save() error {
	m := Model{Graph: r.Graph, About: About{Classes: r.Set.Classes, Preprocess: r.preprocess, Experiment: r.Experiment, Data: r.Set.Name, DataDigest: r.Set.Digest, Steps: r.done, Engine: r.Engine.Name()}}
	metadata, err := m.metadata()
	if err != nil {
		return err
	}
	p, err := json.Marshal(progress{r.digest, r.done, math.Float64bits(r.lossSum), r.lossCount, r.curve})
	if err != nil {
		return err
	}
	metadata[checkpointKey] = string(p)
	if err := safetensors.WriteFile(r.Checkpoint, named(r.family.State, r.family.State.Names()), metadata); err != nil {
		return err
	}
	r.saved = time.Now()
	return nil
}

// resume goes on from the checkpoint, if there is one. One of another training is an error: it would be lost.
func (r *run) resume() (bool, error) {
	if r.Checkpoint == "" {
		return false, nil
	}
	f, err := safetensors.ReadFile(r.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var p progress
	if err := json.Unmarshal([]byte(f.Metadata[checkpointKey]), &p); err != nil {
		return false, fmt.Errorf("%s: is no checkpoint; remove it, or keep this training elsewhere", r.Checkpoint)
	}
	if p.Job != r.digest {
		return false, fmt.Errorf("%s: is the checkpoint of another training (other settings, data, network or processor level); remove it, or keep this training elsewhere", r.Checkpoint)
	}
	if err := fill(r.Checkpoint, r.family.State, r.family.State.Names(), f); err != nil {
		return false, err
	}
	r.done, r.lossSum, r.lossCount, r.curve = p.Step, math.Float64frombits(p.LossSum), p.Losses, p.Curve
	return true, nil
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
