package trial

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/assaylab/assay/internal/atomicfile"
)

// Status is how a trial ended.
type Status string

// The ways to end. A divergence is a result; a failure is none, and its trial may be run again.
const (
	Done     Status = "done"
	Diverged Status = "diverged"
	Failed   Status = "failed"
)

// Result is what a trial leaves. All of it but Seconds is the same whoever runs the trial, wherever and however often.
type Result struct {
	ID      string            `json:"id"`
	Spec    Spec              `json:"spec"`
	Status  Status            `json:"status"`
	Reason  string            `json:"reason,omitempty"` // of what diverged or failed
	Stops   bool              `json:"stops,omitempty"`  // of what failed: the fault is the study's, such as changed data, and every trial would fail so
	Steps   int               `json:"steps"`            // done
	Seconds float64           `json:"seconds"`          // wall time of the process that ended it
	Begun   map[int]string    `json:"begun,omitempty"`  // digests of the State after the first steps: 1, 2, 5, 10, 20, 50
	Weights string            `json:"weights,omitempty"`
	Curve   []Point           `json:"curve,omitempty"`
	Scores  []Evaluation      `json:"scores,omitempty"` // the first is of the validation images, by the last weights
	Images  map[string]Images `json:"images,omitempty"` // the sets of images that Scores name, by digest
	Models  map[string]string `json:"models,omitempty"` // SHA-256, in hex, of the models that it left where the request asked for them, by its names for them
}

// Point is an evaluation along the way.
type Point struct {
	Epoch     float64            `json:"epoch"` // passes done
	Step      int                `json:"step"`
	TrainLoss Number             `json:"train_loss"` // mean over the steps since the last point
	LR        float64            `json:"lr"`         // of the last step
	Metrics   map[string]float64 `json:"metrics"`
	Images    int                `json:"images,omitempty"` // that Metrics are of, some of the validation images; 0: all
}

// Evaluation is what one way of evaluating found: named metrics, and a column per image of each that has one.
type Evaluation struct {
	Name    string             `json:"name"` // "val": the validation images, by the last weights, at the centre of each; "val, ema 0.9999, views flip": by a mean of the weights and by views
	Images  string             `json:"images"`
	Metrics map[string]float64 `json:"metrics"` // of the task, by name, each in its unit; none where one is not finite
	Columns []Column           `json:"columns"`
}

// Column is a value an image, in the order of the image set.
type Column struct {
	Name   string `json:"name"`
	Reals  Reals  `json:"reals,omitempty"`  // one of the two
	Wholes Wholes `json:"wholes,omitempty"` //
}

// Reals are figures an image, in JSON the base64 of their bits, so that any may be infinite or not a number.
type Reals []float32

// Wholes are whole numbers an image, in JSON as Reals are.
type Wholes []int32

// MarshalJSON writes the bits.
func (x Reals) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return json.Marshal(b)
}

// UnmarshalJSON reads them.
func (x *Reals) UnmarshalJSON(text []byte) error {
	words, err := words(text)
	*x = make(Reals, len(words))
	for i, w := range words {
		(*x)[i] = math.Float32frombits(w)
	}
	return err
}

// MarshalJSON writes the bits.
func (x Wholes) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return json.Marshal(b)
}

// UnmarshalJSON reads them.
func (x *Wholes) UnmarshalJSON(text []byte) error {
	words, err := words(text)
	*x = make(Wholes, len(words))
	for i, w := range words {
		(*x)[i] = int32(w)
	}
	return err
}

func words(text []byte) ([]uint32, error) {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, err
	}
	if len(b)%4 != 0 {
		return nil, fmt.Errorf("%d bytes are no whole number of values", len(b))
	}
	list := make([]uint32, len(b)/4)
	for i := range list {
		list[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return list, nil
}

// Images is a list of images in the order in which they are evaluated.
type Images struct {
	Hashes  []string `json:"hashes"` // of the content, 32 hex digits
	Labels  []int32  `json:"labels"`
	Names   []string `json:"names,omitempty"` // slash paths below the folder, for people; not in the digest
	Classes []string `json:"classes"`
}

// Digest identifies the images and their labels, not their names.
func (im Images) Digest() string {
	h := sha256.New()
	for _, c := range im.Classes {
		fmt.Fprintf(h, "%q\n", c)
	}
	for i, hash := range im.Hashes {
		fmt.Fprintf(h, "%s %d\n", hash, im.Labels[i])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Number is a float64 that may be not-a-number or infinite, null in JSON.
type Number float64

// MarshalJSON writes a figure, null where it is not finite.
func (n Number) MarshalJSON() ([]byte, error) {
	if x := float64(n); math.IsNaN(x) || math.IsInf(x, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads a figure; null is not-a-number.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// resultMagic begins a result file: its form and, behind it, the SHA-256 of all that follows the first line.
const resultMagic = "assay-trial-1 "

// Save writes the result beside its place, synced and renamed, with a sum.
func (r *Result) Save(path string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.Sum256(text)
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s%s\n%s", resultMagic, hex.EncodeToString(sum[:]), text)
		return err
	})
}

// Load reads a result file. One that is damaged, or that is not of its Spec, is an error: its trial is to be run again.
func Load(path string) (*Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; remove it, the trial is run again", path, err)
	}
	return r, nil
}

func parse(text []byte) (*Result, error) {
	head, body, _ := bytes.Cut(text, []byte("\n"))
	want, ok := bytes.CutPrefix(head, []byte(resultMagic))
	if !ok {
		return nil, fmt.Errorf("is no result of a trial, or one of another form")
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != string(want) {
		return nil, fmt.Errorf("is a damaged result, its sum does not fit")
	}
	var r Result
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("is a damaged result: %w", err)
	}
	return &r, r.Check()
}

// Check refuses what no trial can have left.
func (r *Result) Check() error {
	if r.ID != r.Spec.ID() {
		return fmt.Errorf("is the result of another trial")
	}
	if r.Status != Done && r.Status != Diverged && r.Status != Failed {
		return fmt.Errorf("ended as %q, which is no way to end", r.Status)
	}
	evaluations := map[string]bool{}
	for _, e := range r.Scores {
		if evaluations[e.Name] {
			return fmt.Errorf("holds two evaluations named %q", e.Name)
		}
		evaluations[e.Name] = true
		im, ok := r.Images[e.Images]
		if !ok || len(im.Labels) != len(im.Hashes) || im.Digest() != e.Images {
			return fmt.Errorf("names images that it does not hold")
		}
		columns := map[string]bool{}
		for _, c := range e.Columns {
			if columns[c.Name] {
				return fmt.Errorf("holds two columns named %q", c.Name)
			}
			columns[c.Name] = true
			if n := len(c.Reals) + len(c.Wholes); n != len(im.Hashes) || c.Reals != nil && c.Wholes != nil {
				return fmt.Errorf("has %d values of %s for %d images", n, c.Name, len(im.Hashes))
			}
		}
	}
	return nil
}

// Diverged reports whether a figure is not finite: there are columns alone.
func (e Evaluation) Diverged() bool { return len(e.Metrics) == 0 }

// Score is an evaluation by name.
func (r *Result) Score(name string) (Evaluation, bool) {
	for _, e := range r.Scores {
		if e.Name == name {
			return e, true
		}
	}
	return Evaluation{}, false
}

// Column is a column by name, false where the evaluation has none.
func (e Evaluation) Column(name string) (Column, bool) {
	for _, c := range e.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}
