package study

import (
	"fmt"
	"time"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/tensor"
)

// Repeats are paired: repeat i gives every arm the same seeds, so that arms differ by what they are and not by the draw
// (common random numbers; blocks in the analysis). Seeds come from the study's seed and the repeat, never from the arm,
// and each purpose has a stream of its own under them: an arm that draws more numbers shifts no other stream.

// Seeds are the seeds of one repeat, one for each purpose; all are equal unless a study of noise varies one of them.
// The streams under them ("init", "order" ...) are independent though their seeds are equal: tensor.NewStream takes the
// purpose too.
type Seeds struct {
	Split   uint64 `json:"split"`   // which images are validation
	Init    uint64 `json:"init"`    // initial values of parameters, by name
	Order   uint64 `json:"order"`   // sample order
	Augment uint64 `json:"augment"` // crops, flips
	Dropout uint64 `json:"dropout"` // masks
}

// SeedsOf are the seeds of a repeat, 1, 2, ..., of a study. The first repeat has the study's seed itself, so that its
// baseline is, bit for bit, what `assay train` makes of the base with that seed.
func SeedsOf(seed uint64, repeat int) Seeds {
	if repeat > 1 {
		seed = tensor.NewStream(seed, "repeat").At(uint64(repeat), 0).Uint64()
	}
	return Seeds{Split: seed, Init: seed, Order: seed, Augment: seed, Dropout: seed}
}

// Folds is how many repeats make a round, in which every image is validated once; 1 where validation is drawn anew each repeat.
func (s *Study) Folds() int { return max(s.Base.Data.Folds, 1) }

// Seeds are those of a repeat. The repeats of a round share the seed of their split, which deals the images out to the folds:
// that of the repeat whose number is the round's, so that the first round has the study's own.
func (s *Study) Seeds(repeat int) Seeds {
	seeds := SeedsOf(s.Seed, repeat)
	seeds.Split = SeedsOf(s.Seed, 1+(repeat-1)/s.Folds()).Split
	return seeds
}

// Fold says which fold, from 0, a repeat validates; 0 where there are none.
func (s *Study) Fold(repeat int) int { return (repeat - 1) % s.Folds() }

// Rounds refuses repeats that are no whole rounds of the study's folds.
func (s *Study) Rounds(repeats int) error {
	folds := s.Folds()
	if repeats%folds == 0 {
		return nil
	}
	up := (repeats/folds + 1) * folds
	mend := fmt.Sprintf("%d", up)
	switch down := up - folds; {
	case up > MaxRepeats:
		mend = fmt.Sprintf("%d", down)
	case down > 0:
		mend = fmt.Sprintf("%d or %d", down, up)
	}
	return fmt.Errorf("%d is no multiple of the %d folds, so that some images would be validated less often; give %s", repeats, folds, mend)
}

// FitBudget is how many whole repeats a budget pays for, given what each takes. Fewer than two, of two or more, would give no verdict and
// are an error that says what two take.
func FitBudget(budget time.Duration, blocks []time.Duration) (int, error) {
	spent := time.Duration(0)
	if len(blocks) < 2 {
		return len(blocks), nil
	}
	for n, b := range blocks {
		if spent += b; spent > budget {
			if n < 2 {
				two := blocks[0] + blocks[1]
				return n, fmt.Errorf("budget: %v is less than two repeats of all arms take, %s", budget, say.About(two))
			}
			return n, nil
		}
	}
	return len(blocks), nil
}
