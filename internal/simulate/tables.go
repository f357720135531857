package simulate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Fill puts the tables that outcomes give between their markers in a page, "<!-- simulated: NAME -->" and "<!-- /simulated -->".
// It is an error if a marker has no end or names no table.
func Fill(page string, outcomes []Outcome) (string, error) {
	const begin, close, end = "<!-- simulated: ", " -->\n", "<!-- /simulated -->"
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(page, begin)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, rest, named := strings.Cut(rest, close)
		_, rest, ended := strings.Cut(rest, end)
		if !named || !ended {
			return "", fmt.Errorf("table %q: no end; write %s below it", name, end)
		}
		table, err := tableOf(name, outcomes)
		if err != nil {
			return "", err
		}
		out.WriteString(begin + name + close + table + end)
		page = rest
	}
}

// line is one or more rows of a table that differ in what is true alone.
type line struct {
	Row
	of map[string]Outcome // by scenario
}

func tableOf(name string, outcomes []Outcome) (string, error) {
	had := map[string]Outcome{}
	for _, o := range outcomes {
		had[o.Row] = o
	}
	var lines []line
	var scenarios []string
	known := false
	for _, r := range Rows {
		if r.Table != name {
			continue
		}
		known = true
		o, ok := had[r.Name()]
		if !ok {
			continue
		}
		i := slices.IndexFunc(lines, func(l line) bool {
			return l.Life.Name == r.Life.Name && l.Factors == r.Factors && l.Repeats == r.Repeats && l.Model == r.Model && reflect.DeepEqual(l.Design, r.Design)
		})
		if i < 0 {
			i, lines = len(lines), append(lines, line{r, map[string]Outcome{}})
		}
		lines[i].of[r.Scenario.Name] = o
		if !slices.Contains(scenarios, r.Scenario.Name) {
			scenarios = append(scenarios, r.Scenario.Name)
		}
	}
	if !known {
		return "", fmt.Errorf("no table %q; see the rows of internal/simulate", name)
	}
	var b strings.Builder
	row := func(cells ...string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	head := func(cells ...string) {
		row(cells...)
		b.WriteString(strings.Repeat("|---", len(cells)) + "|\n")
	}
	switch name {
	case "null":
		head("variants, repeats, validation images", "studies", "accuracy", "log loss", "accuracy with seeds alone")
		for _, l := range lines {
			o := l.of[nothing.Name]
			row(l.setting(), fmt.Sprint(o.Studies), o.wrong(), percent(o.Others["log_loss"].Wrong), percent(o.Alone))
		}
	case "power":
		head("variants, repeats", "studies", "found to help", "any false claim")
		for _, l := range lines {
			o := l.of[lone.Name]
			row(l.setting(), fmt.Sprint(o.Studies), percent(o.Found), o.wrong())
		}
	case "spread":
		head("variants, repeats", "studies", "any false claim")
		for _, l := range lines {
			o := l.of[wild.Name]
			row(l.setting(), fmt.Sprint(o.Studies), o.wrong())
		}
	case "diverged", "equal cost":
		head("design, variants, repeats", "trainings", "what is true", "studies", "any false claim", "effects found", "nones found")
		for _, l := range lines {
			for _, s := range scenarios {
				if o, ok := l.of[s]; ok {
					row(fmt.Sprintf("%s, %d, %d", l.Design, l.Factors, l.Repeats), fmt.Sprintf("%.0f", o.Trainings), s, fmt.Sprint(o.Studies), o.wrong(), percent(o.Found), percent(o.Nones))
				}
			}
		}
	case "tuned":
		head("variants, repeats", "each arm's value", "studies", "any false claim")
		for _, l := range lines {
			o := l.of[nothing.Name]
			row(l.setting(), strings.TrimPrefix(string(l.Model.Tunes), "values "), fmt.Sprint(o.Studies), o.wrong())
		}
	case "grown designs":
		head("design, variants, repeats", "life", "what is true", "studies", "main effects: any false claim", "second family", "looks", "trainings, at most")
		for _, l := range lines {
			for _, s := range scenarios {
				if o, ok := l.of[s]; ok {
					row(fmt.Sprintf("%s, %d, %d", l.Design, l.Factors, l.Repeats), l.Life.Name, s, fmt.Sprint(o.Studies), o.wrong(), percent(o.Others["interactions"].Wrong), fmt.Sprintf("%.1f", o.Looks), fmt.Sprintf("%.0f", o.Trainings))
				}
			}
		}
	case "smoothed":
		head("repeats", "what is true", "studies", "accuracy: any false claim", "found", "smoothed: any false claim", "found", "false differences, intervals 0.1 wider", "found")
		for _, l := range lines {
			for _, s := range scenarios {
				if o, ok := l.of[s]; ok {
					x := o.Others[smoothed.Name]
					row(fmt.Sprint(l.Repeats), s, fmt.Sprint(o.Studies), o.wrong(), percent(o.Found), percent(x.Wrong), percent(x.Found), percent(x.WideWrong), percent(x.WideFound))
				}
			}
		}
	case "designs":
		cells := []string{"design, variants, repeats", "trainings"}
		for _, s := range scenarios {
			cells = append(cells, "main: "+s)
		}
		for _, s := range scenarios {
			cells = append(cells, "second family: "+s)
		}
		head(append(cells, "effects found, added up", "nones found", "studies")...)
		for _, l := range lines {
			first, second, studies := []string{}, []string{}, 0
			for _, s := range scenarios {
				o := l.of[s]
				first, second, studies = append(first, o.wrong()), append(second, percent(o.Others["interactions"].Wrong)), max(studies, o.Studies)
			}
			o := l.of[additive.Name]
			row(slices.Concat([]string{fmt.Sprintf("%s, %d, %d", l.Design, l.Factors, l.Repeats), fmt.Sprintf("%.0f", o.Trainings)}, first, second,
				[]string{percent(o.Found), percent(o.Nones), fmt.Sprint(studies)})...)
		}
	case "average precision":
		head("validation images of a repeat", "classes", "the rarest in", "what is true", "studies", "AP50: any false claim", "AP", "effects found", "AP50, were images no sample")
		for _, l := range lines {
			images, rare := fmt.Sprintf("%d, one split", l.Model.Images), "as the others"
			if l.Model.Pool > 0 {
				images = fmt.Sprintf("%d redrawn from %d", l.Model.Images, l.Model.Pool)
			}
			if n := l.Model.Objects.Rare; n > 0 {
				rare = fmt.Sprintf("%d images", n)
			}
			for _, s := range scenarios {
				if o, ok := l.of[s]; ok {
					row(images, fmt.Sprint(l.Model.Objects.Classes), rare, s, fmt.Sprint(o.Studies), o.wrong(), percent(o.Others["ap"].Wrong), percent(o.Found), percent(o.Alone))
				}
			}
		}
	case "data size":
		head("what the outcome is on x times the images, points", "studies", "wrong about twice the images", "outcome of twice outside of its interval", "plateau, or none, rightly told")
		for _, l := range lines {
			for _, s := range scenarios {
				if o, ok := l.of[s]; ok {
					row(s, fmt.Sprint(o.Studies), o.wrong(), percent(o.Others["outcome of twice the images"].Wrong), percent(o.Found))
				}
			}
		}
	case "backbones":
		head("what is true", "studies", "any false claim", "effects found", "nones found")
		for _, l := range lines {
			for _, s := range scenarios {
				if o, ok := l.of[s]; ok {
					row(s, fmt.Sprint(o.Studies), o.wrong(), percent(o.Found), percent(o.Nones))
				}
			}
		}
	default: // lives
		cells := append([]string{"life"}, scenarios...)
		last := []string{"effects found", "nones found", "looks"}
		if name == "planned looks" {
			last = []string{"found, six effects", "decided of six", "trainings"}
		}
		head(append(append(cells, last...), "studies")...)
		for _, l := range lines {
			cells := []string{l.Life.Name}
			if name == "planned looks" {
				cells[0] = fmt.Sprintf("%d repeats: %s", l.Repeats, l.Life.Name)
			}
			var found, nones, looks, effects, nulls, all float64
			studies := 0
			for _, s := range scenarios {
				o, ok := l.of[s]
				if !ok {
					cells = append(cells, "")
					continue
				}
				cells = append(cells, o.wrong())
				studies = max(studies, o.Studies)
				looks, all = looks+o.Looks, all+1
				if s != nothing.Name {
					found, effects = found+o.Found, effects+1
				}
				if s != halves.Name {
					nones, nulls = nones+o.Nones, nulls+1
				}
			}
			if name == "planned looks" {
				o := l.of[six.Name]
				cells = append(cells, percent(o.Found), fmt.Sprintf("%.2f", o.Decided), fmt.Sprintf("%.1f", o.Trainings))
			} else {
				cells = append(cells, percent(found/max(1, effects)), percent(nones/max(1, nulls)), fmt.Sprintf("%.1f", looks/max(1, all)))
			}
			row(append(cells, fmt.Sprint(studies))...)
		}
	}
	return b.String(), nil
}

// setting is what a line is about, where all its rows are one life.
func (l line) setting() string {
	s := fmt.Sprintf("%d, %d", l.Factors, l.Repeats)
	switch m := l.Model; {
	case m.Images == 0:
		return s
	case m.Pool > 0:
		s += fmt.Sprintf(", %d redrawn from %d each repeat", m.Images, m.Pool)
	default:
		s += fmt.Sprintf(", %d, one split", m.Images)
	}
	if l.Model.Suits == 0 {
		s += ", nothing suits any image"
	}
	return s
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

func (o Outcome) wrong() string { return fmt.Sprintf("%.1f ± %.1f %%", 100*o.Wrong, 100*o.WrongSE) }
