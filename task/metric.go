package task

// Points is the unit of shares as people read them: hundredths.
const Points = "points"

// Metric is one thing that trainings are compared by. A trial holds its value, and a column whose mean over the validation
// images is that value divided by Scale: what pairing and the image term work on. A metric that is no mean over images gives its
// jackknife pseudo-values as the column.
type Metric struct {
	Name   string  `json:"name"`   // as a study file writes it
	Title  string  `json:"title"`  // in words
	Unit   string  `json:"unit"`   // points, nats
	Says   string  `json:"says"`   // what it tells, as a clause
	Better int     `json:"better"` // +1 where more is better, -1 where less is
	Column string  `json:"column"` // that a trial keeps or [Scoring.Derive] adds; "" of a figure that is only shown
	Scale  float64 `json:"scale"`  // value = Scale × mean of the column
	Least  float64 `json:"least"`  // smallest effect that matters where the study does not say; 0: the verdict none is not to be had
	Counts bool    `json:"counts"` // the column holds 0 and 1, so that one image is the least that can differ

	// Rarest, of a metric whose column holds pseudo-values, of which only the mean over all images says something, is the column that tells of
	// each image in how many of its split the rarest of its classes is, 0 where it shows none: intervals widen for a class in few.
	Rarest string `json:"rarest,omitempty"`
}

// Direction is "higher" or "lower": what is better.
func (m Metric) Direction() string {
	if m.Better < 0 {
		return "lower"
	}
	return "higher"
}

// Delta is the smallest effect that matters, in the metric's unit: what the user wrote, else the larger of Least and two
// of the validation images; 0 where the metric has no verdict of none.
func (m Metric) Delta(meaningful float64, images int) float64 {
	switch {
	case meaningful > 0:
		return meaningful
	case m.Counts && images > 0:
		return max(m.Least, 2*m.Step(images))
	}
	return m.Least
}

// Step is what one image adds to the metric where images are counted, else 0.
func (m Metric) Step(images int) float64 {
	if !m.Counts || images < 1 {
		return 0
	}
	return max(m.Scale, -m.Scale) / float64(images)
}

// Floor is the variance that counting whole images adds: 1/12 of a step squared. A residual smaller than this is an
// accident of few trials that agree, not knowledge.
func (m Metric) Floor(images int) float64 {
	step := m.Step(images)
	return step * step / 12
}

// Figure is a metric with what was measured.
type Figure struct {
	Metric
	Raw  float64 // a share, 0 to 1, where the unit is points; else in the unit
	Idle bool    // it says nothing here, as the first five of five classes
}

// Value is the figure in its unit.
func (f Figure) Value() float64 {
	if f.Unit == Points {
		return 100 * f.Raw
	}
	return f.Raw
}
