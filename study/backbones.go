package study

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
)

// A design of backbones asks the same of several networks, or of several sets of images: the baseline and each variant are trained on
// each of them. A backbone is judged as a study by itself is, with its own baseline, blocks and residual, at its share of the level; its claims
// are one family with those of the others. Nothing is a mean over backbones: whether a choice pays on one is no statement about another.

// backbones tells what is wrong with a design of several networks or sets of images.
func (d Design) backbones() error {
	if len(d.Nets)+len(d.Sets) == 0 {
		return fmt.Errorf("design backbones has the base's own alone; name more of them, as in {kind: backbones, nets: [resnet20]}, or sets")
	}
	return nil
}

// backbone is a network or a set of images in place of the base's.
type backbone struct {
	name string
	net  string
	data *experiment.Data
}

// backbones are those besides the base's own. Their names are unique.
func (s *Study) backbones() ([]backbone, error) {
	var list []backbone
	seen := map[string]bool{}
	add := func(b backbone) error {
		if seen[b.name] {
			return fmt.Errorf("backbones: two are named %q; drop or rename one", b.name)
		}
		seen[b.name] = true
		list = append(list, b)
		return nil
	}
	for _, net := range s.Design.Nets {
		if err := add(backbone{name: strings.TrimSuffix(filepath.Base(net), filepath.Ext(net)), net: net}); err != nil {
			return nil, err
		}
	}
	for i := range s.Design.Sets {
		d := &s.Design.Sets[i]
		if err := add(backbone{name: filepath.Base(d.String()), data: d}); err != nil {
			return nil, err
		}
	}
	for _, v := range s.Variants {
		switch {
		case v.Net != "" && len(s.Design.Nets) > 0:
			return nil, v.Place(fmt.Errorf("it names a network, as the design does; drop one of the two"))
		case v.Data != nil && len(s.Design.Sets) > 0:
			return nil, v.Place(fmt.Errorf("it names data, as the design does; drop one of the two"))
		}
	}
	return list, nil
}

// on is the baseline and every variant on a backbone. The baseline's edit is the backbone itself.
func (s *Study) on(b backbone) []Combination {
	home := Combination{Variant: Variant{Name: BaselineName + " on " + b.name, Net: b.net, Data: b.data}, Backbone: b.name}
	if s.At != nil {
		home.At = s.At.Get("design")
	}
	arms := []Combination{home}
	for _, v := range s.Variants {
		c := Combination{Variant: v, Of: []string{v.Name}, Backbone: b.name}
		c.Name = v.Name + " on " + b.name
		if b.net != "" {
			c.Net = b.net
		}
		if b.data != nil {
			c.Data = b.data
		}
		arms = append(arms, c)
	}
	return arms
}

// homes is, by arm, the place of the baseline that it is compared with: 0, or that of its backbone.
func homes(arms []Arm) []int {
	of := map[string]int{}
	for v, a := range arms {
		if a.Baseline {
			of[a.Backbone] = v
		}
	}
	home := make([]int, len(arms))
	for v, a := range arms {
		home[v] = of[a.Backbone]
	}
	return home
}

// Home is the place of the arm that one of the plan is compared with.
func (p *Plan) Home(arm int) int {
	var arms []Arm
	for _, a := range p.Arms {
		arms = append(arms, a.Arm)
	}
	return homes(arms)[arm]
}

// bases are the places of the baselines, that of the base first.
func (t *table) bases() []int {
	return slices.Compact(slices.Sorted(slices.Values(t.home)))
}

// BackboneLine is a backbone as the head of a report tells it.
type BackboneLine struct {
	Name       string  `json:"name"`     // of the network or the set
	Baseline   string  `json:"baseline"` // the arm that its others are compared with
	NoiseSD    float64 `json:"noise_sd"` // residual standard deviation of one trial within its block; 0 while unknown
	ResidualDF int     `json:"residual_df"`
}

// backbones fills in what is known of each, where there are several.
func (t *table) backbones(r *Result, now findings) {
	if r.Design.Kind != Backbones {
		return
	}
	for _, base := range t.bases() {
		b := BackboneLine{Name: t.arms[base].Backbone, Baseline: t.arms[base].Name, NoiseSD: now.noises[base].sd, ResidualDF: now.noises[base].df}
		if base == 0 {
			b.Name = r.Net
			if len(r.Design.Nets) == 0 {
				b.Name = filepath.Base(r.Data)
			}
		}
		r.Backbones = append(r.Backbones, b)
	}
}

// Sign is a variant over backbones, in the order of [Result.Backbones]. Its words are those of the arms' own verdicts, which hold together
// at the level of the study: two that differ need no test besides.
type Sign struct {
	Variant  string     `json:"variant"`
	Effects  []*float64 `json:"effects"`
	Verdicts []Verdict  `json:"verdicts"`
	Flips    bool       `json:"flips"`  // it helps on one and hurts on another
	Agrees   bool       `json:"agrees"` // it helps on all, or hurts on all
}

// signs lays verdicts side by side.
func signs(r *Result) []Sign {
	var list []Sign
	for _, v := range r.Variants {
		s := Sign{Variant: v}
		count := map[Verdict]int{}
		for _, b := range r.Backbones {
			var effect *float64
			var verdict Verdict
			base, _ := r.Judgement(b.Baseline)
			for _, j := range r.Judged {
				if !j.Baseline && j.Backbone == base.Backbone && slices.Equal(j.Of, []string{v}) {
					effect, verdict = j.Effect, j.Verdict
				}
			}
			s.Effects, s.Verdicts = append(s.Effects, effect), append(s.Verdicts, verdict)
			count[verdict]++
		}
		s.Flips = count[Helps] > 0 && count[Hurts] > 0
		s.Agrees = max(count[Helps], count[Hurts]) == len(r.Backbones)
		list = append(list, s)
	}
	return list
}
