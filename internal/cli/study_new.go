package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/pretrain"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/train"
)

func studyNew(e *Env) *cobra.Command {
	var out, with string
	var budget time.Duration
	var meaningful float64
	var force bool
	var weights string
	cmd := &cobra.Command{
		Use: "new FOLDER", Short: "look at a folder of images and write a study that fits it",
		Long: `Looks at a folder with one folder of pictures a class (or an archive, or a built-in set), times this machine, and writes a
commented study file: network, size, batch, epochs, repeats and the share of validation such that all of it takes about the budget and
tells effects of a point, or of --meaningful. Repeats and validation images come first: a longer training or a larger network is taken
where the budget pays for it besides. Edit it as you like.

Where the pictures have boxes (Pascal VOC, COCO, YOLO) it is a study of detectors, judged by AP50.

--with takes keys of data, such as a list of labels, for pictures that lie in no folder a class.

With --pretrain the study is about transfer: the network of the weights from nothing, frozen under a classifier of its own, and fine-tuned;
of detectors from nothing and from the weights on, at the rate and at a quarter of it.`,
		Example: "  assay study new photos\n  assay study new photos --pretrain resnet18-f37072fd.pth\n  assay study new cells --budget 4h  # a folder with boxes\n  assay study new photos --budget 2h --meaningful 0.5 --out long.yaml",
		Args:    args(1, 1, "FOLDER"),
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write; default: the folder's name with .yaml, here")
	cmd.Flags().DurationVar(&budget, "budget", 30*time.Minute, "`TIME` that the study may take")
	cmd.Flags().Float64Var(&meaningful, "meaningful", 1, "smallest effect that matters to you, `POINTS` of accuracy, of AP50 where there are boxes")
	cmd.Flags().StringVar(&weights, "pretrain", "", "`FILE` of weights that have seen other images, .safetensors, .pth, .pt or .weights: what do they bring?")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite a file that is there")
	withFlag(cmd, &with)
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if budget < time.Second {
			return misuse(fmt.Errorf("--budget: %s; give a time as in 30m or 8h", budget))
		}
		if !(meaningful > 0 && meaningful <= 100) {
			return misuse(fmt.Errorf("--meaningful: %g points; give the smallest effect that matters, above 0 and at most 100", meaningful))
		}
		if out == "" {
			out = fileName(args[0])
		}
		if _, err := os.Stat(out); err == nil && !force {
			return misuse(fmt.Errorf("%s: is there already; give another --out, or --force to overwrite it", out))
		}
		images, keys, err := sourceWith(args[0], with)
		if err != nil {
			return misuse(err)
		}
		err = e.studyNew(c.Context(), args[0], images, out, weights, budget, meaningful)
		if _, ok := errors.AsType[*spec.Fault](err); ok && keys != nil { // of a key of --with
			return misuse(keys.At(err))
		}
		return err
	}
	return cmd
}

// fileName is the study file for a folder: photos/ gives photos.yaml, photos.tar.gz too.
func fileName(folder string) string {
	base := filepath.Base(filepath.Clean(folder))
	if abs, err := filepath.Abs(folder); err == nil {
		base = filepath.Base(abs)
	}
	for _, ext := range []string{".gz", ".tar", ".tgz"} {
		base = strings.TrimSuffix(base, ext)
	}
	if !plainName(base) {
		base = "study"
	}
	return base + ".yaml"
}

func (e *Env) studyNew(ctx context.Context, folder string, images data.Spec, out, weights string, budget time.Duration, meaningful float64) error {
	set, err := e.opened(ctx, images, data.Options{Cache: e.cacheDir()}) // what there is to say of it stands in the description
	if err != nil {
		return err
	}
	defer func() { set.Close() }()
	again := func() error { // as its cuts will be
		set.Close()
		set, err = e.opened(ctx, images, data.Options{Cache: e.cacheDir()})
		return err
	}
	if use := set.Use(study.LargestVal, 2*fewest); use.Spec.Parts == data.Redraw { // few of its own to validate on
		images.Parts, images.Val, images.Folds, images.Test = use.Spec.Parts, use.Spec.Val, use.Spec.Folds, use.Spec.Test
		if err := again(); err != nil {
			return err
		}
	}
	eng, err := e.processor(false)
	if err != nil {
		return err
	}
	defer eng.Close()
	net := ""
	if weights != "" {
		if net, err = pretrain.NetworkOf(weights); err != nil {
			return fmt.Errorf("--pretrain: %w", err)
		}
	}
	p := &proposal{Net: net, Weights: weights, Boxed: set.Boxed, Folds: images.Folds, Target: meaningful, Budget: budget, Threads: e.Threads, Out: out}
	p.expected = func(net string) study.Expected {
		if known, ok := runner.KnownNoise(e.Store, runner.NoiseOf(set.Digest, net)); ok {
			return known
		}
		return study.Guess(p.metric(), images.Name)
	}
	b := e.bar()
	err = p.choose(ctx, set, eng, func(what string) { b.set(0, "timing %s", what) })
	b.end()
	if err != nil {
		return err
	}
	if p.Share > 0 {
		images.Val = p.Share
		if err := again(); err != nil {
			return err
		}
	}
	p.Described = set.Describe()
	p.conclude()
	p.rare = rare(set)
	if p.Data, err = where(images, out); err != nil {
		return err
	}
	text, err := p.text()
	if err != nil {
		return err
	}
	if err := p.check(out, text, set); err != nil {
		return fmt.Errorf("%s: no study fits these images: %w", folder, err)
	}
	if err := atomicfile.Write(out, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	if e.JSON {
		return e.document(map[string]any{"file": out, "net": p.Net, "window": p.Window, "batch": p.Batch, "epochs": p.Epochs, "repeats": p.Repeats,
			"val": p.Share, "validation_images": p.Described.Parts.Val, "target": p.Target, "meaningful": p.Meaningful, "detectable_effect": p.Tells, "noise": p.outlook.Noise.SD(p.outlook.Images), "guessed": p.outlook.Noise.From != "", "unit": p.outlook.Metric.Unit,
			"careful": append([]string{}, p.careful()...), "arms": 1 + len(p.Variants), "trials": p.Trials(), "hours": p.Seconds / 3600, "images": p.Described.Images, "classes": len(p.Described.Classes), "faults": p.Described.Faults, "doubts": p.Described.Doubts})
	}
	e.printDescription(p.Described)
	e.print("\n%s: %s on images of %dx%d, %s, %s of %s each, about %s on %s\n", e.bold(out), p.Net, p.Size, p.Size,
		plural(1+len(p.Variants), "arm"), plural(p.Repeats, "repeat"), plural(p.Epochs, "epoch"), about(p.Took()), plural(e.Threads, "thread"))
	e.paragraph("", "expected: tells %s", p.told())
	for _, w := range p.careful() {
		e.paragraph("", "careful: %s", w)
	}
	e.print("Next: %s\n", e.bold("assay study run "+say.Word(out)+e.storeFlag()))
	return nil
}

// storeFlag is what a command line needs to find this store.
func (e *Env) storeFlag() string {
	if e.Store == "assay-store" {
		return ""
	}
	return " --store " + say.Word(e.Store)
}

// fromFile is a folder as a file in another folder writes it: relative where both are given relatively.
func fromFile(folder, file string) string {
	if filepath.IsAbs(folder) {
		return folder
	}
	if dir := filepath.Dir(file); !filepath.IsAbs(dir) {
		if rel, err := filepath.Rel(dir, folder); err == nil {
			return filepath.ToSlash(rel)
		}
	}
	if abs, err := filepath.Abs(folder); err == nil {
		return abs
	}
	return folder
}

// proposal is a study that fits a set and a machine.
type proposal struct {
	Net      string
	Rewrites string // of Net's architecture, as a list; "": none
	Weights  string // file that Net may begin from; "": the study is not about transfer
	Boxed    bool   // of detectors
	Window   int    // side that a crop cuts, or that pictures with boxes are seen in; 0: the images' own
	Size     int    // side that the network sees
	Batch    int
	Rate     float64
	Epochs   int
	Images   int // trained on an epoch; 0: all
	Repeats  int
	Share    float64 // of validation; 0: the set brings its own, or there are folds
	Folds    int     // that each image is validated in one of; 0: none
	Augment  string
	Variants []proposed
	Seconds  float64 // of all trials
	Speed    float64 // images a second in training

	Target     float64 // smallest effect that matters to the user, points
	Meaningful float64 // that the file is written with: Target, or more where that is out of reach
	Tells      float64 // effect that is found in 8 of 10 cases, points

	Data      string
	Out       string
	Budget    time.Duration
	Threads   int
	Described data.Description

	expected func(net string) study.Expected // the noise of a network on the set
	rare     string                          // what is to be said of a class in too few validation images; "": nothing
	outlook  study.Outlook
	train    int // images that are not validation or test, and those that are validation at the set's usual share
	val      int
}

// Bounds of the repeats that are proposed.
const fewest, most = 3, 10

// choose takes the most able network that has time to learn, in as many repeats as tell the target, within the budget.
func (p *proposal) choose(ctx context.Context, set *data.Set, eng *cpu.Engine, timing func(what string)) error {
	p.Described = set.Describe()
	cut := set.Cut(1, 1)
	p.train, p.val = len(cut.Train), len(cut.Val)
	if p.train < 2 {
		return failed(fmt.Errorf("%s: %s to train on; give more", set.Name, plural(p.train, "image")))
	}
	of := p.kind(set)
	p.Batch, p.Augment = of.batch(p.train), of.augment
	for i, c := range of.nets {
		last := i == len(of.nets)-1
		g := set.Geometry(c.window, 0)
		size := nn.Size{H: g.H, W: g.W, C: set.C}
		timing(fmt.Sprintf("%s at %dx%d", c.net, g.H, g.W))
		speed, err := speedOf(ctx, c, approach.Images{Size: size, Classes: len(set.Classes), Anchors: set.Anchoring()}, min(p.Batch, of.timed), eng)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // too small for this network
			if last {
				return err
			}
			continue
		}
		p.Net, p.Rewrites, p.Window, p.Size, p.Speed, p.Rate = c.net, c.rewrites, c.window, g.W, speed, of.rate(c, p.Batch)
		if p.plan(last) {
			break
		}
	}
	for _, idea := range of.ideas(p) {
		if len(p.Variants) < p.variants() && p.fits(idea, set) {
			p.Variants = append(p.Variants, idea)
		}
	}
	if len(p.Variants) == 0 {
		return errors.New("no variant fits; write a study by hand (assay approach list)")
	}
	return nil
}

// plan sets repeats, share of validation and epochs for the network at hand, in this order of what the budget is spent on: the
// fewest repeats that tell the target, steps enough to learn, up to thrice as many, more repeats. It is false where the budget
// does not pay for the first two, but for the last network, which does with less.
func (p *proposal) plan(last bool) bool {
	p.look()
	n := p.validate(most)
	least := func() int { // epochs: as many steps as any of these needs to show what it can
		trained, _ := p.parts()
		steps, most := p.needs()
		return min(max((steps*p.Batch+trained-1)/trained, 6), most)
	}
	for n > fewest && last && p.costs(n, least()) > p.Budget.Seconds() {
		n = p.validate(n - 1)
	}
	p.Repeats, p.Images = n, 0
	p.Epochs = int(min(p.epochs(), float64(3*least())))
	if p.Epochs > 20 {
		p.Epochs -= p.Epochs % 5
	}
	if p.Epochs < least() && !last {
		return false
	}
	if p.Epochs < 3 { // more images than there is time for: fewer of them
		trained, _ := p.parts()
		p.Images = min(trained, max(int(float64(trained)*p.epochs()/6), 20*len(p.Described.Classes), 2*p.Batch))
		p.Epochs = 6
	}
	for step := max(1, p.Folds); p.Repeats+step <= most && p.costs(p.Repeats+step, p.Epochs) < 0.9*p.Budget.Seconds(); {
		p.Repeats += step
	}
	return true
}

// validate chooses what is validated on, for the fewest repeats of at most so many that tell the target, or for so many where none
// do, and returns these. A set that brings its own validation images keeps them, the same in each repeat.
func (p *proposal) validate(atMost int) (repeats int) {
	if p.Folds > 0 { // whole rounds
		n := (fewest + p.Folds - 1) / p.Folds * p.Folds
		for ; n+p.Folds <= atMost && p.outlook.With(n, p.val).Detectable() > p.Target; n += p.Folds {
		}
		return n
	}
	if slices.Contains(p.Described.Own, "val") {
		for n := fewest; n < atMost; n++ {
			if p.outlook.With(n, p.val).Detectable() <= p.Target {
				return n
			}
		}
		return atMost
	}
	for n := fewest; n < atMost; n++ {
		var ok bool
		if p.Share, ok = p.outlook.Share(n, p.Target); ok {
			return n
		}
	}
	p.Share, _ = p.outlook.Share(atMost, p.Target)
	return atMost
}

// look works out what is known of the study with the network at hand.
func (p *proposal) look() {
	p.outlook = study.Outlook{Metric: p.metric(), Variants: p.variants(), Images: p.val, Noise: p.expected(p.Net), Meaningful: p.Target}
	if !slices.Contains(p.Described.Own, "val") && p.Folds == 0 {
		p.outlook.Pool = p.train + p.val
		if !slices.Contains(p.Described.Own, "test") {
			p.outlook.Pool += p.Described.Parts.Test
		}
	}
}

// parts is how many images are trained and validated on with the share as it stands.
func (p *proposal) parts() (train, val int) {
	if p.Share == 0 {
		return p.train, p.val
	}
	val = int(p.Share * float64(p.outlook.Pool))
	return max(1, p.train+p.val-val), val
}

// costs is the seconds that so many repeats of so many epochs take. An image of validation costs a third of one of training, and on the
// way only some of them are looked at; a trial takes a second to begin and end.
func (p *proposal) costs(repeats, epochs int) float64 {
	trained, val := p.parts()
	if p.Images > 0 {
		trained = p.Images
	}
	images := float64(epochs)*(float64(trained)+float64(min(val, train.Watched))/3) + float64(val)/3
	return float64((1+p.variants())*repeats) * (1 + images/p.Speed*1.1)
}

// epochs is how many the budget pays for; below 0 where it does not pay for the trials' beginnings.
func (p *proposal) epochs() float64 {
	none := p.costs(p.Repeats, 0)
	return (p.Budget.Seconds() - none) / (p.costs(p.Repeats, 1) - none)
}

// conclude works out what the study tells, once its parts and arms are known, and what it is to take for meaningful: the target, or where
// that is out of reach what it can tell, to the next half point.
func (p *proposal) conclude() {
	p.outlook.Variants = len(p.Variants)
	p.outlook = p.outlook.With(p.Repeats, p.Described.Parts.Val)
	p.Seconds = p.costs(p.Repeats, p.Epochs) * float64(1+len(p.Variants)) / float64(1+p.variants())
	p.Tells, p.Meaningful = p.outlook.Detectable(), p.Target
	if p.Tells > p.Target {
		p.Meaningful = min(100, math.Ceil(2*p.Tells)/2)
	}
}

// where is the images as a file names them.
func where(images data.Spec, file string) (string, error) {
	if images.Folder != "" {
		images.Folder = fromFile(images.Folder, file)
	}
	if images.Labels != "" {
		images.Labels = fromFile(images.Labels, file)
	}
	n, err := experiment.Data{Spec: images}.MarshalSpec()
	if err != nil {
		return "", err
	}
	return n.Flow(), nil
}

// told is what the study tells: "effects of about 0.98 points in 8 of 10 cases (a guess: 13 % errors, 2,900 images)".
func (p *proposal) told() string {
	return fmt.Sprintf("effects of about %s in 8 of 10 cases (%s)", say.Amount(p.Tells, "points"), p.outlook.Noise.Says(p.outlook.Images))
}

// batchFor is some hundred steps an epoch where there are images for it, and never fewer than a handful of steps.
func batchFor(train int) int {
	for _, b := range []int{128, 64, 32, 16, 8, 4, 2} {
		if train/b >= 100 || b <= 16 && train/b >= 8 {
			return b
		}
	}
	return 1
}

// speedOf is images a second in training, from three steps on random images after one to warm up.
func speedOf(ctx context.Context, c candidate, images approach.Images, batch int, eng *cpu.Engine) (float64, error) {
	x, err := experiment.Parse(c.experiment(images.Anchors != nil))
	if err != nil {
		return 0, err
	}
	b, err := approach.Build(x, images)
	if err != nil {
		return 0, err
	}
	s, err := newStepper(b.Graph, experiment.DefaultOptimization(), eng, batch)
	if err != nil {
		return 0, err
	}
	times, _, err := s.time(ctx, 0)
	if err != nil {
		return 0, err
	}
	return float64(batch) / median(times), nil
}

// fits reports whether a variant can be built and differs from the base.
func (p *proposal) fits(idea proposed, set *data.Set) bool {
	alone := *p
	alone.Variants, alone.Data = []proposed{idea}, "fashion-mini" // any set: the images are set's
	text, err := alone.text()
	return err == nil && alone.check("proposal.yaml", text, set) == nil
}

// check reads the text back and plans it.
func (p *proposal) check(file string, text []byte, set *data.Set) error {
	root, err := spec.Parse(file, text)
	if err != nil {
		return err
	}
	s, err := study.Decode(root)
	if err != nil {
		return err
	}
	cut := set.Cut(1, 1)
	_, err = s.Plan(func(x experiment.Experiment) (study.Images, error) {
		g := set.Geometry(p.Window, 0)
		return study.Images{Images: approach.Images{Size: nn.Size{H: g.H, W: g.W, C: set.C}, Classes: len(set.Classes), Anchors: set.Anchoring()}, Train: len(cut.Train), Val: len(cut.Val)}, nil
	})
	return err
}

func (p *proposal) Trials() int         { return (1 + len(p.Variants)) * p.Repeats }
func (p *proposal) Took() time.Duration { return time.Duration(p.Seconds * float64(time.Second)) }

// careful is what its results will not be able to tell, and what would change that.
func (p *proposal) careful() (lines []string) {
	if p.rare != "" {
		lines = append(lines, p.rare)
	}
	if p.Boxed && p.median() < leastSeen {
		lines = append(lines, fmt.Sprintf("half of the objects have %d pixels a side or fewer in a window of %d, and a detector wants some %d; a larger --budget pays for a larger window", p.median(), p.Size, leastSeen))
	}
	if p.Tells <= p.Target {
		return lines
	}
	line := fmt.Sprintf("%s and %s tell no effect below about %s, where %s would matter", plural(p.outlook.Images, "validation image"), plural(p.Repeats, "repeat"), say.Amount(p.Tells, "points"), say.Figure(p.Target))
	if more := p.outlook.With(most, p.outlook.Images).Detectable(); p.Repeats < most && more < 0.8*p.Tells {
		line += fmt.Sprintf("; a larger --budget pays for more repeats: %d tell %s", most, say.Figure(more))
	}
	if p.outlook.With(most, p.outlook.Images).Detectable() > p.Target {
		line += "; bring more images"
	}
	return append(lines, line)
}
