// Package study is the pure half of a study: which trials there are (pair.go), what they may be said to show
// (verdict.go), and the plain data that both halves share (result.go, where to start). It reads no clock, no disk and
// no network, so that its honesty is proved on thousands of simulated studies; internal/runner does the work and
// internal/store keeps it. It may import approach, task and study/stat.
package study

import (
	"encoding/json"
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/task"
)

// Status is how a trial ended.
type Status string

// The ways a trial ends. Divergence is an outcome of the arm; a failure (a crash, memory, a missing file) is not.
const (
	Done     Status = "done"
	Diverged Status = "diverged" // a loss that is not finite, at Trial.Step, or a network that takes every image for one class; Trial.Reason says which
	Failed   Status = "failed"   // Trial.Reason says why; the cell is missing, not replaced
)

// Verdict is what may be said of a variant; empty (null in JSON) for the baseline and where nothing may be said.
type Verdict string

// The verdicts of docs/statistics.md.
const (
	Helps     Verdict = "helps"     // the simultaneous interval lies on the good side of 0
	Hurts     Verdict = "hurts"     // it lies on the bad side, or the arm diverges more often than the baseline
	None      Verdict = "none"      // no meaningful effect: the inner interval lies inside (-delta, +delta)
	Undecided Verdict = "undecided" // none of these
)

// MarshalJSON writes null where nothing may be said.
func (v Verdict) MarshalJSON() ([]byte, error) {
	if v == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(v))
}

// Decided tells whether the verdict is a claim, which no later look takes back.
func (v Verdict) Decided() bool { return v == Helps || v == Hurts || v == None }

// Arm is the baseline or a variant: what it is and what it costs, known before its first trial but for the seconds.
type Arm struct {
	Name         string   `json:"name"`
	ID           string   `json:"id,omitempty"` // of what the arm is, whatever its name: looks go by it; "" stands for the name
	Baseline     bool     `json:"baseline"`
	Backbone     string   `json:"backbone,omitempty"`      // that it stands on, in the design of that name; "": the base's own
	Of           []string `json:"of,omitempty"`            // the variants of the file that it is made of
	Differs      []string `json:"differs"`                 // what differs from the baseline, couplings included, a line each
	Derived      bool     `json:"derived"`                 // evaluated from the baseline's own trials (views, average)
	Params       int64    `json:"params"`                  // trainable, of the network pruned of train-only outputs
	MACs         int64    `json:"macs"`                    // multiply-adds to infer one image
	Average      string   `json:"average,omitempty"`       // the mean of weights that it is judged by, kept beside the trainings of the arm without it; "": none
	Views        string   `json:"views,omitempty"`         // of each picture that it is judged by, beside the trainings of the arm without; "": the centre
	TrainMACs    int64    `json:"train_macs"`              // multiply-adds of the whole planned training; 0 where not known
	TrainSeconds float64  `json:"train_seconds"`           // of one training, from exclusive calibration times steps; 0 while unknown
	SecondsRough bool     `json:"seconds_rough,omitempty"` // they were timed beside other work
	SharedStart  float64  `json:"shared_start"`            // share, 0 to 1, of the parameters that start equal to the baseline's
	Signature    string   `json:"signature,omitempty"`     // architecture signature
	TrainImages  int      `json:"train_images,omitempty"`  // that a training sees each epoch; 0 while not known
	Solved       string   `json:"solved,omitempty"`        // the choice that makes it equal to the baseline in what the study matches, as a file would have it
	Matched      string   `json:"matched,omitempty"`       // how near that came, in words
	Value        float64  `json:"value,omitempty"`         // of the setting that is tuned, where the arm is a rung of those in Of
	Stopped      int      `json:"stopped,omitempty"`       // repeats after which a planned look had decided all that is asked of it; 0: it goes on
}

// By is what the arm is judged by in a few words, "ema 0.9999, views flip"; "": by the last weights, at the centre of each picture.
func (a Arm) By() string { return experiment.Judged(a.Average, a.Views) }

// identity is what looks know an arm by.
func (a Arm) identity() string {
	if a.ID != "" {
		return a.ID
	}
	return a.Name
}

// Point is one evaluation along a training, on images of the validation split.
type Point struct {
	Epoch     float64            `json:"epoch"` // epochs done, 1 after the first
	TrainLoss float64            `json:"train_loss"`
	Metrics   map[string]float64 `json:"metrics"` // by name, each in its unit
	LR        float64            `json:"lr"`
	Images    int                `json:"images,omitempty"` // that Metrics are of, at the end too: some of the validation images, the same of every arm; 0: all
}

// PerImage is a trial's last weights on its validation split, image by image. Set and IDs name images across trials, so
// that repeats that share images are known to; all arms of a repeat have the same images in the same order.
type PerImage struct {
	Set     string               `json:"set"`     // digest of an ordered list of image hashes
	IDs     []int32              `json:"ids"`     // places in that list, each at most once
	Columns map[string][]float32 `json:"columns"` // by name, a value an image in the order of IDs
}

// Trial is one arm with one repeat, as it came out.
type Trial struct {
	Arm           string             `json:"arm"`
	Repeat        int                `json:"repeat"` // 1, 2, ...: the block
	Status        Status             `json:"status"`
	Reason        string             `json:"reason,omitempty"` // one line, where it failed or diverged
	Step          int64              `json:"step"`             // steps done; where the loss was not finite, the first step of such a loss
	Curve         []Point            `json:"curve"`
	Metrics       map[string]float64 `json:"metrics"` // by name, of the last weights at the planned end; nil unless done
	Images        PerImage           `json:"-"`
	Seconds       float64            `json:"seconds"`        // wall time of this trial, possibly on a shared machine; shown, never judged
	WeightsDigest string             `json:"weights_digest"` // of the final weights; "" where not known
	Engine        string             `json:"engine"`         // id of the engine, all that its bits depend on: a block never mixes them
}

// Interval is an effect with its own two-sided 95 % interval, not adjusted for others; Low and High are nil with fewer
// than two pairs.
type Interval struct {
	Effect float64  `json:"effect"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
}

// Finding is what one metric says of one arm. Pointers are nil (null) where nothing may be said: for the baseline all
// but Mean; with one repeat, and before the first look, Low, High and P. Verdict and interval never disagree: Low > 0 or
// High < 0 exactly when the verdict is helps or hurts, but for an arm that diverged, which has no interval but a
// Conditional one.
type Finding struct {
	Mean        *float64  `json:"mean"`   // of finished trials; nil where there are none
	Effect      *float64  `json:"effect"` // variant minus baseline, blocks accounted for
	Low         *float64  `json:"low"`    // simultaneous, at 1 - Level
	High        *float64  `json:"high"`
	P           *float64  `json:"p"`         // adjusted for the family; at most Level where a difference is claimed
	InnerLow    *float64  `json:"inner_low"` // two one-sided tests at Level, which decide on none
	InnerHigh   *float64  `json:"inner_high"`
	Verdict     Verdict   `json:"verdict"`
	Level       float64   `json:"level"`                 // chance of any false claim of the family that the look could spend; 0 before a look
	Look        int       `json:"look"`                  // which look this is of: the deciding one, else the arm's last; 0 before its first
	Method      string    `json:"method"`                // dunnett, paired t, exact test, identical; "" where nothing may be said
	Conditional *Interval `json:"conditional,omitempty"` // of an arm that diverged: its effect among finished runs
	SeedSE      float64   `json:"seed_se"`               // standard error of the effect that comes from seeds
	ImageSE     float64   `json:"image_se"`              // and from the images being a sample
	DF          float64   `json:"df"`                    // degrees of freedom of the interval; 0 where it has none, or endless ones
	Later       *Interval `json:"later,omitempty"`       // what the arm's trials say by now, where there are others than at that look; no verdict comes of it
}

// Judgement is one arm with all that is said of it; its JSON is a row of `arms` of `assay study show --json`.
type Judgement struct {
	Arm
	Trials   int                 `json:"trials"`   // done and diverged
	Diverged int                 `json:"diverged"` // of these
	Failures int                 `json:"failures"`
	Outcomes []*float64          `json:"outcomes"` // by repeat, nil where diverged, failed or not run
	Finding                      // of the study's primary metric
	Others   map[string]*Finding `json:"others,omitempty"` // of the other metrics by name, each a family of its own, labelled; the headline is never theirs
	Notes    []string            `json:"notes"`            // "by less than you asked for", "on these 1000 images", ...: a reader's words, in order
	Grey     string              `json:"grey"`             // under-trained, over-long or over-fitted, where the curves cast doubt on the verdict

	AsGoodForLess   []string `json:"as_good_for_less"` // costs that are lower by a tenth or more, of an arm that is no worse by delta; never nil
	ProbabilityBest *float64 `json:"probability_best"` // chance that no arm is truly better, from shrunk effects; nil where nothing tells

	Decides
}

// Decides is what would decide an undecided arm or contrast at the next look with 80 % power if its effect were the one seen; 0 where no
// number up to 1000 would.
type Decides struct {
	RepeatsToDecide int     `json:"repeats_to_decide"` // repeats in all: the N of `assay study run FILE --repeats N`
	MoreRepeats     int     `json:"more_repeats"`      // of these, still to run
	HoursToDecide   float64 `json:"hours_to_decide"`   // of the trials of its arms, the baseline's among them, still to run; 0 while seconds are unknown
	DecidesNone     bool    `json:"decides_none"`      // what they would tell is rather that there is no effect of delta
	ImagesToDecide  int     `json:"images_to_decide"`  // where repeats alone cannot: validation images needed in all
	Anew            *Anew   `json:"anew,omitempty"`    // a new study that would decide it in clearly less time, or where no repeats of this one would
}

// Anew is a study with a larger share of validation. Its split is another one, so none of this study's trials is of use to it.
type Anew struct {
	Val         float64 `json:"val"`     // share of validation, to write under `data:`
	Images      int     `json:"images"`  // validation images of a repeat that it gives
	Repeats     int     `json:"repeats"` // in all
	Hours       float64 `json:"hours"`   // of this arm's and the baseline's trials; 0 while seconds are unknown
	DecidesNone bool    `json:"decides_none"`
}

// Contrast is a weighted sum of arms' outcomes, with what is said of it: in designs whose answer is no arm less the baseline, the
// effect of a variant over several arms; what two bring together beyond what each brings alone; what all together lack.
type Contrast struct {
	Name    string              `json:"name"`
	Kind    ContrastKind        `json:"kind"`              // main; interaction and deficit, which are a second family of claims
	Of      []string            `json:"of"`                // the variants that it is about
	Aliases []string            `json:"aliases,omitempty"` // what else it may be: the design does not tell them apart
	Weights map[string]float64  `json:"weights"`           // by arm, their sum 0; nil where the arms that finished do not tell it
	Finding                     // of the primary metric
	Others  map[string]*Finding `json:"others,omitempty"`
	Notes   []string            `json:"notes"`

	Decides
}

// Choice is what one who must choose now does best to take, and what that risks.
type Choice struct {
	Arm         string  `json:"arm"`         // with the highest chance to be best
	Probability float64 `json:"probability"` // that chance
	Shortfall   float64 `json:"shortfall"`   // by how much the best arm is expected to be better, in the primary metric's unit
}

// TestReading is the winner's trainings, and the baseline's, on the test images, which each training was scored on at its end and nobody
// has seen before: one reading opens all. Each is recorded.
type TestReading struct {
	Arm      string             `json:"arm"`
	Metrics  map[string]float64 `json:"metrics"` // by name, each in its unit, means over repeats
	Baseline map[string]float64 `json:"baseline,omitempty"`
	Effect   *float64           `json:"effect"` // of the primary metric, the arm less the baseline, over pairs; null where the arm is the baseline
	Low      *float64           `json:"low"`    // its own 95 % interval, seeds and images; null with one pair
	High     *float64           `json:"high"`
	Repeats  int                `json:"repeats"` // pairs
	Images   int                `json:"images"`
	Reading  int                `json:"reading"` // how often the image that was read most was read by anyone with this store, this reading counted
}

// Unplanned is what a study paid for growing beyond its plan, beside a plan that had held as many repeats from the start.
type Unplanned struct {
	Level   float64 `json:"level"`   // of its last look
	Planned float64 `json:"planned"` // that the last look of {min: the repeats planned, max: those there are} has
	Wider   float64 `json:"wider"`   // its intervals, against that one's: 1.3 is three tenths wider
}

// LookLine is a look as the head of a report tells it.
type LookLine struct {
	N       int     `json:"n"`
	Level   float64 `json:"level"` // chance of any false claim that it could spend
	Planned bool    `json:"planned"`
}

// Result is a study as it stands. The runner fills the first part, Judge or a ledger the second; the report reads both.
type Result struct {
	Question   string        `json:"question"`
	Name       string        `json:"name"`   // the file's name without extension
	Digest     string        `json:"digest"` // of the file
	Data       string        `json:"data"`   // what it ran on, for people
	Net        string        `json:"net"`
	Design     Design        `json:"design"`
	Variants   []string      `json:"variants,omitempty"` // of the file, in its order; arms say which they are made of
	Seed       uint64        `json:"seed"`
	Repeats    int           `json:"repeats"`         // planned blocks
	Folds      int           `json:"folds,omitempty"` // repeats in which every image is validated once; 0: validation is drawn anew each repeat, or fixed
	Engine     string        `json:"engine"`          // id of the engine of its last trial
	Metric     string        `json:"metric"`          // name of the primary metric
	Metrics    []task.Metric `json:"metrics"`         // that it is judged by, the primary first
	Complete   bool          `json:"complete"`        // every planned trial has ended
	Val        float64       `json:"val"`             // share of the images that the file asks for as validation; 0 where it asks for none
	Meaningful float64       `json:"-"`               // `meaningful:` of the file, in the primary metric's unit; 0 where it is left out
	NoiseFloor float64       `json:"noise_floor"`     // standard deviation between repeats known beforehand, points; 0 while unknown
	Test       *TestReading  `json:"test,omitempty"`
	Published  []Published   `json:"published,omitempty"` // what others found of its variants
	Arms       []Arm         `json:"-"`                   // the baseline first; in JSON as part of Judged
	Tuning     *Tuning       `json:"tuning,omitempty"`    // nil without `tune`
	Trials     []Trial       `json:"trials"`

	Looks        []LookLine     `json:"looks"`               // so far, at anything against this baseline
	Family       int            `json:"family"`              // variants ever judged against this baseline
	Unplanned    *Unplanned     `json:"unplanned,omitempty"` // what growing unplanned costs; nil where it did not
	NextLevel    float64        `json:"next_level"`          // chance of any false claim that the next look could spend
	Delta        float64        `json:"delta"`               // smallest effect that matters, in the primary metric's unit
	Blocks       int            `json:"blocks"`              // repeats with at least two finished trials
	Images       int            `json:"images"`              // validation images of one repeat
	NoiseSD      float64        `json:"noise_sd"`            // residual standard deviation of one trial within its block, points; 0 while unknown
	BlockSD      float64        `json:"block_sd"`            // standard deviation between blocks
	ResidualDF   int            `json:"residual_df"`
	Noise        *NoiseSplit    `json:"noise"`               // where NoiseSD comes from; nil while unknown
	Detectable   float64        `json:"detectable_effect"`   // true effect that these repeats find with 80 % power, seeds alone
	Judged       []Judgement    `json:"arms"`                // in the order of Arms
	Backbones    []BackboneLine `json:"backbones,omitempty"` // of that design, the base's own first
	Signs        []Sign         `json:"signs,omitempty"`     // of that design, what each variant does on every backbone
	Contrasts    []Contrast     `json:"contrasts"`           // what the design asks besides an arm less the baseline, the main effects first; never nil
	Winner       string         `json:"winner_arm"`          // best arm that helps, else the baseline
	WinnerShrunk float64        `json:"winner_shrunk"`       // its effect, shrunk for having been chosen
	Predicted    []string       `json:"predicted,omitempty"` // variants that by the contrasts together are best, where no arm that was trained is made of these
	Choice       *Choice        `json:"choice"`              // if one must choose now; nil where nothing tells
	DataSize     *DataSize      `json:"data_size,omitempty"` // of that design: what more images would bring; nil where the trials do not tell
	Stopped      string         `json:"stopped,omitempty"`   // why there are no verdicts at all, e.g. a diverged baseline
	Caveats      []string       `json:"caveats"`             // sentences for "Careful: ..."
}

// Baseline is the arm that all others are compared with.
func (r *Result) Baseline() (Arm, error) {
	for _, a := range r.Arms {
		if a.Baseline {
			return a, nil
		}
	}
	return Arm{}, fmt.Errorf("study %s: no arm is the baseline; mark one", r.Name)
}

// Judgement is what is said of an arm, false where the study has none of that name or was not judged yet.
func (r *Result) Judgement(arm string) (Judgement, bool) {
	for _, j := range r.Judged {
		if j.Name == arm {
			return j, true
		}
	}
	return Judgement{}, false
}
