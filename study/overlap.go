package study

import "fmt"

// Folds validate every image, and train on nearly all of them each time: of 5 folds each two trainings of a round share three
// quarters of their images, those of two rounds four fifths. What an arm owes to the images that all its trainings share, no
// repeat can show, however many there are: where a training set is worth a point to an arm, claims about other training
// images would be false in 26 to 56 % of studies of 1,000 images. The correction for overlap of Nadeau and Bengio ("Inference
// for the generalization error", Machine Learning 52, 2003) makes intervals 1.5 to 2 times as wide and errs in 28 to 47 % at
// 4,000 images. So a claim is told as what it is, one about trainings on these images, and as such keeps 5 %
// (folds_honesty_test.go).

// Promise is what the verdicts of a study with folds hold for, a sentence without its end; "" where there are none.
func (r *Result) Promise() string {
	if r.Folds == 0 {
		return ""
	}
	return fmt.Sprintf("every image is validated once in %d repeats, and trainings share most of theirs: verdicts hold for other images to validate on and for trainings on images drawn from these; other images to train on may suit another arm", r.Folds)
}

// wholeRounds makes what would decide an arm whole rounds of folds, which a study has alone.
func (r *Result) wholeRounds(j *Judgement) {
	if r.Folds < 2 || j.RepeatsToDecide%r.Folds == 0 {
		return
	}
	more := r.Folds - j.RepeatsToDecide%r.Folds
	if j.RepeatsToDecide+more > MaxRepeats {
		j.RepeatsToDecide, j.MoreRepeats, j.HoursToDecide = 0, 0, 0
		return
	}
	j.HoursToDecide *= float64(j.MoreRepeats+more) / float64(j.MoreRepeats)
	j.RepeatsToDecide, j.MoreRepeats = j.RepeatsToDecide+more, j.MoreRepeats+more
}
