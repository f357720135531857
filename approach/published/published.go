// Package published holds what choices did in studies that others have published, as figures by approach: the facts behind the evidence
// of cards, for what reads them by program. It imports approach and experiment. Start at [All]; [Like] finds the row of a choice,
// [Against] that of one in place of another.
package published

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// Effect is what a choice did in somebody's study.
type Effect struct {
	Choice         experiment.Choice // as a study file has it
	Text           string            // the same, as written
	Written        bool              // it stands for choices that have what it writes, whatever else they write: the policy of a rate, not the rate
	Usual          bool              // it is what the published base had: an effect in place of something else alone
	Beside         string            // approach that the published base had besides: batchnorm, or ""
	Network        string            // "CaffeNet128"
	Data           string            // "ImageNet, 128 pixels"
	Base, Accuracy float64           // per cent, of the row of the base and of the choice's
	Runs           int               // trainings behind each
	Source         string            // repository, file, topic and rows
	Paper          string
}

// Points is the effect, in points.
func (e Effect) Points() float64 { return e.Accuracy - e.Base }

// The study that all rows are of: each figure is of one training.
const (
	repository = "ducha-aiki/caffenet-benchmark"
	paper      = "Mishkin, Sergievskiy, Matas, “Systematic evaluation of convolution neural network advances on the ImageNet”, arXiv:1606.02228"
	runs       = 1
)

//go:embed effects.csv
var table string

// All lists the effects in the order of the table, which every test reads.
func All() []Effect { return slices.Clone(all()) }

var all = sync.OnceValue(func() []Effect {
	list, err := read(table)
	if err != nil {
		panic(err) // our own file
	}
	return list
})

func read(table string) ([]Effect, error) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, err
	}
	var list []Effect
	for i, r := range rows[1:] {
		e := Effect{Text: r[0], Written: r[1] != "all", Usual: r[1] == "usual", Beside: r[2], Network: r[3], Data: r[4], Runs: runs, Source: repository + ": " + r[7], Paper: paper}
		if e.Base, err = strconv.ParseFloat(r[5], 64); err == nil {
			e.Accuracy, err = strconv.ParseFloat(r[6], 64)
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		n, err := spec.Parse("effects.csv", []byte("- "+r[0]+"\n"))
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		var choices []experiment.Choice
		if err := spec.Decode(n, &choices); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		e.Choice = choices[0]
		if _, err := approach.Read(e.Choice); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		list = append(list, e)
	}
	return list, nil
}

// Of lists the effects of an approach, by its name.
func Of(name string) []Effect {
	return slices.DeleteFunc(All(), func(e Effect) bool { return e.Choice.Name != name })
}

// Like is the effect of a choice: that of the first row of the same approach with the same parameters, beside the same; false where none was
// published, or where it is what the published base had.
func Like(c experiment.Choice, beside string) (Effect, bool) {
	e, ok := row(c, beside)
	return e, ok && !e.Usual
}

// Against is the effect of a choice in place of another one of the same approach: what lies between their figures; false unless both were
// published against the same base.
func Against(c, other experiment.Choice, beside string) (Effect, bool) {
	e, ok := row(c, beside)
	of, both := row(other, beside)
	if !ok || !both || of.Network != e.Network || of.Base != e.Base {
		return e, false
	}
	if of.Usual {
		return e, true
	}
	e.Base = of.Accuracy
	e.Source += "; " + strings.TrimPrefix(of.Source, repository+": ")
	return e, true
}

func row(c experiment.Choice, beside string) (Effect, bool) {
	is, err := approach.Read(c)
	if err != nil {
		return Effect{}, false
	}
	for _, e := range Of(c.Name) {
		theirs, _ := approach.Read(e.Choice)
		if e.Beside == beside && (reflect.DeepEqual(is, theirs) || e.Written && approach.Says(c, e.Choice)) {
			return e, true
		}
	}
	return Effect{}, false
}
