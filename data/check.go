package data

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/assaylab/assay/internal/format"
)

// Stop is something that hinders training until a person mends it.
type Stop = format.Stop

// check refuses sets that cannot be trained on. The error names all that is to be mended, on one line, and last the skip that
// would leave it all out.
func (s *Set) check() error {
	stops := s.allStops()
	if len(stops) == 0 {
		return nil
	}
	if len(stops) == 1 {
		return fmt.Errorf("%s: %s; %s", s.tree.Root, stops[0].What, stops[0].Mend)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d faults", s.tree.Root, len(stops))
	var skip []string
	for i, stop := range stops {
		fmt.Fprintf(&b, " (%d) %s; %s", i+1, stop.What, stop.Mend)
		for _, glob := range stop.Skip {
			if q := strconv.Quote(glob); !slices.Contains(skip, q) {
				skip = append(skip, q)
			}
		}
	}
	if len(skip) > 0 {
		fmt.Fprintf(&b, " (all that can be left out: skip: [%s])", strings.Join(skip, ", "))
	}
	return errors.New(b.String())
}

// allStops are what was found in the names and what the items show.
func (s *Set) allStops() []Stop {
	stops := slices.Clone(s.stops)
	stop := func(what, mend string, skip ...string) {
		if s.rows != nil || s.pattern != nil { // a class is no folder that could be left out
			skip = nil
		}
		stops = append(stops, Stop{What: what, Mend: mend, Skip: skip})
	}
	switch {
	case len(s.Items) == 0 && len(s.Faults) == 0 && len(stops) == 0:
		stop("no images", s.mend("put each class's pictures in a folder of its own"))
		return stops
	case 2*len(s.Faults) > len(s.Items)+len(s.Faults):
		first, mend := s.Faults[0], "is this the right folder?"
		if first.What == unlabelled || first.What == unlisted {
			mend = first.Mend
		}
		stop(fmt.Sprintf("%d of %d files are faulty, the first is %s (%s)", len(s.Faults), len(s.Items)+len(s.Faults), first.File, first.What), mend)
		if len(s.Items) == 0 {
			return stops
		}
	}
	if s.Boxed {
		return append(stops, s.boxedStops()...)
	}
	if len(s.Classes) == 1 {
		stop(fmt.Sprintf("one class only (%s)", s.Classes[0]), s.mend("give at least two, each in a folder of its own"))
	}
	counts := s.counts()
	if (counts[format.Val] != nil || counts[format.Test] != nil) && counts[format.Train] == nil && counts[format.Unsplit] == nil {
		stop("no folder train", "name it train, or remove val and test to have the set cut")
	}
	told := make([]bool, len(s.Classes)) // classes that a stop has named
	for _, pair := range alike(s.Classes) {
		a, b := pair[0], pair[1]
		apart := true // in each part one of them alone
		for _, c := range counts {
			apart = apart && (c == nil || c[a] == 0 || c[b] == 0)
		}
		if x, y := s.Classes[a], s.Classes[b]; apart || !sameButCase(x, y) {
			px, py := points(x, y)
			stop(fmt.Sprintf("classes %q (%s) and %q (%s) look alike", x, px, y, py), "give both one name, or names that differ", format.Glob(x))
			told[a], told[b] = true, true
		}
	}
	for label, class := range s.Classes {
		all := 0
		for _, c := range counts {
			if c != nil {
				all += c[label]
			}
		}
		if all == 0 && !told[label] {
			told[label] = true
			stop(fmt.Sprintf("class %s has no images", class), s.mend("add some, or delete the folder or list it under data.skip"), format.Glob(class))
		}
	}
	for split := range counts {
		if counts[split] == nil {
			continue
		}
		need := 1
		if part := Split(split); part == format.Unsplit || part == format.Train && counts[format.Val] == nil {
			if s.spec.Val > 0 {
				need++
			}
			if s.spec.Test > 0 && part == format.Unsplit {
				need++
			}
		}
		for label, n := range counts[split] {
			switch class := s.Classes[label]; {
			case told[label]:
			case n == 0:
				told[label] = true
				stop(fmt.Sprintf("class %s has no images in %s", class, Split(split)), s.mend("add some, or list the class under data.skip"), format.Glob(class))
			case n < need:
				told[label] = true
				stop(fmt.Sprintf("class %s has %s, too few to train, validate and test", class, images(n)), s.mend("add some or list it under data.skip"), format.Glob(class))
			}
		}
	}
	return stops
}

// boxedStops are the stops of a set with boxes: one class is enough there, and a class may be in few pictures.
func (s *Set) boxedStops() (stops []Stop) {
	stop := func(what, mend string) { stops = append(stops, Stop{What: what, Mend: mend, Skip: []string{}}) }
	counts := s.counts()
	switch {
	case len(s.objects) == 0:
		stop("no boxes that can be used", "see the faults (assay data describe)")
	case (counts[format.Val] != nil || counts[format.Test] != nil) && counts[format.Train] == nil && counts[format.Unsplit] == nil:
		stop("no pictures to train on", "name a part train, or remove val and test to have the set cut")
	}
	for _, pair := range alike(s.Classes) {
		if x, y := s.Classes[pair[0]], s.Classes[pair[1]]; !sameButCase(x, y) {
			px, py := points(x, y)
			stop(fmt.Sprintf("classes %q (%s) and %q (%s) look alike", x, px, y, py), "give both one name, or names that differ")
		}
	}
	return stops
}

// mend is for folders; records are a file's, and what people bring is theirs.
func (s *Set) mend(folder string) string {
	switch {
	case s.rows != nil:
		return "add some, or change the list " + s.spec.Labels
	case s.pattern != nil:
		return "add some, or change the pattern of class"
	case s.raw:
		return "fetch the files again, or give their images in folders"
	}
	return folder
}

func images(n int) string {
	if n == 1 {
		return "1 image"
	}
	return fmt.Sprintf("%d images", n)
}

// counts are the images of each class by part, nil for a part that is not there.
func (s *Set) counts() [4][]int {
	var counts [4][]int
	for _, it := range s.Items {
		if counts[it.Split] == nil {
			counts[it.Split] = make([]int, len(s.Classes))
		}
		counts[it.Split][it.Label]++
	}
	return counts
}

// alike finds pairs of class names that a person cannot tell apart, or can by capitals alone: equal after Unicode's
// normalisation NFKC, without what is not seen, spaces at their ends and case.
func alike(classes []string) [][2]int {
	var pairs [][2]int
	first := map[string]int{}
	for i, c := range classes {
		key := looks(c)
		if j, ok := first[key]; ok {
			pairs = append(pairs, [2]int{j, i})
			continue
		}
		first[key] = i
	}
	return pairs
}

func looks(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // zero-width spaces, marks of direction
			return -1
		}
		return r
	}, norm.NFKC.String(name))
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

func sameButCase(a, b string) bool { return strings.EqualFold(a, b) }

// points are the code points in which two names differ.
func points(a, b string) (string, string) {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return codes(x), codes(y)
}

func codes(runes []rune) string {
	if len(runes) == 0 {
		return "nothing in its place"
	}
	var all []string
	for _, r := range runes {
		all = append(all, fmt.Sprintf("%U", r))
	}
	return strings.Join(all, " ")
}
