package study

import (
	"fmt"
	"slices"
	"strings"
)

// A study is a view: which arms, by what they are, and how many repeats. Its trials are found by what they are too, so a study
// grows as its file does, and only what is new is trained, for as long as its baseline stays what it is. Removing an arm loses no
// trial, and repeats never shrink: the planned end of a study does not come sooner for being asked to.

// View is a study as the store keeps it, or as a file plans it.
type View struct {
	Name     string
	Question string
	Text     string    // the file as it was read
	Base     []Part    // what the baseline's identity is made of, to say what differs; nil where not known
	Arms     []ViewArm // the baseline first, then in the file's order, then what was removed
	Repeats  int
}

// ViewArm is an arm of a view. Keys are unique among all arms of a view, names among those that are not removed.
type ViewArm struct {
	Key     string    // identity, whatever its name: trial.Spec.Arm of its first repeat
	Name    string    // in the file
	Derived bool      // evaluated from the baseline's trials: it has none of its own
	Status  ArmStatus // in the store; a file's are not looked at
	Stopped int       // [Arm.Stopped]
}

// ArmStatus is what a view does with an arm.
type ArmStatus string

// Of an idle arm, one without any effect at run time, and of a removed one no more trials are run.
const (
	Active  ArmStatus = "active"
	Idle    ArmStatus = "idle"
	Removed ArmStatus = "removed"
)

// Part is one of the things that an identity is made of.
type Part struct {
	Name   string // "network", "settings", "data", "split", "seed" ...
	Digest string
}

// Trained is the identities of the arms that are in the study and have trials of their own, in order: what [Fixed] runs.
func (v View) Trained() []string {
	var keys []string
	for _, a := range v.Arms {
		if !a.Derived && a.Status != Removed {
			keys = append(keys, a.Key)
		}
	}
	return keys
}

// OtherBase is the error of a file whose baseline is not the study's.
type OtherBase struct {
	Study  string
	Differ []string // names of the parts that do; nil where that cannot be told
}

// Error is the refusal, in one line.
func (e *OtherBase) Error() string {
	what := ""
	switch n := len(e.Differ); {
	case n == 1 && !strings.HasSuffix(e.Differ[0], "s"):
		what = " (" + e.Differ[0] + " differs)"
	case n > 0:
		what = " (" + strings.Join(e.Differ, ", ") + " differ)"
	}
	return fmt.Sprintf("study %s: the store holds it with another base%s: all trials would be new; keep both with --as NAME", e.Study, what)
}

// Growth is what a file changes in a study.
type Growth struct {
	View     View     // as it is from now on
	Added    []string // names of arms that the study never had
	Returned []string // that it had, and had removed
	Removed  []string
	Changed  []string // names that stand for another arm now: the old one is removed, the new one added or returned
	Renamed  []Rename // arms that stay
	From     int      // repeats before; 0: the study is new
	Lowered  int      // repeats of the file, where they are fewer than the study's, which stay; else 0
	Question bool     // another one
	Text     bool     // the file's text changed
}

// Rename is another name for the same arm.
type Rename struct{ From, To string }

// Grow compares a file's plan with what the store holds of the study of that name; the zero View where it holds none. Arms are
// the same by key, whatever their names, and the file's order is the view's. The error is an [OtherBase] where the baselines
// differ.
func Grow(held, file View) (Growth, error) {
	g := Growth{View: file, From: held.Repeats}
	g.View.Arms = slices.Clone(file.Arms)
	names := map[string]string{}
	for i, a := range file.Arms {
		if twin, ok := names[a.Key]; ok {
			return g, fmt.Errorf("study %s: %q and %q are one and the same; drop one", file.Name, twin, a.Name)
		}
		names[a.Key] = a.Name
		g.View.Arms[i].Status = Active
	}
	if len(held.Arms) == 0 {
		g.From = 0
		return g, nil
	}
	if held.Arms[0].Key != file.Arms[0].Key {
		return g, &OtherBase{Study: held.Name, Differ: unlike(held.Base, file.Base)}
	}
	g.Question, g.Text = held.Question != file.Question, held.Text != file.Text
	if file.Repeats < held.Repeats {
		g.Lowered, g.View.Repeats = file.Repeats, held.Repeats
	}
	g.arms(held.Arms, names)
	return g, nil
}

// arms takes over what stays of the arms held, and tells what does not. names are the file's, by key.
func (g *Growth) arms(held []ViewArm, names map[string]string) {
	before := map[string]ViewArm{}
	gone := map[string]bool{} // by name
	for _, a := range held {
		before[a.Key] = a
		if _, stays := names[a.Key]; stays {
			continue
		}
		if a.Status != Removed {
			gone[a.Name] = true
		}
		a.Status = Removed
		g.View.Arms = append(g.View.Arms, a)
	}
	for i := range len(names) {
		a := &g.View.Arms[i]
		old, known := before[a.Key]
		switch {
		case known && old.Status != Removed:
			a.Status, a.Stopped = old.Status, old.Stopped
			if old.Name != a.Name {
				g.Renamed = append(g.Renamed, Rename{old.Name, a.Name})
			}
		case gone[a.Name]:
			g.Changed = append(g.Changed, a.Name)
			delete(gone, a.Name)
		case known:
			g.Returned = append(g.Returned, a.Name)
		default:
			g.Added = append(g.Added, a.Name)
		}
	}
	for _, a := range held {
		if gone[a.Name] && a.Status != Removed {
			g.Removed = append(g.Removed, a.Name)
		}
	}
}

// unlike names the parts that are not the same on both sides.
func unlike(a, b []Part) []string {
	var names []string
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	for _, p := range slices.Concat(b, a) {
		if !(slices.Contains(a, p) && slices.Contains(b, p)) && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

// Grown tells whether the study asks for more than it did: arms, or repeats. What is judged at the end of that was not planned.
func (g Growth) Grown() bool {
	return g.From > 0 && (g.View.Repeats > g.From || len(g.Added)+len(g.Returned)+len(g.Changed) > 0)
}

// Lines is what changed, to be printed, given how many trials of the grown study are there, how many are not, and how many of these are
// trained again for what their results lack. Of a new study it says only what was found.
func (g Growth) Lines(held, left, again int) []string {
	more := ""
	if again > 0 {
		more = fmt.Sprintf("; %s trained again for an evaluation or a model that is lacking, the last weights checked to be the same bits", trials(again))
	}
	if g.From == 0 {
		if held+again == 0 {
			return nil
		}
		return []string{fmt.Sprintf("%d of %s found: other studies made them", held+again, trials(held+left)) + more}
	}
	var lines []string
	tell := func(what string, names []string, more string) {
		if len(names) > 0 {
			lines = append(lines, what+": "+strings.Join(names, ", ")+more)
		}
	}
	var renamed []string
	for _, r := range g.Renamed {
		renamed = append(renamed, r.From+" -> "+r.To)
	}
	tell("renamed", renamed, "")
	tell("removed", g.Removed, "; no trial is lost")
	tell("changed", g.Changed, "; what went by the name before is kept")
	tell("returned", g.Returned, "")
	tell("added", g.Added, "")
	if g.View.Repeats > g.From {
		lines = append(lines, fmt.Sprintf("repeats: %d -> %d", g.From, g.View.Repeats))
	}
	if g.Grown() {
		lines[len(lines)-1] += fmt.Sprintf(", %s new, %d found", trials(left-again), held+again) + more
	}
	if g.Lowered > 0 {
		lines = append(lines, fmt.Sprintf("repeats: %d in the file, %d are planned and stay: repeats never shrink", g.Lowered, g.View.Repeats))
	}
	if g.Question {
		lines = append(lines, "question: "+g.View.Question)
	}
	switch {
	case again > 0 && !g.Grown():
		lines = append(lines, strings.TrimPrefix(more, "; "))
	case g.Text && len(lines) == 0:
		lines = append(lines, "the file changed in nothing that is trained")
	}
	return lines
}

// trials is "1 trial" or "3 trials".
func trials(n int) string {
	if n == 1 {
		return "1 trial"
	}
	return fmt.Sprintf("%d trials", n)
}
