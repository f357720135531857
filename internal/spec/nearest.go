package spec

import "strings"

// Nearest returns the candidate that a mistyped word most likely means, the first of equals, and whether one is near
// enough: a third of the word's letters wrong at most, between one and three. Upper and lower case, hyphens, underscores
// and blanks do not count.
func Nearest(word string, candidates []string) (string, bool) {
	plain := func(s string) []rune {
		return []rune(strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s)))
	}
	w := plain(word)
	if len(w) > 64 { // no name is that long, and the distance costs its square
		return "", false
	}
	best, found := min(3, max(1, len(w)/3)), ""
	for _, c := range candidates {
		p := plain(c)
		if len(p) == 0 || len(p) > 64 || len(w) == 0 {
			continue
		}
		// A word with nothing kept of it is no near miss: "lr" is none of "l2x".
		if d := distance(w, p); d < len(p) && d < len(w) && (d < best || d == best && found == "") {
			best, found = d, c
		}
	}
	return found, found != ""
}

// distance counts insertions, deletions, substitutions and exchanges of neighbours: Damerau, "A technique for computer
// detection and correction of spelling errors", CACM 1964, in the form where no letter is edited twice.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
