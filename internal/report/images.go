package report

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"slices"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
)

// Sight is what a classifier's study says of single images and classes, from what every trial keeps of each validation image. It is
// exploratory: no verdict comes of it.
type Sight struct {
	Classes    []string            `json:"classes"`
	Effects    []study.ClassEffect `json:"effects"` // of every variant on every class
	Shares     []ClassShare        `json:"shares"`  // by class
	Compared   string              `json:"compared"`
	Confusions []Confused          `json:"confusions"`
	Always     []Seen              `json:"always_wrong"` // by every arm in every repeat, the surest mistakes first
	Won        []Seen              `json:"won"`          // right by the compared arm in every repeat, and wrong by the baseline in every one
	Lost       []Seen              `json:"lost"`         // the other way round
}

// ClassShare is how much of a class the baseline and the compared arm have right, in hundredths of its images over all repeats.
type ClassShare struct {
	Class    string  `json:"class"`
	Images   int     `json:"images"`
	Baseline float64 `json:"baseline"`
	Compared float64 `json:"compared"`
}

// Confused counts what an arm takes images for, over all its repeats: by true class, by taken class.
type Confused struct {
	Arm   string         `json:"arm"`
	Taken task.Confusion `json:"taken"`

	Balanced float64 `json:"balanced_accuracy"` // of these counts, 0 to 1
	MacroF1  float64 `json:"macro_f1"`
}

// Says is what the counts come to, where classes count alike: "balanced accuracy 87.3 %, macro F1 .871".
func (c Confused) Says() string {
	return fmt.Sprintf("balanced accuracy %.1f %%, macro F1 %.3f", 100*c.Balanced, c.MacroF1)
}

// Seen is a picture as the trials saw it.
type Seen struct {
	File  string `json:"file"`
	Hash  string `json:"hash"`
	Class string `json:"class"`
	Taken string `json:"taken"` // for which class most often, by those that were wrong
	Wrong int    `json:"wrong"` // trials that took it for another
	Of    int    `json:"of"`    // trials that saw it
	logP  float64
	as    map[int]int // by class: trials that took it for that
}

// See tells what a judged study's images say; album is as the trials number them. nil where the study keeps no classes of images.
func See(r *study.Result, album trial.Images) *Sight {
	if r == nil || len(r.Judged) == 0 || len(album.Hashes) == 0 || len(album.Classes) == 0 {
		return nil
	}
	k := rank(r)
	s := &Sight{Classes: album.Classes, Effects: study.ByClass(r, album.Labels, len(album.Classes)), Compared: k.compared(), Always: []Seen{}, Won: []Seen{}, Lost: []Seen{}}
	kept := false
	all, base, best := map[int]*Seen{}, map[int]*Seen{}, map[int]*Seen{}
	counts := map[string]task.Confusion{}
	for _, arm := range []string{k.base.Name, s.Compared} {
		if arm != "" {
			c := make(task.Confusion, len(album.Classes))
			for i := range c {
				c[i] = make([]int, len(album.Classes))
			}
			counts[arm] = c
		}
	}
	elsewhere := map[string]bool{} // arms on another backbone, whose images may be of other classes
	for _, j := range r.Judged {
		elsewhere[j.Name] = j.Backbone != ""
	}
	for _, t := range r.Trials {
		if elsewhere[t.Arm] {
			continue
		}
		right, other, logP := t.Images.Columns[task.Correct], t.Images.Columns[task.ClassOther], t.Images.Columns[task.LogPTrue]
		if t.Status != study.Done || len(right) != len(t.Images.IDs) || len(other) != len(right) || len(logP) != len(right) {
			continue
		}
		kept = true
		for i, id := range t.Images.IDs {
			at := int(id)
			if at >= len(album.Hashes) || int(other[i]) >= len(album.Classes) {
				continue
			}
			label := int(album.Labels[at])
			class := label
			if right[i] == 0 {
				class = int(other[i])
			}
			if c := counts[t.Arm]; c != nil {
				c[label][class]++
			}
			count := func(in map[int]*Seen) {
				if in[at] == nil {
					in[at] = &Seen{File: album.Names[at], Hash: album.Hashes[at], Class: album.Classes[label], as: map[int]int{}}
				}
				p := in[at]
				p.Of++
				p.logP += float64(logP[i])
				if class != label {
					p.Wrong++
					p.as[class]++
				}
			}
			count(all)
			switch t.Arm {
			case k.base.Name:
				count(base)
			case s.Compared:
				count(best)
			}
		}
	}
	if !kept {
		return nil
	}
	for _, in := range []map[int]*Seen{all, base, best} {
		for _, p := range in {
			most := -1
			for _, c := range slices.Sorted(maps.Keys(p.as)) { // ties to the class that stands first
				if most < 0 || p.as[c] > p.as[most] {
					most = c
				}
			}
			if most >= 0 {
				p.Taken = album.Classes[most]
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(all)) {
		if p := all[at]; p.Wrong == p.Of && p.Of > 1 {
			s.Always = append(s.Always, *p)
		}
		b, w := base[at], best[at]
		switch {
		case b == nil || w == nil || b.Of < 2:
		case b.Wrong == b.Of && w.Wrong == 0:
			s.Won = append(s.Won, *b)
		case b.Wrong == 0 && w.Wrong == w.Of:
			s.Lost = append(s.Lost, *w)
		}
	}
	for _, list := range [][]Seen{s.Always, s.Won, s.Lost} {
		slices.SortStableFunc(list, func(a, b Seen) int { return cmp.Compare(a.logP/float64(a.Of), b.logP/float64(b.Of)) })
	}
	for _, arm := range []string{k.base.Name, s.Compared} {
		if arm != "" {
			s.Confusions = append(s.Confusions, Confused{arm, counts[arm], counts[arm].BalancedAccuracy(), counts[arm].MacroF1()})
		}
	}
	for class, name := range album.Classes {
		share := func(arm string) (float64, int) {
			c, n := counts[arm], 0
			if c == nil {
				return 0, 0
			}
			for _, x := range c[class] {
				n += x
			}
			return 100 * float64(c[class][class]) / float64(max(1, n)), n
		}
		of := ClassShare{Class: name}
		for _, label := range album.Labels {
			of.Images += btoi(int(label) == class)
		}
		of.Baseline, _ = share(k.base.Name)
		of.Compared, _ = share(s.Compared)
		s.Shares = append(s.Shares, of)
	}
	return s
}

// compared is the arm that is set beside the baseline: the winner, else the variant of the best mean; "" where there is none.
func (k ranking) compared() string {
	if k.Winner != "" && k.Winner != k.base.Name {
		return k.Winner
	}
	name, most := "", 0.0
	for _, j := range k.variants {
		if j.Mean != nil && j.Diverged == 0 && (name == "" || k.better()**j.Mean > most) {
			name, most = j.Name, k.better()**j.Mean
		}
	}
	return name
}

// Found are the effects on classes that are told from 0, the surest first, as "elu on tulips: +12 points (60 images, q 0.03)".
func (s *Sight) Found() []string {
	found := slices.DeleteFunc(slices.Clone(s.Effects), func(e study.ClassEffect) bool { return !e.Found })
	slices.SortStableFunc(found, func(a, b study.ClassEffect) int { return cmp.Compare(a.Q, b.Q) })
	var lines []string
	for _, e := range found {
		lines = append(lines, fmt.Sprintf("%s on %s: %s points (%s, q %s)", e.Arm, s.Classes[e.Class], signed(e.Effect, 0), counted(e.Images, "image"), say.Figure(e.Q)))
	}
	return lines
}

// Looked says how many effects on classes were looked at, and what finding one means.
func (s *Sight) Looked() string {
	text := counted(len(s.Effects), "effect") + " of a variant on a class looked at, "
	switch n := len(s.Found()); n {
	case 0:
		return text + "none told from 0."
	default:
		return text + fmt.Sprintf("%d told from 0. Of such a share of %s is expected to be false: they are hints, no verdicts.", n, percent(study.DiscoveryRate))
	}
}

// Mistakes are the most frequent confusions of an arm: "tulips taken for roses: 14 of 36".
func (c Confused) Mistakes(classes []string, most int) []string {
	type mistake struct{ is, for_, n, of int }
	var list []mistake
	for is, row := range c.Taken {
		of := 0
		for _, n := range row {
			of += n
		}
		for as, n := range row {
			if as != is && n > 0 {
				list = append(list, mistake{is, as, n, of})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b mistake) int { return cmp.Compare(b.n, a.n) })
	var lines []string
	for _, m := range list[:min(most, len(list))] {
		lines = append(lines, fmt.Sprintf("%s taken for %s: %d of %d", classes[m.is], classes[m.for_], m.n, m.of))
	}
	return lines
}

// mostSeen is how many pictures of a kind the page shows.
const mostSeen = 24

// Wanted are the hashes of the pictures that a page shows, of all kinds in turn.
func (s *Sight) Wanted() []string {
	var list []string
	for _, seen := range [][]Seen{s.Always, s.Won, s.Lost} {
		for _, p := range seen[:min(mostSeen, len(seen))] {
			if !slices.Contains(list, p.Hash) {
				list = append(list, p.Hash)
			}
		}
	}
	return list
}

// gallery is pictures of a kind, for the template.
type gallery struct {
	Head, Says string
	Pictures   []pictureOf
	More       int
}

type pictureOf struct {
	Seen
	Source template.URL // "" where the page holds no pictures
}

// galleries are the kinds that have pictures. thumbs are JPEG files by hash.
func (s *Sight) galleries(thumbs map[string][]byte, base string) []gallery {
	var list []gallery
	for _, g := range []struct {
		head, says string
		of         []Seen
	}{
		{"Wrong in every repeat, by every arm", "Look at their labels first.", s.Always},
		{"Right by " + s.Compared + " in every repeat, and wrong by the " + base + " in every one", "", s.Won},
		{"The other way round", "", s.Lost},
	} {
		if len(g.of) == 0 {
			continue
		}
		shown := gallery{Head: g.head, Says: g.says, More: max(0, len(g.of)-mostSeen)}
		for _, p := range g.of[:min(mostSeen, len(g.of))] {
			of := pictureOf{Seen: p}
			if t := thumbs[p.Hash]; len(t) > 0 {
				of.Source = template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(t))
			}
			shown.Pictures = append(shown.Pictures, of)
		}
		list = append(list, shown)
	}
	return list
}

// wrongs is a confusion as the page shows it: a table while the classes are few, else the most frequent mistakes.
type wrongs struct {
	Arm      string
	Says     string
	Classes  []string
	Rows     []wrongRow
	Mistakes []string
}

type wrongRow struct {
	Class string
	Cells []wrongCell
}

type wrongCell struct {
	N    int
	Self bool // taken for what it is
	Heat int  // share of the class in tenths, 0 to 10
}

func (c Confused) table(classes []string) wrongs {
	w := wrongs{Arm: c.Arm, Says: c.Says()}
	if len(classes) > 12 {
		w.Mistakes = c.Mistakes(classes, 12)
		return w
	}
	w.Classes = classes
	for is, row := range c.Taken {
		of := 0
		for _, n := range row {
			of += n
		}
		r := wrongRow{Class: classes[is]}
		for as, n := range row {
			r.Cells = append(r.Cells, wrongCell{n, as == is, (10*n + of/2) / max(1, of)})
		}
		w.Rows = append(w.Rows, r)
	}
	return w
}
