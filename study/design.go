package study

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/assaylab/assay/experiment"
)

// Design says which combinations of the variants become arms, and what is asked of these. The zero Design is [OFAT].
type Design struct {
	Kind       DesignKind        `yaml:"kind" spec:"bare" values:"ofat, loo, all, ladder, pairs, factorial, fractional, data-size, backbones"`
	Resolution Resolution        `yaml:"resolution,omitempty" values:"III, IV, V, plackett-burman"` // of fractional; "" is IV
	Fractions  []float64         `yaml:"fractions,omitempty"`                                       // of data-size: shares of the images that the base trains on, in (0, 1]; none: a sixteenth, an eighth, a quarter, a half
	Nets       []string          `yaml:"nets,omitempty"`                                            // of backbones: networks besides the base's
	Sets       []experiment.Data `yaml:"sets,omitempty"`                                            // of backbones: images besides the base's
}

// DesignKind is a design's name.
type DesignKind string

// The designs. Each has the baseline, which is the base with none of the variants.
const (
	OFAT       DesignKind = "ofat"       // one factor at a time: each variant alone, against the baseline
	LOO        DesignKind = "loo"        // leave one out: all variants together, against all but one
	All        DesignKind = "all"        // each variant alone and all together: what together brings less than one by one
	Ladder     DesignKind = "ladder"     // one variant added to those before it, forwards and backwards
	Pairs      DesignKind = "pairs"      // each variant alone and each two together: every interaction of two
	Factorial  DesignKind = "factorial"  // every combination
	Fractional DesignKind = "fractional" // some of all combinations, such that every effect rests on all trainings
	Sizes      DesignKind = "data-size"  // the base on parts of its training images: how it learns from more of them
	Backbones  DesignKind = "backbones"  // each variant alone, on several networks or sets of images
)

// Resolution is how far effects are told apart in a fraction of all combinations (Box and Hunter, "The 2^(k-p) fractional factorial
// designs", Technometrics 3, 1961).
type Resolution string

// The resolutions. The effect of one variant is free of those of others in all of them; it is mixed with interactions of two
// others in ResolutionIII and PlackettBurman, of three in ResolutionIV, of four in ResolutionV.
const (
	ResolutionIII  Resolution = "III"
	ResolutionIV   Resolution = "IV" // interactions of two are mixed with each other
	ResolutionV    Resolution = "V"  // interactions of two are free of each other
	PlackettBurman Resolution = "plackett-burman"
)

// mostArms bounds a design: a study of more would never end.
const mostArms = 256

// String is the design as a report names it.
func (d Design) String() string {
	d = d.plain()
	if d.Kind == Fractional {
		return fmt.Sprintf("%s %s", d.Kind, d.Resolution)
	}
	return string(d.Kind)
}

// MarshalJSON writes [Design.String].
func (d Design) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Design) UnmarshalJSON(text []byte) error {
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return err
	}
	kind, resolution, _ := strings.Cut(name, " ")
	*d = Design{Kind: DesignKind(kind), Resolution: Resolution(resolution)}
	return nil
}

// plain fills in the defaults.
func (d Design) plain() Design {
	if d.Kind == "" {
		d.Kind = OFAT
	}
	if d.Kind == Fractional && d.Resolution == "" {
		d.Resolution = ResolutionIV
	}
	if d.Kind == Sizes && d.Fractions == nil {
		d.Fractions = []float64{0.0625, 0.125, 0.25, 0.5}
	}
	return d
}

// single tells whether each arm but the baseline is one variant, compared with the baseline.
func (d Design) single() bool { return d.Kind == OFAT || d.Kind == Sizes }

// mixed tells whether main effects are mixed with interactions of two.
func (d Design) mixed() bool {
	return d.Kind == Fractional && (d.Resolution == ResolutionIII || d.Resolution == PlackettBurman)
}

// check tells what is wrong with a design of k variants.
func (d Design) check(k int) error {
	if d.Resolution != "" && d.Kind != Fractional {
		return fmt.Errorf("design %s has no resolution; drop it, or write {kind: fractional, resolution: %s}", d, d.Resolution)
	}
	d = d.plain()
	switch {
	case d.Fractions != nil && d.Kind != Sizes:
		return fmt.Errorf("design %s has no fractions; drop them, or write {kind: data-size, fractions: [...]}", d)
	case (d.Nets != nil || d.Sets != nil) && d.Kind != Backbones:
		return fmt.Errorf("design %s has no nets or sets; drop them, or write {kind: backbones, nets: [...]}", d)
	case d.Kind == Sizes:
		return d.sizes()
	case d.Kind == Backbones:
		return d.backbones()
	case d.Kind == OFAT:
	case k < 2:
		return fmt.Errorf("design %s of one variant; write two or more, or design: ofat", d)
	case d.Kind == Factorial && k > bits.Len(mostArms)-1:
		return fmt.Errorf("design factorial of %d variants is %g combinations; at most %d are run: write {kind: fractional} or fewer variants", k, float64(uint64(1)<<min(k, 60)), mostArms)
	case d.Kind == Fractional && d.arms(k) == nil:
		return fmt.Errorf("design %s of %d variants takes more than %d combinations; take a lower resolution, or fewer variants", d, k, mostArms)
	case d.Kind == Pairs && 1+k+k*(k-1)/2 > mostArms:
		return fmt.Errorf("design pairs of %d variants is %d combinations; at most %d are run: take fewer variants", k, 1+k+k*(k-1)/2, mostArms)
	}
	return nil
}

// arms is the arms of a design of k variants, each as the variants it is made of, in order: the baseline, of none, is the first.
// nil where they would be too many.
func (d Design) arms(k int) [][]int {
	arms := [][]int{{}}
	add := func(of ...int) { arms = append(arms, of) }
	switch d := d.plain(); d.Kind {
	case OFAT, Sizes, Backbones:
		for i := range k {
			add(i)
		}
	case LOO:
		add(upTo(k)...)
		for i := range k {
			add(slices.Delete(upTo(k), i, i+1)...)
		}
	case All:
		for i := range k {
			add(i)
		}
		add(upTo(k)...)
	case Ladder:
		for i := 1; i <= k; i++ {
			add(upTo(i)...)
		}
		for i := k - 1; i > 0; i-- {
			add(upTo(k)[i:]...)
		}
	case Pairs:
		for i := range k {
			add(i)
		}
		for j := range k {
			for i := range j {
				add(i, j)
			}
		}
	case Factorial:
		for of := 1; of < 1<<k; of++ {
			add(members(of, k)...)
		}
	case Fractional:
		if d.Resolution == PlackettBurman {
			return plackettBurman(k)
		}
		columns := generators(k, map[Resolution]int{ResolutionIII: 3, ResolutionIV: 4, ResolutionV: 5}[d.Resolution])
		if columns == nil {
			return nil
		}
		base := 0
		for _, c := range columns {
			base = max(base, bits.Len(uint(c)))
		}
		for run := 1; run < 1<<base; run++ {
			var of []int
			for i, c := range columns {
				if bits.OnesCount(uint(run&c))%2 == 1 {
					of = append(of, i)
				}
			}
			add(of...)
		}
	}
	return arms
}

// generators gives each of k variants the basic variants, as bits, whose parity switches it on, so that no fewer than strength columns
// have the sum 0: the regular fraction of the fewest runs that the lexicographic choice finds, which is the fewest there is for up to
// eleven variants (a test has the table of Box, Hunter and Hunter, "Statistics for Experimenters", 2nd ed., table 6.22). With parities, all variants off is one of the runs. nil where 8 basic variants do not do.
func generators(k, strength int) []int {
	for basic := 1; 1<<basic <= mostArms; basic++ {
		var columns []int
		for i := range basic { // the basic ones first: by themselves they are all combinations
			columns = append(columns, 1<<i)
		}
		columns = columns[:min(basic, k)]
		for c := 1; c < 1<<basic && len(columns) < k; c++ {
			if !slices.Contains(columns, c) && independent(columns, c, strength) {
				columns = append(columns, c)
			}
		}
		if len(columns) == k {
			return columns
		}
	}
	return nil
}

// independent tells whether c is not the sum of strength-2 columns or fewer.
func independent(columns []int, c, strength int) bool {
	var sums func(from, sum, left int) bool // whether some columns from there on add up to c
	sums = func(from, sum, left int) bool {
		if sum == c {
			return true
		}
		if left == 0 {
			return false
		}
		for i := from; i < len(columns); i++ {
			if sums(i+1, sum^columns[i], left-1) {
				return true
			}
		}
		return false
	}
	return !sums(0, 0, strength-2)
}

// plackettBurman is the smallest of Plackett and Burman's designs of 12, 20 and 24 runs for k variants, by the cyclic first rows of their
// table ("The design of optimum multifactorial experiments", Biometrika 33, 1946); the runs of 4, 8 and 16 are regular fractions.
func plackettBurman(k int) [][]int {
	for _, row := range []string{"++-+++---+-", "++--++++-+-+----++-", "+++++-+-++--++--+-+----"} {
		if len(row) < k {
			continue
		}
		arms := [][]int{{}} // the last row of the table, all off
		for shift := range row {
			var of []int
			for i := range k {
				if row[(i+len(row)-shift)%len(row)] == '+' {
					of = append(of, i)
				}
			}
			arms = append(arms, of)
		}
		return arms
	}
	return nil
}

func upTo(k int) []int {
	of := make([]int, k)
	for i := range of {
		of[i] = i
	}
	return of
}

func members(set, k int) []int {
	var of []int
	for i := range k {
		if set>>i&1 == 1 {
			of = append(of, i)
		}
	}
	return of
}

// names are what the arms of a design are called, given the names of the variants.
func (d Design) names(variants []string, arms [][]int) []string {
	names := []string{BaselineName}
	for _, of := range arms[1:] {
		var with, without []string
		for i, v := range variants {
			if slices.Contains(of, i) {
				with = append(with, v)
			} else {
				without = append(without, v)
			}
		}
		switch {
		case len(without) == 0 && len(with) > 1:
			names = append(names, "all")
		case d.Kind == LOO:
			names = append(names, "all but "+without[0])
		default:
			names = append(names, strings.Join(with, " + "))
		}
	}
	return names
}

// ContrastKind is what a contrast is of.
type ContrastKind string

// The kinds of contrasts. Main effects are one family of claims, what is beyond them is a second.
const (
	Main        ContrastKind = "main"        // of one variant, or of all together
	Interaction ContrastKind = "interaction" // of two: how much more the one brings where the other is there
	Deficit     ContrastKind = "deficit"     // of all: how much less they bring together than one by one
)

// asked is a question put to a study: a weighted sum of its arms' outcomes whose weights add up to 0.
type asked struct {
	name    string
	kind    ContrastKind
	about   []string  // the variants
	aliases []string  // what else it may be, in words
	weights []float64 // by arm; nil: it cannot be estimated from the arms that are usable
	arm     int       // where it is this arm less the baseline, and stands in the arm's own row; else 0
}

// questions are what a design asks of the arms at hand, of which those usable may be weighed. variants are the names of the file's, in
// order; arms say by [Arm.Of] what they are made of. Arms that are none of the design's are compared with the baseline. It is a
// function of what arms are, so that it holds for studies that have lost or gained some.
func (d Design) questions(variants []string, arms []Arm, usable []bool) []asked {
	d = d.plain()
	x := layout{variants: variants, arms: arms, usable: usable}
	var list []asked
	effect := func(name string, of []string, with, without []string) {
		list = append(list, asked{name: name, kind: Main, about: of, weights: x.sum(with, without)})
	}
	switch d.Kind {
	case LOO:
		effect("all", variants, variants, nil)
		for i, v := range variants {
			effect(v, variants[i:i+1], variants, without(variants, i))
		}
	case Ladder:
		for i, v := range variants {
			effect(v+", going up", variants[i:i+1], variants[:i+1], variants[:i])
		}
		for i, v := range slices.Backward(variants) {
			effect(v+", going down", variants[i:i+1], variants[i:], variants[i+1:])
		}
	case Factorial, Fractional:
		list = x.fractions(d)
	default:
		home := homes(arms)
		for v := 1; v < len(arms); v++ {
			if arms[v].Baseline {
				continue
			}
			if d.single() || len(arms[v].Of) < 2 || d.Kind == All {
				weights := make([]float64, len(arms))
				weights[v], weights[home[v]] = 1, -1
				list = append(list, asked{name: arms[v].Name, kind: Main, about: arms[v].Of, weights: weights, arm: v})
			}
		}
	}
	switch d.Kind { // beyond main effects
	case All:
		w := x.sum(nil, variants) // all together counts against
		for i := range variants {
			w = plus(w, x.sum(variants[i:i+1], nil))
		}
		list = append(list, asked{name: "deficit of all together", kind: Deficit, about: variants, weights: w})
	case Pairs:
		for j := range variants {
			for i := range j {
				a, b := variants[i:i+1], variants[j:j+1]
				both := []string{variants[i], variants[j]}
				w := plus(x.sum(both, a), x.sum(nil, b))
				list = append(list, asked{name: variants[i] + " x " + variants[j], kind: Interaction, about: both, weights: w})
			}
		}
	}
	return list
}

func without(names []string, i int) []string { return slices.Delete(slices.Clone(names), i, i+1) }

// layout is the arms of a study by what they are made of.
type layout struct {
	variants []string
	arms     []Arm
	usable   []bool
}

// sum is the arm made of exactly the variants plus less the one made of minus; nil where one of them is not usable.
func (x layout) sum(plus, minus []string) []float64 {
	p, m := x.find(plus), x.find(minus)
	if p < 0 || m < 0 {
		return nil
	}
	w := make([]float64, len(x.arms))
	w[p]++
	w[m]--
	return w
}

// find is the usable arm that is made of exactly these variants, -1 where there is none.
func (x layout) find(of []string) int {
	for v, a := range x.arms {
		if x.usable[v] && a.Baseline == (len(of) == 0) && len(a.Of) == len(of) && !slices.ContainsFunc(of, func(name string) bool { return !slices.Contains(a.Of, name) }) {
			return v
		}
	}
	return -1
}

// plus adds weights; what cannot be estimated spoils the sum.
func plus(a, b []float64) []float64 {
	if a == nil || b == nil {
		return nil
	}
	sum := slices.Clone(a)
	for i := range b {
		sum[i] += b[i]
	}
	return sum
}

// fractions are the questions of a design whose effects rest on all arms: the least-squares coefficients of a model in which each
// variant is there or not, and each two of them together. In complete designs a main effect is the mean of all arms with the variant
// less the mean of all without; where an arm is lost, the others tell it as far as they can, if need be with interactions taken for none.
func (x layout) fractions(d Design) []asked {
	runs := x.signs()
	terms := []term{{}}
	for i, v := range x.variants {
		terms = append(terms, term{asked: asked{name: v, kind: Main, about: []string{v}}, column: runs[i]})
	}
	if d.mixed() {
		x.mix(runs, terms[1:], d.Resolution)
	} else {
		terms = x.interactions(runs, terms)
	}
	solved := solve(terms, len(x.arms), x.usable)
	mains := 1 + len(x.variants)
	if slices.ContainsFunc(solved[:mains], func(w []float64) bool { return w == nil }) { // arms are lost: taking interactions for none, the others may do
		copy(solved, solve(terms[:mains], len(x.arms), x.usable))
	}
	var list []asked
	for i := range terms[1:] {
		a := terms[i+1].asked
		a.weights = solved[i+1]
		list = append(list, a)
	}
	return list
}

// term is a column of the model: by arm, or nil for the mean of all.
type term struct {
	asked
	column []float64
}

// signs is 1/2 for arms with a variant and -1/2 for those without, by variant and arm, so that a coefficient is the difference that the
// variant makes.
func (x layout) signs() [][]float64 {
	columns := make([][]float64, len(x.variants))
	for i, v := range x.variants {
		for _, a := range x.arms {
			s := -0.5
			if slices.Contains(a.Of, v) {
				s = 0.5
			}
			columns[i] = append(columns[i], s)
		}
	}
	return columns
}

// interactions adds a term for each two variants; those whose columns are the same in all arms are one term, of which only the sum can
// be told. The product of two columns of +-1/2 has as its coefficient the difference of differences.
func (x layout) interactions(runs [][]float64, terms []term) []term {
	for j := range x.variants {
		for i := range j {
			name := x.variants[i] + " x " + x.variants[j]
			column := product(runs[i], runs[j])
			if same := slices.IndexFunc(terms[1+len(x.variants):], func(t term) bool { return equalOr(t.column, column) }); same >= 0 {
				t := &terms[1+len(x.variants)+same]
				t.aliases = append(t.aliases, name)
				continue
			}
			terms = append(terms, term{asked: asked{name: name, kind: Interaction, about: []string{x.variants[i], x.variants[j]}}, column: column})
		}
	}
	return terms
}

// mix says which interactions of two a main effect may be: those with the same column, or, in Plackett and Burman's designs, a part of
// each that the variant has no share in.
func (x layout) mix(runs [][]float64, mains []term, r Resolution) {
	for v := range mains {
		t := &mains[v]
		for j := range x.variants {
			for i := range j {
				if i != v && j != v && equalOr(scaled(2, product(runs[i], runs[j])), runs[v]) {
					t.aliases = append(t.aliases, x.variants[i]+" x "+x.variants[j])
				}
			}
		}
		if r == PlackettBurman && len(x.variants) > 2 {
			t.aliases = []string{"parts of every interaction of two others"}
		}
	}
}

// solve gives each term the weights of its least-squares coefficient, by arm; nil where the usable arms do not tell it.
func solve(terms []term, arms int, usable []bool) [][]float64 {
	var rows []int
	for v := range arms {
		if usable[v] {
			rows = append(rows, v)
		}
	}
	weights := make([][]float64, len(terms))
	if len(rows) == 0 {
		return weights
	}
	model := mat.NewDense(len(rows), len(terms), nil)
	for r, v := range rows {
		for c, t := range terms {
			if t.column == nil {
				model.Set(r, c, 1)
			} else {
				model.Set(r, c, t.column[v])
			}
		}
	}
	var svd mat.SVD
	if !svd.Factorize(model, mat.SVDThin) {
		return weights
	}
	const small = 1e-9
	values := svd.Values(nil)
	rank := 0
	for rank < len(values) && values[rank] > small*values[0] {
		rank++
	}
	var left, right mat.Dense
	svd.UTo(&left)
	svd.VTo(&right)
	for c := range terms {
		told := 0.0 // of the coefficient: 1 where the rows span it
		w := make([]float64, arms)
		for i := range rank {
			told += right.At(c, i) * right.At(c, i)
			for r, v := range rows {
				w[v] += right.At(c, i) / values[i] * left.At(r, i)
			}
		}
		if told > 1-small {
			for v := range w { // exact zeros and equal weights where rounding left dust
				w[v] = tidy(w[v])
			}
			weights[c] = w
		}
	}
	return weights
}

// tidy takes the rounding of a decomposition off: 13 digits are kept.
func tidy(x float64) float64 {
	const digits = 1e13
	return math.Round(x*digits) / digits
}

func product(a, b []float64) []float64 {
	p := make([]float64, len(a))
	for i := range a {
		p[i] = a[i] * b[i]
	}
	return p
}

func scaled(by float64, a []float64) []float64 {
	s := make([]float64, len(a))
	for i := range a {
		s[i] = by * a[i]
	}
	return s
}

// equalOr tells whether two columns are one, or each the other's opposite.
func equalOr(a, b []float64) bool {
	same, opposite := true, true
	for i := range a {
		same, opposite = same && a[i] == b[i], opposite && a[i] == -b[i]
	}
	return same || opposite
}
