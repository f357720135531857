package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/spec"
)

// Labels is what the training images are taken for: made wrong on purpose, or cleaned of what is likely wrong. Validation and test
// keep their labels.
type Labels struct {
	Noise     float64   `yaml:"noise" spec:"bare" told:"path" help:"share of the training images that are given a wrong class, any other as likely, from 0 to below 1"`
	Confusion Confusion `yaml:"confusion" default:"none" help:"which wrong class, in place of noise: a CSV file with a row for each class, how often it is taken for each of the classes, by counts or shares; or {CLASS: {OTHER: share}}"`
	Clean     string    `yaml:"clean" values:"drop, relabel" help:"what becomes of training images whose label is likely wrong: they are left out, or taken for what a network that has not seen them takes them for"`
	Folds     int       `yaml:"folds" only:"clean" help:"parts of the training images; a network for each is trained on the others, 2 to 100"`
	Parent    float64   `yaml:"parent" told:"path" help:"of a detector: share of the training images whose boxes are of their classes' parents alone, from 0 to 1"`
	Tree      Hierarchy `yaml:"tree" default:"none" only:"parent" help:"which class is a kind of which, as tree says it"`
	Rule      string    `yaml:"rule" only:"clean" values:"prune_by_noise_rate, prune_by_class, both, confident_learning, predicted_neq_given" help:"how wrong labels are told"`
}

// Ways of Clean.
const (
	CleanDrop    = "drop"
	CleanRelabel = "relabel"
)

// Trainings is how many trainings of all its images an experiment takes: one, with clean one more for each fold, on the images
// of all others.
func (l Learning) Trainings() int {
	if l.Labels.Clean == "" {
		return 1
	}
	return l.Labels.Folds // 1 + folds·(folds-1)/folds
}

// Confusion is how often a class is taken for another: in a file, until [Confusion.Read] has read it.
type Confusion struct {
	File  string
	Rates map[string]map[string]float64 // by class and other class: a share, above 0; nil: none, or not read yet
}

// None says whether nothing is confused.
func (c Confusion) None() bool { return c.File == "" && c.Rates == nil }

// UnmarshalSpec reads the path of a file, which is taken from the folder of n's file, or shares by class and other class.
func (c *Confusion) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar {
		*c = Confusion{File: Beside(n, n.Text())}
		return nil
	}
	rates := map[string]map[string]float64{}
	if err := spec.Decode(n, &rates); err != nil {
		return err
	}
	for class, row := range rates {
		sum := 0.0
		for other, share := range row {
			if sum += share; !(share > 0 && share <= 1) || other == class {
				return n.Get(class).Errorf("confusion: %s for %s at a share of %g; give shares above 0, of other classes", class, other, share)
			}
		}
		if sum > 1+1e-9 {
			return n.Get(class).Errorf("confusion: %s has shares of %g in sum; give at most 1", class, sum)
		}
	}
	*c = Confusion{Rates: rates}
	return nil
}

// MarshalSpec writes the shares, or the path.
func (c Confusion) MarshalSpec() (*spec.Node, error) {
	if c.Rates != nil {
		return spec.Encode(c.Rates)
	}
	return spec.NewText(c.File), nil
}

// String is "cat for dog .1, ..." of at most three, or the path.
func (c Confusion) String() string {
	if c.Rates == nil {
		return c.File
	}
	var words []string
	for class, row := range c.Rates {
		for other, share := range row {
			words = append(words, fmt.Sprintf("%s for %s %g", class, other, share))
		}
	}
	slices.Sort(words)
	if n := len(words); n > 3 {
		words = append(words[:3], fmt.Sprintf("and %d more", n-3))
	}
	return strings.Join(words, ", ")
}

// Read is the confusion with the shares that stand in its file: CSV as spreadsheets write it, whose first line names classes, as does the
// first column; a row says how often its class is taken for each of them, itself included, in counts or shares.
func (c Confusion) Read() (Confusion, error) {
	if c.File == "" || c.Rates != nil {
		return c, nil
	}
	fault := func(line int, format string, args ...any) (Confusion, error) {
		return c, fmt.Errorf("%s:%d: %s", c.File, line, fmt.Sprintf(format, args...))
	}
	f, err := os.Open(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("%s: no such file; give a CSV file with a row and a column for each class", c.File)
	} else if err != nil {
		return c, fmt.Errorf("%s: cannot be read: %w", c.File, err)
	}
	defer f.Close()
	rows, err := format.Table(f)
	if err != nil {
		return c, fmt.Errorf("%s:%w", c.File, err)
	}
	rates := map[string]map[string]float64{}
	head := rows[0].Cells
	for _, row := range rows[1:] {
		class := row.Cells[0]
		switch {
		case len(row.Cells) != len(head):
			return fault(row.Line, "%d columns, and the first line has %d; give one for each class", len(row.Cells), len(head))
		case rates[class] != nil:
			return fault(row.Line, "class %s a second time; give one row for each class", class)
		}
		of, sum := map[string]float64{}, 0.0
		for i, cell := range row.Cells[1:] {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil || !(v >= 0) || math.IsInf(v, 0) {
				return fault(row.Line, "%q is no count and no share; give numbers, 0 or more", cell)
			}
			if sum += v; v > 0 && head[i+1] != class {
				of[head[i+1]] += v
			}
		}
		if sum == 0 {
			return fault(row.Line, "class %s is taken for none; give a number above 0", class)
		}
		for other := range of {
			of[other] /= sum
		}
		rates[class] = of
	}
	for class, row := range rates {
		if len(row) == 0 {
			delete(rates, class)
		}
	}
	if len(rates) == 0 {
		return fault(1, "no class is taken for another; leave confusion out")
	}
	return Confusion{Rates: rates}, nil
}

// Balance makes up for classes that have fewer images than others.
type Balance struct {
	By      string             `yaml:"by" spec:"bare" values:"loss, sampling" help:"loss: images of rare classes weigh more in it; sampling: they are seen more often"`
	Power   float64            `yaml:"power" help:"how far: 1 gives all classes the same sum, 0.5 the root of that, above 0 to 2"`
	Weights map[string]float64 `yaml:"weights" default:"none" help:"in place of power: {CLASS: factor}, above 0; 1 for classes that are not named"`
}

// Ways of By.
const (
	BalanceLoss     = "loss"
	BalanceSampling = "sampling"
)
