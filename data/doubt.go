package data

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/format"
)

// Doubt is something about a set that does not hinder training, but that whoever reads its figures must know. It is found
// when the set is listed and kept with the listing, so that every command can say it.
type Doubt struct {
	Kind     string   `json:"kind"`               // one of the kinds below
	What     string   `json:"what"`               // a sentence without its end
	Mend     string   `json:"mend,omitempty"`     // what to do, if anything can be done
	Examples []string `json:"examples,omitempty"` // at most 100
}

// The kinds of doubts.
const (
	DoubtLeak     = "leak"     // a picture of validation or test that is in another part too
	DoubtCopies   = "copies"   // exact copies within a class
	DoubtLabels   = "labels"   // one picture under two labels
	DoubtKin      = "kin"      // a class that is one picture
	DoubtNames    = "names"    // class names that are easily taken for one another, or for parts
	DoubtDepth    = "depth"    // levels that 8 bits do not hold apart
	DoubtContrast = "contrast" // pictures of one brightness
	DoubtBalance  = "balance"  // a class that is guessed with profit
	DoubtBoxes    = "boxes"    // boxes that are left out or changed
	DoubtUnsaid   = "unsaid"   // pictures without annotation, which are left out
	DoubtAbsent   = "absent"   // a class that some part, or all of them, has no box of
)

// String is the doubt in one line, with its first example.
func (d Doubt) String() string {
	text := d.What
	if len(d.Examples) > 0 {
		text += ", such as " + d.Examples[0]
	}
	if d.Mend != "" {
		text += "; " + d.Mend
	}
	return text
}

// Doubts are what is doubtful about the set, in a fixed order of kinds.
func (s *Set) Doubts() []Doubt { return s.doubts }

const maxExamples = 100

func (d *Doubt) example(form string, args ...any) {
	if len(d.Examples) < maxExamples {
		d.Examples = append(d.Examples, fmt.Sprintf(form, args...))
	}
}

// doubt finds what is doubtful about the items, which were found at the places of order.
func (l *listing) doubt(found []finding, order []int) {
	l.Doubts = slices.Concat(l.Doubts, l.likenesses(), l.levels(found, order), l.proportions())
}

// doubts gathers what is found n times of something, where n is above 0.
type doubts []Doubt

func (ds *doubts) add(d Doubt, n int, form string, args ...any) {
	if n > 0 {
		d.What = fmt.Sprintf(form, args...)
		*ds = append(*ds, d)
	}
}

// likenesses are the doubts about items that are nearly the same.
func (l *listing) likenesses() (all doubts) {
	leak, twice, copies := Doubt{Kind: DoubtLeak}, Doubt{Kind: DoubtLabels}, Doubt{Kind: DoubtCopies}
	leaks, labels, same := 0, 0, 0
	for _, g := range l.groups() {
		leaks += l.pairs(&leak, g, func(it Item) int { return int(it.Split) }, func(it Item) bool { return it.Split == format.Val || it.Split == format.Test }, false)
		if !l.Boxed { // the label is one class of many there
			labels += l.pairs(&twice, g, func(it Item) int { return int(it.Label) }, func(Item) bool { return true }, true)
		}
		for k, i := range g[1:] {
			if a, b := l.items[g[k]], l.items[i]; a.Hash == b.Hash && a.Label == b.Label && a.Split == b.Split {
				same++
				copies.example("%s and %s", a.Name, b.Name)
			}
		}
	}
	if !l.Raw { // a record cannot be removed
		leak.Mend, twice.Mend = "remove them from one part", "check the labels"
	}
	all.add(leak, leaks, "a leak: %s of validation or test %s nearly the same as one in a different part, so their figures say what was learned by heart", count(leaks, "image"), are(leaks))
	all.add(twice, labels, "%s %s nearly the same as one with a different label", count(labels, "image"), are(labels))
	all.add(copies, same, "%s %s an exact copy of another one of the class; in validation and test each picture counts once", count(same, "image"), are(same))

	classes := make([]int, len(l.Classes)) // images
	kinds := make([]map[int32]bool, len(l.Classes))
	open := make([]bool, len(l.Classes))
	for _, it := range l.items {
		classes[it.Label]++
		if kinds[it.Label] == nil {
			kinds[it.Label] = map[int32]bool{}
		}
		kinds[it.Label][it.Group] = true
		open[it.Label] = open[it.Label] || it.Split == format.Unsplit
	}
	for c, n := range classes {
		if n > 1 && len(kinds[c]) == 1 && open[c] && !l.Boxed {
			all.add(Doubt{Kind: DoubtKin, Mend: "add other pictures"}, n, "all %s of %s are nearly the same picture, so none can be set apart for validation or test", count(n, "image"), l.Classes[c])
		}
	}
	return all
}

// levels are the doubts about brightness.
func (l *listing) levels(found []finding, order []int) (all doubts) {
	depth, blank := Doubt{Kind: DoubtDepth, Mend: "scale their values to the whole range of the bits"}, Doubt{Kind: DoubtContrast}
	lost, worst, flat := 0, -1, 0
	for k, at := range order {
		if r := &found[at]; r.levels > 2*r.kept && r.kept < fewLevels {
			lost++
			depth.example("%s (%d of %d levels)", l.items[k].Name, r.kept, r.levels)
			if worst < 0 || r.kept < found[worst].kept {
				worst = at
			}
		}
		if found[at].sketch.blank {
			flat++
			blank.example("%s", l.items[k].Name)
		}
	}
	if lost > 0 {
		all.add(depth, lost, "%s of more than 8 bits %s few of their levels when they become 8 bits, at worst %d of %d", count(lost, "picture"), verb(lost, "keeps", "keep"), found[worst].kept, found[worst].levels)
	}
	if 20*flat >= len(l.items) {
		all.add(blank, flat, "%s of %d %s of one brightness all over", count(flat, "picture"), len(l.items), are(flat))
	}
	return all
}

// proportions are the doubts about how many there are of each class.
func (l *listing) proportions() doubts {
	if l.Boxed {
		return l.absences()
	}
	return l.balance()
}

// absences are the doubts about classes that a part has no box of, and about boxes that all lie in one corner.
func (l *listing) absences() (all doubts) {
	counts := make([][4]int, len(l.Classes)) // boxes by class and part
	var parts [4]bool
	boxes, far, small := 0, 0.0, math.MaxInt
	for i, it := range l.items {
		parts[it.Split] = true
		small = min(small, it.H, it.W)
		for _, o := range l.objects[l.first[i]:l.first[i+1]] {
			counts[o.Class][it.Split]++
			boxes++
			far = max(far, o.X1, o.Y1)
		}
	}
	for c, name := range l.Classes {
		var without []string
		for part, there := range parts {
			if there && counts[c][part] == 0 {
				without = append(without, Split(part).String())
			}
		}
		switch {
		case counts[c] == [4]int{}:
			all.add(Doubt{Kind: DoubtAbsent, Mend: "add some or take its name away"}, 1, "class %s has no boxes", name)
		case len(without) > 0:
			all.add(Doubt{Kind: DoubtAbsent, Mend: "what is said of it there is a guess; move some there"}, 1, "class %s has no boxes in %s", name, strings.Join(without, " and "))
		}
	}
	if boxes >= 20 && far <= 101 && small > 200 {
		all.add(Doubt{Kind: DoubtAbsent, Mend: "write them in pixels (assay data show draws them)"}, 1, "all %d boxes end before pixel 101 of pictures of %d and more: are they in percent?", boxes, small)
	}
	return all
}

// balance is the doubt about classes of unlike size: of the validation images, where these are given.
func (l *listing) balance() (all doubts) {
	of, judged, where := make([]int, len(l.Classes)), make([]int, len(l.Classes)), "the images"
	ownVal := false
	for _, it := range l.items {
		of[it.Label]++
		if it.Split == format.Val {
			ownVal = true
			judged[it.Label]++
		}
	}
	if ownVal {
		of, where = judged, "the validation images"
	}
	most, total := 0, 0
	for c, n := range of {
		total += n
		if n > of[most] {
			most = c
		}
	}
	if least := slices.Min(append(slices.Clone(of), math.MaxInt)); len(of) > 1 && of[most] >= 2*max(least, 1) {
		share := 100 * float64(of[most]) / float64(total)
		all.add(Doubt{Kind: DoubtBalance}, 1, "the classes are not balanced: %s has %.1f %% of %s, the rarest class %.1f %%; the figure to beat is an accuracy of %.1f %%, which always guessing %s gets",
			l.Classes[most], share, where, 100*float64(least)/float64(total), share, l.Classes[most])
	}
	return all
}

// fewLevels is how many grey levels a picture of more than 8 bits must keep to go without a word.
const fewLevels = 64

// groups are the items that are near to one another, where there are two or more.
func (l *listing) groups() (groups [][]int) {
	at := map[int32]int{}
	for i, it := range l.items {
		if int(it.Group) == i {
			continue
		}
		k, ok := at[it.Group]
		if !ok {
			k = len(groups)
			at[it.Group] = k
			groups = append(groups, []int{int(it.Group)})
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}

// pairs counts the items of a group that ask for a partner and have one that differs in what key says, and gives examples.
func (l *listing) pairs(d *Doubt, group []int, key func(Item) int, asks func(Item) bool, labels bool) (n int) {
	said := map[[2]int]bool{}
	for _, i := range group {
		if !asks(l.items[i]) {
			continue
		}
		for _, j := range group {
			if key(l.items[i]) == key(l.items[j]) {
				continue
			}
			n++
			if a, b := l.items[i], l.items[j]; !said[[2]int{j, i}] {
				said[[2]int{i, j}] = true
				if labels {
					d.example("%s (%s) and %s (%s)", a.Name, l.Classes[a.Label], b.Name, l.Classes[b.Label])
				} else {
					d.example("%s and %s", a.Name, b.Name)
				}
			}
			break
		}
	}
	return n
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func are(n int) string { return verb(n, "is", "are") }

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// names finds class names that a person takes for one another, or for parts of the data.
func (l *listing) names() {
	for _, pair := range alike(l.Classes) {
		l.Doubts = append(l.Doubts, Doubt{Kind: DoubtNames, What: fmt.Sprintf("classes %q and %q look alike", l.Classes[pair[0]], l.Classes[pair[1]])})
	}
	var parts []string
	for _, c := range l.Classes {
		switch strings.ToLower(c) {
		case "train", "training", "val", "valid", "validation", "test", "testing", "eval", "dev", "holdout":
			parts = append(parts, c)
		}
	}
	if len(parts) > 0 {
		l.Doubts = append(l.Doubts, Doubt{Kind: DoubtNames, What: fmt.Sprintf("%s %s like %s of the data, and %s read as %s", strings.Join(parts, ", "),
			verb(len(parts), "sounds", "sound"), verb(len(parts), "a part", "parts"), are(len(parts)), verb(len(parts), "a class", "classes")), Mend: "name the folders of parts train, val and test"})
	}
}
