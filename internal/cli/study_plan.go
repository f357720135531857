package cli

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// shownPlan is the JSON of `assay study plan`.
type shownPlan struct {
	Question   string        `json:"question"`
	Trials     int           `json:"trials"`
	Found      int           `json:"found"` // of these, in the store already
	Again      int           `json:"again"` // of what is found, trained again for an evaluation that it lacks
	Repeats    int           `json:"repeats"`
	Hours      float64       `json:"hours"`
	Rough      bool          `json:"rough"`             // hours and seconds were timed beside other work, and so are too many
	Detectable *float64      `json:"detectable_effect"` // found in 8 of 10 studies; null where nothing can be
	Delta      float64       `json:"delta"`
	Unit       string        `json:"unit"`    // of the two above and the noise
	Noise      *float64      `json:"noise"`   // standard deviation between repeats that they are worked out with; null where nothing is known
	Guessed    bool          `json:"guessed"` // it is a guess, no trial having shown it
	Warnings   []string      `json:"warnings"`
	Contrasts  []study.Asked `json:"contrasts"` // every question of the design, with the effect that it finds
	Arms       []shownArm    `json:"arms"`
}

type shownArm struct {
	Name         string   `json:"name"`
	Baseline     bool     `json:"baseline"`
	Differs      []string `json:"differs"`
	Applied      []string `json:"applied"`
	Params       int64    `json:"params"`
	MACs         int64    `json:"macs"`
	TrainMACs    int64    `json:"train_macs"` // of the whole training
	Steps        int      `json:"steps"`
	TrainSeconds float64  `json:"train_seconds"`
	SharedStart  float64  `json:"shared_start"`
	Matched      string   `json:"matched,omitempty"`    // how near it came to the baseline in what the study matches
	Start        string   `json:"start,omitempty"`      // what becomes of the weights that it starts from
	TrainedAs    string   `json:"trained_as,omitempty"` // the arm whose trainings it shares, judged by a mean of their weights or by views
}

func studyPlan(e *Env) *cobra.Command {
	var folder string
	var uncalibrated bool
	cmd := &cobra.Command{
		Use: "plan FILE", Short: "what a study would do, and how long it would take",
		Long: `Builds every arm of a study file and says how it differs from the baseline, how many trials there are, how long they take, and
how small an effect they can tell, by the noise that trials on these images showed, or by a guess. A few steps of each distinct
network are timed on random images, in turns, ten seconds in all; with --no-calibrate time is worked out from multiply-adds. No trial
is stored.`,
		Example: "  assay study plan photos.yaml\n  assay study plan photos.yaml --no-calibrate --json",
		Args:    args(1, 1, "FILE"),
	}
	cmd.Flags().StringVar(&folder, "data", "", "`FOLDER` of images in place of the file's")
	cmd.Flags().BoolVar(&uncalibrated, "no-calibrate", false, "work time out from multiply-adds")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		s, err := e.openStudy(c.Context(), args[0], "", folder, 0)
		if err != nil {
			return err
		}
		defer s.Close()
		if err := e.estimate(c.Context(), s, uncalibrated); err != nil {
			return err
		}
		f, asked := s.Foresee(), s.Outlook().Contrasts()
		p := shownPlan{Question: s.Study.Question, Trials: s.Trials(), Repeats: s.Study.Repeats, Hours: s.Hours(), Rough: s.Rough(), Delta: f.Delta, Unit: s.Outlook().Metric.Unit, Guessed: f.Guessed, Warnings: append([]string{}, f.Warnings...), Contrasts: append([]study.Asked{}, asked...), Arms: []shownArm{}}
		p.Found, p.Again = s.Found()
		if f.Detectable > 0 {
			p.Detectable = &f.Detectable
		}
		if f.Noise > 0 {
			p.Noise = &f.Noise
		}
		for i, a := range s.Plan.Arms {
			arm := shownArm{Name: a.Name, Baseline: a.Baseline, Differs: append([]string{}, a.Differs...), Applied: []string{}, Params: a.Params, MACs: a.MACs, TrainMACs: a.TrainMACs, Steps: a.Steps, TrainSeconds: a.TrainSeconds, SharedStart: a.SharedStart, Start: s.Starts[i], Matched: a.Matched}
			if a.Baseline {
				arm.SharedStart = 1
			}
			if twin, shared := s.Twins[i]; shared {
				arm.TrainedAs = s.Plan.Arms[twin].Name
			}
			for _, ap := range a.Built.Applied {
				arm.Applied = append(arm.Applied, change(ap))
			}
			p.Arms = append(p.Arms, arm)
		}
		if e.JSON {
			return e.document(p)
		}
		e.printStudyPlan(s, p)
		return nil
	}
	return cmd
}

// usualShare is the share of the processor's peak that a training step reaches, where nothing is timed.
const usualShare = 0.4

// workText says how much more or less an arm takes in training than the baseline, where that is not what its network says.
func workText(a, base shownArm) string {
	work, images := float64(a.TrainMACs)/float64(base.TrainMACs), float64(a.MACs)/float64(base.MACs)
	if math.Abs(work-images) < 0.005*images {
		return ""
	}
	return fmt.Sprintf(", %.2f times the baseline's in training", work)
}

// estimate gives arms their seconds: timed, or from multiply-adds.
func (e *Env) estimate(ctx context.Context, s *runner.Session, uncalibrated bool) error {
	if !uncalibrated {
		b := e.bar()
		defer b.end()
		b.set(0, "timing the networks")
		return s.Calibrate(ctx, nil)
	}
	eng, err := e.processor(false)
	if err != nil {
		return err
	}
	defer eng.Close()
	perSecond := eng.Peak() * 1e9 / 2 * usualShare
	for i, a := range s.Plan.Arms {
		s.Plan.Arms[i].TrainSeconds = float64(a.TrainMACs) / perSecond
	}
	return nil
}

func (e *Env) printStudyPlan(s *runner.Session, p shownPlan) {
	base := s.Plan.Arms[0]
	e.print("%s\n", e.bold(p.Question))
	beside := ""
	if p.Rough {
		beside = ", or less: steps were timed beside other work"
	}
	e.print("%s x %s = %s, about %s on %s%s\n", plural(len(p.Arms), "arm"), plural(p.Repeats, "repeat"), plural(p.Trials, "trial"),
		about(time.Duration(p.Hours*float64(time.Hour))), plural(e.Threads, "thread"), beside)
	if p.Found > 0 {
		again := ""
		if p.Again > 0 {
			again = fmt.Sprintf("; %d of these are trained again for an evaluation or a model that is lacking, the last weights checked to be the same bits", p.Again)
		}
		e.paragraph("", "%d of them found in the store%s", p.Found, again)
	}
	e.paragraph("", "%s on %s: %s to train on, %s validation%s; %s a training, batch %d", base.Built.Graph.Name, base.Experiment.Data, share(experiment.TrainedOn(base.Built.Optimization, base.Built.Learning, base.Images.Train), base.Images.Train), thousands(base.Images.Val), rounds(base.Experiment.Data), plural(base.Steps, "step"), base.Built.Optimization.Batch.Size)
	if at := study.PlannedLooks(s.Study.First, s.Study.Repeats); len(at) > 1 {
		var looks []string
		for _, n := range at {
			looks = append(looks, fmt.Sprint(n))
		}
		e.paragraph("", "looks after %s repeats; what one decides trains no more, so that this is the most it takes", say.Listed(looks))
	}
	if rungs, own := s.Plan.Tuned(); rungs > 0 {
		e.paragraph("", "of these %d are to tune %s: %d values an arm and repeat, in trainings of a third of the passes on a slice of the training images; %d, at most, are at each arm's own", rungs, s.Study.Tune.Key, s.Study.Tune.Values, own)
	}
	if p.Detectable != nil {
		e.paragraph("", "%s", tells(s))
	}
	e.printAsked(p)
	for _, w := range p.Warnings {
		e.paragraph("", "careful: %s", w)
	}
	for _, a := range p.Arms {
		costs := fmt.Sprintf("%s a trial, %s parameters, %s multiply-adds%s%s", about(time.Duration(a.TrainSeconds*float64(time.Second))), si(a.Params), si(a.MACs), workText(a, p.Arms[0]), startText(a))
		if e.Terminal && widest([]string{a.Name})+2+len(costs) > e.Width {
			e.print("\n%s\n", e.bold(a.Name))
			e.paragraph("  ", "%s", costs)
		} else {
			e.print("\n%s  %s\n", e.bold(a.Name), e.dim(costs))
		}
		for _, d := range a.Differs {
			e.paragraph("  ", "%s", d)
		}
		if a.TrainedAs != "" {
			e.paragraph("  ", "no training of its own: those of %s are judged by it", a.TrainedAs)
		}
		if a.Start != "" {
			e.paragraph("  ", "%s", a.Start)
		}
		if a.Matched != "" {
			e.paragraph("  ", "matched: %s", a.Matched)
		}
		if a.Baseline || e.Verbose {
			for _, c := range a.Applied {
				e.paragraph("  ", "%s", c)
			}
		}
	}
}

// printAsked lists the effect that each question of the design finds, those of one figure together; nothing where all have the one told
// above.
func (e *Env) printAsked(p shownPlan) {
	type figure struct {
		kind study.ContrastKind
		text string
	}
	var order []figure
	names := map[figure][]string{}
	for _, a := range p.Contrasts {
		f := figure{a.Kind, say.Amount(a.Detectable, p.Unit)}
		if names[f] == nil {
			order = append(order, f)
		}
		names[f] = append(names[f], a.Name)
	}
	if p.Detectable == nil || len(order) < 2 {
		return
	}
	for _, f := range order {
		of := names[f]
		if n := len(of); n > 8 && !e.Verbose {
			of = append(of[:7:7], fmt.Sprintf("%d more (-v names them)", n-7))
		}
		e.paragraph("  ", "%s of %s and more: %s", map[study.ContrastKind]string{study.Main: "effects", study.Interaction: "interactions", study.Deficit: "a deficit"}[f.kind], f.text, strings.Join(of, ", "))
	}
}

// rounds says what folds come to: " (a fold: every image is validated once in 5 repeats)"; nothing where there are none.
func rounds(x experiment.Data) string {
	if x.Folds == 0 {
		return ""
	}
	return fmt.Sprintf(" (a fold: every image is validated once in %d repeats)", x.Folds)
}

// tells says how small an effect a study can tell, and by what that is known; "" where nothing is.
func tells(s *runner.Session) string {
	o, f := s.Outlook(), s.Foresee()
	switch {
	case !(f.Detectable > 0):
		return ""
	case f.Guessed:
		return fmt.Sprintf("expected: tells effects of about %s in 8 of 10 cases (%s)", say.Amount(f.Detectable, o.Metric.Unit), o.Noise.Says(o.Images))
	}
	return fmt.Sprintf("can tell effects of %s in 8 of 10 cases (%s)", say.Amount(f.Detectable, o.Metric.Unit), o.Noise.Says(o.Images))
}

func startText(a shownArm) string {
	if a.Baseline {
		return ""
	}
	return fmt.Sprintf(", %.0f %% of them start as the baseline's", 100*a.SharedStart)
}
