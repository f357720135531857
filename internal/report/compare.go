package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// Comparison is two studies that judge one metric on the same images, arm by arm.
type Comparison struct {
	A      string        `json:"a"` // names of the studies
	B      string        `json:"b"`
	Metric string        `json:"metric"`
	Unit   string        `json:"unit"`
	Common []ComparedArm `json:"arms"` // that both have, in the order of A's ranking
	OnlyA  []string      `json:"only_a"`
	OnlyB  []string      `json:"only_b"`
	Tau    *float64      `json:"kendall_tau"` // of the effects of common arms; null for fewer than three
	Alike  int           `json:"pairs_alike"` // pairs of arms that both put in one order
	Unlike int           `json:"pairs_unlike"`
	a, b   ranking
}

// ComparedArm is an arm of both studies. Difference is A's effect less B's with a 95 % interval of its own, taken as if the two shared nothing: where
// they share trials or images it is too wide rather than too narrow.
type ComparedArm struct {
	NameA      string       `json:"name_a"`
	NameB      string       `json:"name_b"`
	Same       bool         `json:"same"` // the same network and settings; else of the same name alone
	A          ComparedSide `json:"a"`
	B          ComparedSide `json:"b"`
	Difference *float64     `json:"difference"`
	Low        *float64     `json:"low"`
	High       *float64     `json:"high"`
	Flips      bool         `json:"flips"` // told from 0 in both, with opposite signs
	arms       [2]study.Judgement
}

// ComparedSide is what a study says of an arm.
type ComparedSide struct {
	Effect  *float64      `json:"effect"`
	Low     *float64      `json:"low"`
	High    *float64      `json:"high"`
	Verdict study.Verdict `json:"verdict"`
}

// Compare sets two judged studies side by side. Arms are the same by recipe, which gives a name to what an arm is made of ("" where that is not
// known); of what is left, those of one name stand together. Studies of unlike metrics are refused; that both are of the same images is for the caller
// to know.
func Compare(a, b *study.Result, recipe func(r *study.Result, arm string) string) (Comparison, error) {
	if a == nil || b == nil || len(a.Judged) == 0 || len(b.Judged) == 0 {
		return Comparison{}, ErrNotJudged
	}
	c := Comparison{A: a.Name, B: b.Name, Metric: a.Metric, Common: []ComparedArm{}, OnlyA: []string{}, OnlyB: []string{}, a: rank(a), b: rank(b)}
	if a.Metric != b.Metric {
		return c, fmt.Errorf("%s is judged by %s and %s by %s; compare studies of one metric", a.Name, a.Metric, b.Name, b.Metric)
	}
	c.Unit = c.a.primary().Unit
	left := slices.Clone(c.b.asked)
	take := func(fits func(study.Judgement) bool) (study.Judgement, bool) {
		i := slices.IndexFunc(left, fits)
		if i < 0 {
			return study.Judgement{}, false
		}
		j := left[i]
		left = slices.Delete(left, i, i+1)
		return j, true
	}
	partner := map[string]ComparedArm{}
	for _, same := range []bool{true, false} { // all of the same recipe before any of the same name
		for _, j := range c.a.asked {
			if _, paired := partner[j.Name]; paired {
				continue
			}
			other, ok := take(func(o study.Judgement) bool {
				if same {
					of := recipe(a, j.Name)
					return of != "" && of == recipe(b, o.Name)
				}
				return o.Name == j.Name
			})
			if ok {
				partner[j.Name] = compared(j, other, same)
			}
		}
	}
	for _, j := range c.a.asked {
		if p, ok := partner[j.Name]; ok {
			c.Common = append(c.Common, p)
		} else {
			c.OnlyA = append(c.OnlyA, j.Name)
		}
	}
	for _, j := range left {
		c.OnlyB = append(c.OnlyB, j.Name)
	}
	var x, y []float64
	for _, p := range c.Common {
		if p.Difference != nil {
			x, y = append(x, *p.A.Effect), append(y, *p.B.Effect)
		}
	}
	var tau float64
	if tau, c.Alike, c.Unlike = kendall(x, y); len(x) > 2 && finite(tau) {
		c.Tau = &tau
	}
	return c, nil
}

func compared(a, b study.Judgement, same bool) ComparedArm {
	side := func(j study.Judgement) ComparedSide { return ComparedSide{j.Effect, j.Low, j.High, j.Verdict} }
	p := ComparedArm{NameA: a.Name, NameB: b.Name, Same: same, A: side(a), B: side(b), arms: [2]study.Judgement{a, b}}
	p.Flips = a.Verdict == study.Helps && b.Verdict == study.Hurts || a.Verdict == study.Hurts && b.Verdict == study.Helps
	if a.Effect == nil || b.Effect == nil {
		return p
	}
	p.Difference = new(*a.Effect - *b.Effect)
	va, vb := a.SeedSE*a.SeedSE+a.ImageSE*a.ImageSE, b.SeedSE*b.SeedSE+b.ImageSE*b.ImageSE
	if va <= 0 || vb <= 0 {
		return p
	}
	// Welch's interval: the degrees of freedom of a sum of two variances (Satterthwaite, 1946); endless ones stand as 0.
	inverse := 0.0
	for _, of := range [][2]float64{{va, a.DF}, {vb, b.DF}} {
		if of[1] > 0 {
			inverse += of[0] * of[0] / of[1]
		}
	}
	critical := distuv.UnitNormal.Quantile(0.975)
	if inverse > 0 {
		critical = distuv.StudentsT{Sigma: 1, Nu: (va + vb) * (va + vb) / inverse}.Quantile(0.975)
	}
	half := critical * math.Sqrt(va+vb)
	p.Low, p.High = new(*p.Difference-half), new(*p.Difference+half)
	return p
}

// kendall is how far two lists order things alike, tau-b (Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945), with the pairs
// that they order alike and not.
func kendall(x, y []float64) (tau float64, alike, unlike int) {
	tiesX, tiesY := 0, 0 // pairs not tied in x, in y
	for i := range x {
		for j := range i {
			a, b := x[i]-x[j], y[i]-y[j]
			if a != 0 {
				tiesX++
			}
			if b != 0 {
				tiesY++
			}
			switch p := a * b; {
			case a == 0 || b == 0:
			case p > 0:
				alike++
			default:
				unlike++
			}
		}
	}
	return float64(alike-unlike) / math.Sqrt(float64(tiesX)*float64(tiesY)), alike, unlike
}

// Rows are the table of a comparison: name, what each study says, and the difference.
func (c Comparison) Rows() [][]string {
	var rows [][]string
	d := max(c.a.decimals, c.b.decimals)
	cell := func(k ranking, j study.Judgement) string {
		return strings.TrimPrefix(k.effectOf(j.Finding, d)+" "+k.called(j), nothing+" ")
	}
	for _, p := range c.Common {
		name := p.NameA
		if p.NameA != p.NameB {
			name += " = " + p.NameB
		}
		if !p.Same {
			name += " (other network or settings)"
		}
		difference := nothing
		if p.Difference != nil {
			difference = signed(*p.Difference, d)
			if p.Low != nil {
				difference += " " + interval(*p.Low, *p.High, d)
			}
		}
		if p.Flips {
			difference += ", signs differ"
		}
		rows = append(rows, []string{name, plain(cell(c.a, p.arms[0])), plain(cell(c.b, p.arms[1])), plain(difference)})
	}
	return rows
}

// Says is what stands below the table, a sentence each.
func (c Comparison) Says() []string {
	var lines []string
	if len(c.Common) == 0 {
		lines = append(lines, "No arm is in both.")
	}
	if c.Tau != nil {
		lines = append(lines, fmt.Sprintf("Order of the common arms: Kendall's tau %s (%s alike, %d not).", plain(signed(*c.Tau, 2)), say.Counted(c.Alike, "pair"), c.Unlike))
	}
	for _, only := range []struct {
		study string
		arms  []string
	}{{c.A, c.OnlyA}, {c.B, c.OnlyB}} {
		if len(only.arms) > 0 {
			lines = append(lines, fmt.Sprintf("Only in %s: %s.", only.study, strings.Join(only.arms, ", ")))
		}
	}
	if slices.ContainsFunc(c.Common, func(p ComparedArm) bool { return p.Low != nil }) {
		lines = append(lines, "Intervals of differences are 95 % each, not together, and as if the studies shared no trial and no image.")
	}
	return lines
}
