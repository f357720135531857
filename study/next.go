package study

import (
	"fmt"
	"slices"
	"strings"
)

// Next is what to do after a study: a study that confirms what helps, and how far this one must grow to tell what it left open.
type Next struct {
	Confirm *Study   // nil where nothing helps
	Helps   []string // the variants that it is made of
	Note    string   // why it is no more than it is; ""
	Open    []string // variants that are undecided and that repeats would decide
	Repeats int      // in all, that would decide the first of these; 0 where there are none
}

// After works out what follows a study of the store, given its file. What helps is put together and left out one by one again, from a
// seed of its own: no training that chose a variant judges it a second time, so that what the confirming study finds is not flattered
// by the choice. Its honesty: TestAConfirmationIsNotFlattered.
func After(s *Study, r *Result) (Next, error) {
	var n Next
	switch {
	case r.Stopped != "":
		return n, fmt.Errorf("study %s: %s", r.Name, r.Stopped)
	case !r.Complete || len(r.Looks) == 0:
		return n, fmt.Errorf("study %s: it has not come to its end; run it on, then ask again", r.Name)
	}
	helps := map[string]bool{}
	note := func(of []string, f Finding, repeats int) {
		if len(of) != 1 {
			return
		}
		switch {
		case f.Verdict == Helps:
			helps[of[0]] = true
		case f.Verdict == Undecided && repeats > 0:
			n.Open = append(n.Open, of[0])
			if n.Repeats == 0 || repeats < n.Repeats {
				n.Repeats = repeats
			}
		}
	}
	for _, j := range r.Judged {
		note(j.Of, j.Finding, j.RepeatsToDecide)
	}
	for _, c := range r.Contrasts {
		if c.Kind == Main {
			note(c.Of, c.Finding, c.RepeatsToDecide)
		}
	}
	confirm := *s
	confirm.Variants, confirm.Seed, confirm.At = nil, s.Seed+1, nil
	for _, v := range s.Variants {
		if helps[v.Name] {
			confirm.Variants = append(confirm.Variants, v)
			n.Helps = append(n.Helps, v.Name)
		}
	}
	slices.Sort(n.Open)
	n.Open = slices.Compact(n.Open)
	if len(n.Helps) == 0 && len(n.Open) == 0 {
		return n, fmt.Errorf("study %s: nothing to follow: no variant helps, and of none would more repeats tell", r.Name)
	}
	if len(n.Helps) == 0 {
		return n, nil
	}
	confirm.Question = "Do " + strings.Join(n.Helps, ", ") + " help together?"
	confirm.Design = Design{Kind: LOO}
	if len(n.Helps) == 1 {
		confirm.Question, confirm.Design = "Does "+n.Helps[0]+" help?", Design{Kind: OFAT}
	} else if _, err := confirm.Arms(); err != nil {
		confirm.Design = Design{Kind: OFAT}
		n.Note = "they cannot all be combined, so each is tried alone"
	}
	n.Confirm = &confirm
	return n, nil
}
