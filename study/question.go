package study

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
)

// question is what is asked of a study's trials: a weighted sum of arms' outcomes in a repeat. At an arm's own place in the table it is
// the arm less the baseline.
type question struct {
	asked
	id     string // looks know it by
	home   int    // the baseline that it is about, where there are several
	family string // the kind of family that it is judged in; "" in none: nothing is asked, or its arms do not tell it
}

// put lays the design's questions over the table.
func (t *table) put(r *Result) {
	t.whole = r.Design.Kind == Factorial || r.Design.Kind == Fractional
	usable, every := make([]bool, len(t.arms)), make([]bool, len(t.arms))
	for v, c := range t.class {
		every[v] = true
		usable[v] = c != diverging && c != absent && c != derived
	}
	ideal := r.Design.questions(r.Variants, t.arms, every)
	t.asks = make([]question, len(t.arms))
	for i, a := range r.Design.questions(r.Variants, t.arms, usable) {
		q := question{asked: a}
		if a.arm > 0 {
			q.id, q.family, q.home = t.arms[a.arm].identity(), t.class[a.arm].kind(), t.home[a.arm]
			t.asks[a.arm] = q
			continue
		}
		q.id = t.name(ideal[i])
		switch {
		case a.weights == nil:
		case a.kind == Main:
			q.family = effects
		default:
			q.family = beyond
		}
		t.asks = append(t.asks, q)
	}
}

// name is the identity of a contrast: of what its arms are, and how they are weighed.
func (t *table) name(a asked) string {
	var terms []string
	for v, w := range a.weights {
		if w != 0 {
			terms = append(terms, fmt.Sprintf("%s %g", t.arms[v].identity(), w))
		}
	}
	slices.Sort(terms)
	sum := sha256.Sum256([]byte(strings.Join(terms, "\n")))
	return hex.EncodeToString(sum[:16])
}

// of is the question's value in a repeat, given y by arm and repeat; NaN where one of its arms has none.
func (q question) of(y [][]float64, s int) float64 {
	if q.weights == nil {
		return math.NaN()
	}
	sum := 0.0
	for v, w := range q.weights {
		if w != 0 {
			sum += w * y[v][s]
		}
	}
	return sum
}

// scale is the variance of the question in units of an arm's: 2 for a difference of two arms.
func (q question) scale() float64 {
	sum := 0.0
	for _, w := range q.weights {
		sum += w * w
	}
	return sum
}

// rests tells whether the question weighs an arm for which is holds.
func (q question) rests(is func(arm int) bool) bool {
	for v, w := range q.weights {
		if w != 0 && is(v) {
			return true
		}
	}
	return false
}

// questions lists the questions of a kind of family.
func (t *table) questions(family string) []int {
	var list []int
	for q, a := range t.asks {
		if a.family == family {
			list = append(list, q)
		}
	}
	return list
}

// judged counts the questions of the first family: claims that the headline speaks of.
func (t *table) judged() int {
	return len(t.questions(effects)) + len(t.questions(evaluation)) + len(t.questions(divergence))
}

// trained is how many repeats of a question ended: of an arm also those that diverged.
func (t *table) trained(q int) int {
	if q < len(t.arms) {
		return t.rows[q].Trials
	}
	return t.pairs(q)
}

// contrasts is the rows of the questions that are no arm's own.
func (t *table) contrasts() []Contrast {
	rows := []Contrast{}
	for _, q := range t.asks[len(t.arms):] {
		c := Contrast{Name: q.name, Kind: q.kind, Of: q.about, Aliases: q.aliases, Notes: []string{}}
		if q.weights != nil {
			c.Weights = map[string]float64{}
			for v, w := range q.weights {
				if w != 0 {
					c.Weights[t.arms[v].Name] = w
				}
			}
		}
		if names := t.names(diverging); names != "" {
			switch {
			case q.weights == nil:
				c.Notes = append(c.Notes, "cannot be told: "+names+" diverged")
			case t.whole:
				c.Notes = append(c.Notes, "conditional: "+names+" diverged")
			}
		}
		rows = append(rows, c)
	}
	return rows
}
