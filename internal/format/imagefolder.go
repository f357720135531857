package format

import (
	"fmt"
	"path"
	"strings"
)

// Split is the part of a set that an image belongs to by its own folder or file.
type Split uint8

// The parts. An Unsplit image is put in one of the others by the cut.
const (
	Unsplit Split = iota
	Train
	Val
	Test
)

// String is train, val, test, or the empty text.
func (s Split) String() string { return [...]string{"", "train", "val", "test"}[s&3] }

// PartOf is the part that a folder's name stands for, Unsplit where it stands for none.
func PartOf(folder string) Split { return splitOf(folder) }

func splitOf(folder string) Split {
	switch strings.ToLower(folder) {
	case "train", "training":
		return Train
	case "val", "valid", "validation":
		return Val
	case "test", "testing":
		return Test
	}
	return Unsplit
}

// Place is where one file of an image folder belongs.
type Place struct {
	Name  string
	Label int32
	Split Split
}

// Stray is a file or folder that is left out, why, and what to do.
type Stray struct{ Name, What, Mend string }

// Layout is what the names of an image folder mean.
type Layout struct {
	Classes []string // sorted by name, by number where all names are whole numbers
	Places  []Place  // in the order of the names
	Strays  []Stray  // left out; the rest can be used
	Stops   []Stop   // to be mended before anything can be trained
}

// ImageFolder reads names as torchvision's ImageFolder does: CLASS/.../FILE, or SPLIT/CLASS/.../FILE where the top level
// holds train, val (valid) and test. Classes are sorted by name, by number where all names are whole numbers. One folder that
// holds all others (an archive's own) is passed through. A picture beside the class folders is a stray; other files there (a licence, a list) are not looked at.
// An empty folder (its name ends in a slash) is a class without places. What looks like parts by other names, and a part that
// holds no class, is a stop, never a class and never passed over. Names must be sorted.
func ImageFolder(names []string) Layout {
	var l Layout
	base := commonFolder(names)
	tops := topsOf(names, base)
	split, foreign := parted(tops)
	for _, top := range tops {
		switch {
		case !split:
		case splitOf(top.name) == Unsplit && !top.pictures:
			l.Strays = append(l.Strays, Stray{base + top.name, "a folder beside the parts without pictures", mendSkip})
		case splitOf(top.name) != Unsplit && len(top.classes) == 0 && len(tops) > 1:
			what := fmt.Sprintf("%s holds no folder of a class", top.name)
			if top.direct > 0 {
				what = fmt.Sprintf("%s holds no folder of a class, and %d pictures that lie in none", top.name, top.direct)
			}
			l.Stops = append(l.Stops, Stop{what, "put its pictures in folders of their classes, or list it under data.skip to have that part cut", []string{Glob(base + top.name)}})
		}
	}
	if len(foreign) > 0 {
		l.Stops = append(l.Stops, foreignStop(tops, foreign, base))
	}
	type spot struct {
		place Place
		class string
	}
	var spots []spot
	seen := map[string]bool{}
	for _, n := range names {
		rest, part := n[len(base):], Unsplit
		if split {
			top, after, deep := strings.Cut(rest, "/")
			if !deep {
				l.stray(n)
				continue
			}
			if rest, part = after, splitOf(top); part == Unsplit {
				continue
			}
		}
		class, _, deep := strings.Cut(rest, "/")
		if !deep {
			if t := topOf(tops, n[len(base):]); !split || len(t.classes) > 0 || len(tops) == 1 { // else a stop has named them all
				l.stray(n)
			}
			continue
		}
		if !seen[class] {
			seen[class] = true
			l.Classes = append(l.Classes, class)
		}
		if !strings.HasSuffix(n, "/") {
			spots = append(spots, spot{Place{Name: n, Split: part}, class})
		}
	}
	l.Classes = Classes(l.Classes)
	label := map[string]int32{}
	for i, c := range l.Classes {
		label[c] = int32(i)
	}
	for _, s := range spots {
		s.place.Label = label[s.class]
		if len(tops) == 1 && split { // train alone is a set that is not cut yet
			s.place.Split = Unsplit
		}
		l.Places = append(l.Places, s.place)
	}
	return l
}

// top is a folder of the top level.
type top struct {
	name     string
	pictures bool            // files at any depth that are called pictures
	direct   int             // of these, right in it
	classes  map[string]bool // the folders in it
}

func topsOf(names []string, base string) []*top {
	var tops []*top
	for _, n := range names {
		name, rest, deep := strings.Cut(n[len(base):], "/")
		if !deep {
			continue
		}
		if len(tops) == 0 || tops[len(tops)-1].name != name {
			tops = append(tops, &top{name: name, classes: map[string]bool{}})
		}
		t := tops[len(tops)-1]
		class, _, deep := strings.Cut(rest, "/")
		if deep {
			t.classes[class] = true
		} else if IsPicture(rest) {
			t.direct++
		}
		t.pictures = t.pictures || IsPicture(rest)
	}
	return tops
}

func topOf(tops []*top, name string) *top {
	name, _, _ = strings.Cut(name, "/")
	for _, t := range tops {
		if t.name == name {
			return t
		}
	}
	return nil
}

// parted says whether the top level holds parts, and which folders with pictures lie beside them under no part's name. Folders
// are parts where all have a part's name, where two that have one hold folders and no picture, where one does and what lies
// beside it holds folders of the same names, or no picture at all.
func parted(tops []*top) (split bool, foreign []*top) {
	var nested []*top
	parts, shared := 0, false
	for _, t := range tops {
		switch {
		case splitOf(t.name) != Unsplit:
			if parts++; len(t.classes) > 0 && t.direct == 0 {
				nested = append(nested, t)
			}
		case t.pictures:
			foreign = append(foreign, t)
		}
	}
	for _, t := range foreign {
		for _, p := range nested {
			for class := range t.classes {
				shared = shared || t.direct == 0 && p.classes[class]
			}
		}
	}
	switch {
	case parts == 0:
	case len(tops) == 1: // a lone folder of pictures that happens to be named test is a class
		return len(tops[0].classes) > 0, nil
	case parts == len(tops), len(nested) >= 2, len(nested) == 1 && (shared || len(foreign) == 0):
		return true, foreign
	}
	return false, nil
}

// foreignStop names the folders that are no parts by their names.
func foreignStop(tops, foreign []*top, base string) Stop {
	var parts, others, globs []string
	for _, t := range tops {
		if splitOf(t.name) != Unsplit {
			parts = append(parts, t.name)
		}
	}
	for _, t := range foreign {
		others, globs = append(others, t.name), append(globs, Glob(base+t.name))
	}
	look, is, it := "look like parts", "is", "it"
	if len(parts) == 1 {
		look = "looks like a part"
	}
	if len(others) > 1 {
		is, it = "are", "them"
	}
	return Stop{
		What: fmt.Sprintf("%s %s, and %s %s none of train, val and test", list(parts), look, list(others), is),
		Mend: fmt.Sprintf("rename %s or list %s under data.skip", it, it),
		Skip: globs,
	}
}

// list is names for a sentence.
func list(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// stray notes a picture in no class folder; other files are not looked at.
func (l *Layout) stray(name string) {
	if IsPicture(name) {
		l.Strays = append(l.Strays, Stray{name, "in no class folder", mendMove})
	}
}

// commonFolder is the run of folders ("set/images/") that hold nothing but one folder each, with the classes at its end.
func commonFolder(names []string) string {
	base := ""
	for {
		next, nested := "", false
		for _, n := range names {
			top, after, deep := strings.Cut(n[len(base):], "/")
			if !deep {
				if IsPicture(top) {
					return base
				}
				continue // a readme beside the folder
			}
			if next != "" && next != top {
				return base
			}
			next = top
			nested = nested || strings.Contains(after, "/")
		}
		if next == "" || !nested || splitOf(next) != Unsplit {
			return base
		}
		for _, n := range names { // a folder of pictures and more folders is a class, not a wrapper
			if after, ok := strings.CutPrefix(n[len(base):], next+"/"); ok && !strings.Contains(after, "/") && IsPicture(after) {
				return base
			}
		}
		for _, n := range names { // files beside it would have no place below it
			if !strings.HasPrefix(n[len(base):], next+"/") {
				return base
			}
		}
		base += next + "/"
	}
}

// IsPicture says whether a file is called a picture. It goes by the name alone; what is in a class folder is judged by its bytes instead.
func IsPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm":
		return true
	}
	return false
}

// String prints a stray as "name: why".
func (s Stray) String() string { return fmt.Sprintf("%s: %s", s.Name, s.What) }
