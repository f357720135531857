package train

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/model"
)

// progress is what a checkpoint holds besides the State and the model's description: the rest of what decides the bits.
type progress struct {
	Job     string         `json:"job"` // digest of what it is a training of
	Step    int            `json:"step"`
	LossSum uint64         `json:"loss_sum"` // the bits of a float64
	Losses  int            `json:"losses"`
	Curve   []Point        `json:"curve"`
	Begun   map[int]string `json:"begun,omitempty"`
	Held    []held         `json:"held,omitempty"`  // what plateau has gone by
	Means   []string       `json:"means,omitempty"` // of observers, by their words
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
	p, err := json.Marshal(progress{r.digest, r.done, math.Float64bits(r.lossSum), r.lossCount, r.curve, r.begun, r.plateau.held, r.observers()})
	if err != nil {
		return err
	}
	c := model.Checkpoint{Graph: r.Graph, State: r.whole(), About: r.about(), Seen: r.seen, Progress: string(p)}
	if err := c.Save(r.Checkpoint); err != nil {
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
	held, err := model.ReadCheckpoint(r.Checkpoint)
	var p progress
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, model.ErrNoCheckpoint):
		return fmt.Errorf("%w; remove it, or keep this training elsewhere (--out)", err)
	case errors.Is(err, model.ErrDamaged) || err == nil && json.Unmarshal([]byte(held.Progress), &p) != nil:
		if r.OnNote != nil {
			r.OnNote(r.Checkpoint + ": is damaged, so the training begins anew")
		}
		return nil
	case err != nil:
		return err
	case p.Job != r.digest || p.Step < 0 || p.Step > r.schedule.Steps():
		return fmt.Errorf("%s: %w; --fresh begins anew, or keep this training elsewhere (--out)", r.Checkpoint, ErrOther)
	}
	for _, name := range r.observers() {
		if !slices.Contains(p.Means, name) {
			if r.OnNote != nil {
				r.OnNote(fmt.Sprintf("%s: holds no mean of weights %q, so the training begins anew", r.Checkpoint, name))
			}
			return nil
		}
	}
	for _, s := range r.states() {
		if err := held.Fill(s); err != nil {
			return err
		}
	}
	r.done, r.lossSum, r.lossCount, r.curve = p.Step, math.Float64frombits(p.LossSum), p.Losses, p.Curve
	r.plateau.held = p.Held
	maps.Copy(r.begun, p.Begun)
	return nil
}
