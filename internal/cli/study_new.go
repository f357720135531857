package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/study"
)

func studyNew(e *Env) *cobra.Command {
	var out string
	var budget time.Duration
	var force bool
	cmd := &cobra.Command{
		Use: "new FOLDER", Short: "look at a folder of images and write a study that fits it",
		Long: `Looks at a folder with one folder of pictures a class (or an archive, or a built-in set), times this machine, and writes a
commented study file: network, size, batch, epochs and repeats such that all of it takes about the budget. Edit it as you like.`,
		Example: "  assay study new photos\n  assay study new photos --budget 2h --out long.yaml",
		Args:    args(1, 1, "FOLDER"),
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write; default: the folder's name with .yaml, here")
	cmd.Flags().DurationVar(&budget, "budget", 30*time.Minute, "`TIME` that the study may take")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite a file that is there")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if budget < time.Second {
			return misuse(fmt.Errorf("--budget: %s; give a time as in 30m or 8h", budget))
		}
		if out == "" {
			out = fileName(args[0])
		}
		if _, err := os.Stat(out); err == nil && !force {
			return misuse(fmt.Errorf("%s: is there already; give another --out, or --force to overwrite it", out))
		}
		return e.studyNew(c.Context(), args[0], out, budget)
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

func (e *Env) studyNew(ctx context.Context, folder, out string, budget time.Duration) error {
	images := source(folder)
	set, err := e.opened(ctx, images, data.Options{Cache: e.cacheDir()}) // what there is to say of it stands in the description
	if err != nil {
		return err
	}
	defer set.Close()
	eng, err := e.processor(false)
	if err != nil {
		return err
	}
	defer eng.Close()
	b := e.bar()
	p, err := propose(ctx, set, eng, budget, func(what string) { b.set(0, "timing %s", what) })
	b.end()
	if err != nil {
		return err
	}
	p.Data, p.Budget, p.Threads, p.Out = "{folder: "+spec.NewText(fromFile(images.Folder, out)).Flow()+"}", budget, e.Threads, out
	if images.Name != "" {
		p.Data = images.Name
	}
	p.Described = set.Describe()
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
			"careful": append([]string{}, p.careful()...), "arms": 1 + len(p.Variants), "trials": p.trials(), "hours": p.Seconds / 3600, "images": p.Described.Images, "classes": len(p.Described.Classes), "faults": p.Described.Faults, "doubts": p.Described.Doubts})
	}
	e.printDescription(p.Described)
	e.print("\n%s: %s on images of %dx%d, %s, %s of %s each, about %s on %s\n", e.bold(out), p.Net, p.Size, p.Size,
		plural(1+len(p.Variants), "arm"), plural(p.Repeats, "repeat"), plural(p.Epochs, "epoch"), about(p.took()), plural(e.Threads, "thread"))
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
	Window   int // side that a crop cuts; 0: the images' own
	Size     int // side that the network sees
	Batch    int
	Rate     float64
	Epochs   int
	Images   int // trained on an epoch; 0: all
	Repeats  int
	Augment  string
	Variants []proposed
	Seconds  float64 // of all trials
	Speed    float64 // images a second in training

	Data      string
	Out       string
	Budget    time.Duration
	Threads   int
	Described data.Description
}

type proposed struct{ Name, Edit, Why string }

// ideas are the variants to propose, the most telling first; those that fit nowhere are left out.
var ideas = []proposed{
	{"elu", "with: [{activation: elu}]", "a smoother non-linearity"},
	{"max+avg", "with: [{pool: max+avg}]", "both ways of pooling, summed"},
	{"separable", "with: [separable]", "a fraction of the multiply-adds"},
	{"residual", "with: [residual]", "bypasses round pairs of convolutions"},
	{"strided-conv", "with: [strided-conv]", "no pooling: a convolution takes the stride"},
	{"no-augment", "without: [augment]", "what shifts and flips are worth"},
	{"no-flip", "with: [{augment: [{crop: {size: %d}}]}]", "what mirroring is worth"},
	{"bn-after", "with: [{batchnorm: {place: after}}]", "norms behind the activations"},
	{"cosine", "with: [{lr: {policy: cosine}}]", "another way down for the learning rate"},
	{"dropout", "with: [{dropout: 0.3}]", "against learning by heart"},
	{"nesterov", "with: [{solver: {nesterov: true}}]", "momentum that looks ahead"},
	{"bottleneck", "with: [bottleneck]", "narrow 1x1 convolutions round each 3x3"},
	{"no-decay", "without: [l2]", "what weight decay is worth"},
}

const proposedVariants = 6

// candidate is a network with the size it would see, the most able first.
type candidate struct {
	net    string
	window int
}

// propose chooses the most able network that has time to learn within the budget.
func propose(ctx context.Context, set *data.Set, eng *cpu.Engine, budget time.Duration, timing func(what string)) (*proposal, error) {
	cut := set.Cut(1, 1)
	train := len(cut.Train)
	if train < 2 {
		return nil, failed(fmt.Errorf("%s: %s to train on; give more", set.Name, plural(train, "image")))
	}
	p := &proposal{Repeats: 3, Batch: batchFor(train)}
	p.Rate = math.Round(10*math.Sqrt(float64(p.Batch)/128)) / 200 // 0.05 at 128
	candidates := []candidate{{"resnet20", 128}, {"resnet20", 96}, {"resnet20", 64}, {"mini", 96}, {"mini", 64}, {"mini", 48}, {"mini", 32}}
	if g := set.Geometry(0, 0); set.H > 0 && max(g.H, g.W) <= 64 {
		candidates = []candidate{{"resnet20", 0}, {"mini", 0}}
	}
	p.Augment = "[flip, {crop: {size: %d}}]"
	switch {
	case candidates[0].window == 0 && set.C == 1:
		p.Augment = "[{crop: {pad: 2}}]"
	case candidates[0].window == 0:
		p.Augment = "[flip, {crop: {pad: 4}}]"
	}
	least := min(max((600*p.Batch+train-1)/train, 6), 40) // epochs: 600 steps, which any of these needs to show what it can
	for i, c := range candidates {
		g := set.Geometry(c.window, 0)
		size := nn.Size{H: g.H, W: g.W, C: set.C}
		timing(fmt.Sprintf("%s at %dx%d", c.net, g.H, g.W))
		speed, err := speedOf(ctx, c.net, size, len(set.Classes), min(p.Batch, 16), eng)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil { // too small for this network
			if i == len(candidates)-1 {
				return nil, err
			}
			continue
		}
		p.Net, p.Window, p.Size, p.Speed = c.net, c.window, g.W, speed
		// An image of validation costs a third of one of training, a trial a second to begin and end.
		epoch := (float64(train) + float64(len(cut.Val))/3) / speed * 1.1
		trial := budget.Seconds()/float64((1+proposedVariants)*p.Repeats) - 1
		p.Epochs = int(min(trial/epoch, 3*float64(least)))
		if p.Epochs > 20 {
			p.Epochs -= p.Epochs % 5
		}
		if p.Epochs >= least {
			break
		}
		if i == len(candidates)-1 && p.Epochs < 3 { // more images than there is time for: fewer of them
			p.Images = min(train, max(int(float64(train)*trial/(6*epoch)), 20*len(set.Classes), 2*p.Batch))
			p.Epochs = 6
		}
	}
	for _, idea := range ideas {
		if p.Window > 0 && idea.Name == "no-augment" || p.Window == 0 && idea.Name == "no-flip" { // a window is what the crop cuts
			continue
		}
		idea.Edit = strings.ReplaceAll(idea.Edit, "%d", fmt.Sprint(p.Window))
		if len(p.Variants) < proposedVariants && p.fits(idea, set) {
			p.Variants = append(p.Variants, idea)
		}
	}
	if len(p.Variants) == 0 {
		return nil, errors.New("no variant fits; write a study by hand (assay approach list)")
	}
	n := float64(train)
	if p.Images > 0 {
		n = float64(p.Images)
	}
	p.Seconds = float64(p.trials()) * (1 + float64(p.Epochs)*(n+float64(len(cut.Val))/3)/p.Speed*1.1)
	if longer := p.Seconds / float64(p.Repeats) * 5; longer < 0.9*budget.Seconds() {
		p.Repeats, p.Seconds = 5, longer
	}
	return p, nil
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
func speedOf(ctx context.Context, net string, size nn.Size, classes, batch int, eng *cpu.Engine) (float64, error) {
	b, err := approach.Build(experiment.Experiment{Net: net}, approach.Images{Size: size, Classes: classes})
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
		return study.Images{Images: approach.Images{Size: nn.Size{H: g.H, W: g.W, C: set.C}, Classes: len(set.Classes)}, Train: len(cut.Train), Val: len(cut.Val)}, nil
	})
	return err
}

func (p *proposal) trials() int         { return (1 + len(p.Variants)) * p.Repeats }
func (p *proposal) took() time.Duration { return time.Duration(p.Seconds * float64(time.Second)) }

// careful is what its results will not be able to tell, whatever the repeats: of few validation images one decides points.
func (p *proposal) careful() []string {
	n := p.Described.Parts.Val
	two := 200 / float64(max(n, 1)) // points
	if n == 0 || two <= 1 {
		return nil
	}
	return []string{fmt.Sprintf("%s: no effect below %s points (two of them) can be told; bring more images, or a larger share for validation", plural(n, "validation image"), say.Figure(two))}
}

func (p *proposal) text() ([]byte, error) {
	width := 0
	for _, v := range p.Variants {
		width = max(width, len(v.Edit)+len(v.Name))
	}
	var b strings.Builder
	err := proposalText.Funcs(template.FuncMap{
		"about": about, "plural": plural, "thousands": thousands,
		"augment": func() string { return strings.ReplaceAll(p.Augment, "%d", fmt.Sprint(p.Window)) },
		"variant": func(v proposed) string {
			return fmt.Sprintf("{name: %s, %s}%s  # %s", v.Name, v.Edit, strings.Repeat(" ", width-len(v.Edit)-len(v.Name)), v.Why)
		},
		"trials": p.trials, "took": p.took, "careful": p.careful,
		"question": func() string { return spec.NewText("Which choices pay on " + p.Described.Name + "?").Flow() },
		"command":  func() string { return say.Printable("assay study run " + say.Word(p.Out)) },
		"normed":   func() bool { return p.Net == "mini" && p.Batch >= 8 }, // resnet20 has norms of its own; tiny batches are too few to take means of
	}).Execute(&b, p)
	return []byte(b.String()), err
}

var proposalText = template.Must(template.New("study").Funcs(template.FuncMap{
	"about": about, "plural": plural, "thousands": thousands,
	"augment": func() string { return "" }, "variant": func(proposed) string { return "" }, "trials": func() int { return 0 }, "normed": func() bool { return false }, "took": func() time.Duration { return 0 },
	"careful": func() []string { return nil }, "question": func() string { return "" }, "command": func() string { return "" },
}).Parse(`# {{plural .Described.Images "image"}} in {{plural (len .Described.Classes) "class"}}: {{thousands .Described.Parts.Train}} to train on, {{thousands .Described.Parts.Val}} for validation, {{thousands .Described.Parts.Test}} for the test.
# {{plural trials "trial"}}, about {{about took}} on {{plural .Threads "thread"}}. Run it, or go on with it:  {{command}}
{{- range careful}}
# Careful: {{.}}.
{{- end}}
question: {{question}}
base:
  data: {{.Data}}
  net: {{.Net}}  # assay net list names others
  optimization:
    - solver: sgd
    - lr: {base: {{.Rate}}, policy: linear, warmup: 1}
    - batch: {{.Batch}}
    - l2: 5e-4
{{- if normed}}
    - batchnorm
{{- end}}
  learning:
    - epochs: {{.Epochs}}  # more is better and slower: results of short trainings may not hold for long ones
    - augment: {{augment}}  # no flip where left and right differ, as in digits
{{- if .Images}}
    - subset: {images: {{.Images}}}  # of {{thousands .Described.Parts.Train}}, so that it ends in time
{{- end}}
variants:  # the base with one change each; assay approach list names all there are
{{- range .Variants}}
  - {{variant .}}
{{- end}}
repeats: {{.Repeats}}  # with paired seeds; more repeats tell smaller effects
`))
