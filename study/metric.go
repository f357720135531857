package study

import "fmt"

// Metric is one thing that arms are compared by. A trial holds its value, and a column whose mean over the validation
// images is that value divided by Scale: what pairing and the image term work on.
type Metric struct {
	Name   string  `json:"name"`   // as a study file writes it
	Unit   string  `json:"unit"`   // points, nats
	Better int     `json:"better"` // +1 where more is better, -1 where less is
	Column string  `json:"column"` // of [PerImage.Columns]
	Scale  float64 `json:"scale"`  // value = Scale × mean of the column
	Least  float64 `json:"least"`  // smallest effect that matters where the study does not say; 0: the verdict none is not to be had
	Counts bool    `json:"counts"` // the column holds 0 and 1, so that one image is the least that can differ
}

// The metrics of a classifier. Accuracy is judged first; log loss beside it, as a family of its own.
var (
	Accuracy = Metric{Name: "accuracy", Unit: "points", Better: +1, Column: Correct, Scale: 100, Least: 0.5, Counts: true}
	LogLoss  = Metric{Name: "log_loss", Unit: "nats", Better: -1, Column: LogPTrue, Scale: -1}
)

// Classification is what a study of a classifier is judged by, the primary metric first.
func Classification() []Metric { return []Metric{Accuracy, LogLoss} }

// Delta is the smallest effect that matters, in the metric's unit: what the user wrote, else the larger of Least and two
// of the validation images; 0 where the metric has no verdict of none.
func (m Metric) Delta(meaningful float64, images int) float64 {
	switch {
	case meaningful > 0:
		return meaningful
	case m.Counts && images > 0:
		return max(m.Least, 2*m.step(images))
	}
	return m.Least
}

// step is what one image adds to the metric where images are counted, else 0.
func (m Metric) step(images int) float64 {
	if !m.Counts || images < 1 {
		return 0
	}
	return max(m.Scale, -m.Scale) / float64(images)
}

// floor is the variance that counting whole images adds: 1/12 of a step squared. A residual smaller than this is an
// accident of few trials that agree, not knowledge.
func (m Metric) floor(images int) float64 {
	step := m.step(images)
	return step * step / 12
}

// check tells what is wrong with a study's metrics.
func check(metrics []Metric) error {
	seen := map[string]bool{}
	for _, m := range metrics {
		switch {
		case m.Name == "" || m.Column == "":
			return fmt.Errorf("metric %q of column %q: a metric has both names; give them", m.Name, m.Column)
		case seen[m.Name]:
			return fmt.Errorf("metric %q stands twice; keep one", m.Name)
		case m.Better != 1 && m.Better != -1:
			return fmt.Errorf("metric %q: better is %d; write 1 or -1", m.Name, m.Better)
		case bad(m.Scale) || m.Scale == 0 || bad(m.Least) || m.Least < 0:
			return fmt.Errorf("metric %q: scale %g, least %g; give finite ones, scale not 0", m.Name, m.Scale, m.Least)
		}
		seen[m.Name] = true
	}
	return nil
}
