package experiment

import "github.com/assaylab/assay/data"

// Observer is a way to judge a training that leaves it as it is: by a mean of its weights, by views of each picture, or by both. It decides no
// bit of the training and stands in no trial's identity. The zero Observer is none.
type Observer struct {
	Average Average    // one that observes; the zero one: what the training ends in
	Views   data.Views // "": as the training's own evaluations look
}

// Apart is the settings without what only observes, and that.
func Apart(o Optimization, l Learning) (Optimization, Learning, Observer) {
	var by Observer
	if o.Average.Observes() {
		by.Average, o.Average = o.Average, DefaultOptimization().Average
	}
	if v := l.Views.Of(); v != data.Centre {
		by.Views, l.Views = v, DefaultLearning().Views
	}
	return o, l, by
}

// Mean is the average in a few words, "" where there is none.
func (o Observer) Mean() string {
	if o.Average.Kind == "" {
		return ""
	}
	return o.Average.String()
}

// String is the observer in a few words, two of them equal where they judge alike: "ema 0.9999", "views flip", "ema 0.9999, views flip"; ""
// where it is none.
func (o Observer) String() string { return Judged(o.Mean(), string(o.Views)) }

// Judged is what a training is judged by, a mean of its weights and views of each picture, each in its word or "", in a few words.
func Judged(mean, views string) string {
	if views != "" {
		views = "views " + views
		if mean != "" {
			mean += ", "
		}
	}
	return mean + views
}
