package format

import (
	"fmt"
	"path"
	"slices"
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

// Stray is a file that belongs to no class, why, and what to do.
type Stray struct{ Name, What, Mend string }

// ImageFolder reads names as torchvision's ImageFolder does: CLASS/.../FILE, or SPLIT/CLASS/.../FILE where the top level
// holds only train, val (valid) and test. Classes are sorted by name. One folder that holds all others (an archive's own) is
// passed through. A picture beside the class folders is a stray; other files there (a licence, a list) are not looked at.
// An empty folder (its name ends in a slash) is a class without places. Names must be sorted.
func ImageFolder(names []string) (classes []string, places []Place, strays []Stray) {
	base := commonFolder(names)
	tops := map[string]bool{}
	for _, n := range names {
		if top, _, deep := strings.Cut(n[len(base):], "/"); deep {
			tops[top] = true
		}
	}
	split := len(tops) > 0
	for top := range tops {
		split = split && splitOf(top) != Unsplit
	}
	if split && len(tops) == 1 && !hasClasses(names, base) { // a lone folder of pictures that happens to be named test
		split = false
	}
	seen := map[string]bool{}
	for _, n := range names {
		rest, part := n[len(base):], Unsplit
		if split {
			top, after, deep := strings.Cut(rest, "/")
			if !deep {
				strays = appendStray(strays, n)
				continue
			}
			rest, part = after, splitOf(top)
		}
		class, _, deep := strings.Cut(rest, "/")
		if !deep {
			strays = appendStray(strays, n)
			continue
		}
		if !seen[class] {
			seen[class] = true
			classes = append(classes, class)
		}
		if !strings.HasSuffix(n, "/") {
			places = append(places, Place{Name: n, Split: part})
		}
	}
	slices.Sort(classes)
	for i := range places {
		rest := places[i].Name[len(base):]
		if split {
			_, rest, _ = strings.Cut(rest, "/")
		}
		class, _, _ := strings.Cut(rest, "/")
		label, _ := slices.BinarySearch(classes, class)
		places[i].Label = int32(label)
	}
	if len(tops) == 1 && split { // train alone is a set that is not cut yet
		for i := range places {
			places[i].Split = Unsplit
		}
	}
	return classes, places, strays
}

// commonFolder is the run of folders ("set/images/") that hold nothing but one folder each, with the classes at its end.
func commonFolder(names []string) string {
	base := ""
	for {
		next, nested := "", false
		for _, n := range names {
			top, after, deep := strings.Cut(n[len(base):], "/")
			if !deep {
				if isPicture(top) {
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
			if after, ok := strings.CutPrefix(n[len(base):], next+"/"); ok && !strings.Contains(after, "/") && isPicture(after) {
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

func hasClasses(names []string, base string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.Count(n[len(base):], "/") >= 2 })
}

func appendStray(strays []Stray, name string) []Stray {
	if !isPicture(name) {
		return strays
	}
	return append(strays, Stray{name, "in no class folder", mendMove})
}

// isPicture goes by the name alone; what is in a class folder is judged by its bytes instead.
func isPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff":
		return true
	}
	return false
}

// String prints a stray as "name: why".
func (s Stray) String() string { return fmt.Sprintf("%s: %s", s.Name, s.What) }
