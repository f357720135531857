package study

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study/stat"
	"github.com/assaylab/assay/task"
)

// Foresight is what can be said of a study's reach before its first trial.
type Foresight struct {
	Delta      float64  // smallest effect that matters, in the metric's unit
	Detectable float64  // true effect found with 80 % power, seeds alone; 0 while the noise is unknown
	CanBeNone  bool     // these repeats can reach "no meaningful effect" with 80 % power; true while the noise is unknown
	Warnings   []string // lines for the plan
}

// Foresee works out the reach of a study by a metric, of so many variants and repeats. noise is the standard deviation between
// repeats in the metric's unit, 0 while unknown; meaningful is the file's, 0 where it is left out; images is the size of one
// validation split. It looks ahead to the planned end, and needs no outcome, so that a study too small for its question is
// told so before the hours.
func Foresee(m task.Metric, variants, repeats int, noise, meaningful float64, images int) Foresight {
	f := Foresight{Delta: m.Delta(meaningful, images), CanBeNone: m.Delta(meaningful, images) > 0}
	warn := func(format string, args ...any) { f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...)) }
	if repeats < 2 {
		f.CanBeNone = false
		warn("repeats: one repeat gives effects without verdicts; write 3 or more")
	}
	if step := m.Step(images); 2*step > f.Delta {
		warn("data: one of %d validation images is %s %s, so %s are fewer than two images; raise val or meaningful", images, say.Figure(step), m.Unit, say.Figure(f.Delta))
	}
	if meaningful <= 0 && f.Delta > m.Least {
		warn("data: %d validation images are too few for effects below %s %s (two images); raise val", images, say.Figure(f.Delta), m.Unit)
	}
	if noise <= 0 || repeats < 2 || variants < 1 {
		return f
	}
	d := stat.Design{Variants: variants, SD: noise, Delta: f.Delta, Level: Plain.Planned}
	f.Detectable = d.Detectable(repeats, 0.8)
	if math.IsInf(f.Detectable, 1) {
		f.Detectable = 0
	}
	if f.CanBeNone && !d.CanEverBeNone(repeats, 0.8) {
		f.CanBeNone = false
		line := fmt.Sprintf("repeats: %d cannot show \"no meaningful effect\" at noise %s and delta %s, so that verdict is not used", repeats, say.Figure(noise), say.Figure(f.Delta))
		if n := d.Repeats(0, 0.8, repeats, 100); n > 0 {
			line += fmt.Sprintf("; %d would", n)
		}
		f.Warnings = append(f.Warnings, line)
	}
	return f
}
