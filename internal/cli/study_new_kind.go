package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// kind is what studies of one task are proposed from.
type kind struct {
	nets    []candidate // the most able first
	augment string      // the base's
	timed   int         // images of a step that is timed, at most
	batch   func(train int) int
	rate    func(c candidate, batch int) float64 // of learning
	ideas   func(p *proposal) []proposed         // variants, the most telling first; those that fit nowhere are left out
}

// candidate is a network with the size it would see.
type candidate struct {
	net      string
	rewrites string // of its architecture, as a list; "": none
	window   int    // 0: the images' own
}

// experiment is the candidate as a file, on any data; boxed are those of detectors.
func (c candidate) experiment(boxed bool) string {
	text := "data: shapes\nnet: " + c.net + "\n"
	if boxed {
		text += "task: detect\n"
	}
	if c.rewrites != "" {
		text += "architecture: " + c.rewrites + "\n"
	}
	return text
}

// proposed is a variant.
type proposed struct{ Name, Edit, Why string }

const proposedVariants = 6

// variants is how many are proposed.
func (p *proposal) variants() int {
	if p.Weights != "" {
		return 2
	}
	return proposedVariants
}

// kind is that of the set's task.
func (p *proposal) kind(set *data.Set) kind {
	if p.Boxed {
		return p.detectors(set)
	}
	return p.classifiers(set)
}

// metric is what is judged.
func (p *proposal) metric() task.Metric {
	if p.Boxed {
		return task.AP50
	}
	return task.Accuracy
}

// needs is the steps in which any of the networks shows what it can, and the most epochs that these may come to.
func (p *proposal) needs() (steps, epochs int) {
	if p.Boxed {
		return 1500, 60
	}
	return 600, 40
}

func (p *proposal) classifiers(set *data.Set) kind {
	k := kind{
		nets:    []candidate{{"resnet20", "", 128}, {"resnet20", "", 96}, {"resnet20", "", 64}, {"mini", "", 96}, {"mini", "", 64}, {"mini", "", 48}, {"mini", "", 32}},
		augment: "[flip, {crop: {size: %d}}]", timed: 16, batch: batchFor,
		rate:  func(_ candidate, batch int) float64 { return math.Round(10*math.Sqrt(float64(batch)/128)) / 200 }, // 0.05 at 128
		ideas: classifierIdeas,
	}
	if g := set.Geometry(0, 0); set.H > 0 && max(g.H, g.W) <= 64 {
		k.nets = []candidate{{"resnet20", "", 0}, {"mini", "", 0}}
	}
	if p.Weights != "" {
		k.nets = []candidate{{p.Net, "", 160}, {p.Net, "", 128}, {p.Net, "", 96}, {p.Net, "", 64}}
	}
	switch {
	case k.nets[0].window == 0 && set.C == 1:
		k.augment = "[{crop: {pad: 2}}]"
	case k.nets[0].window == 0:
		k.augment = "[flip, {crop: {pad: 4}}]"
	}
	return k
}

func classifierIdeas(p *proposal) []proposed {
	if p.Weights != "" {
		return []proposed{
			{"frozen", fmt.Sprintf("with: [{pretrain: {from: %s, preset: frozen}}]", p.from()), "a classifier of its own on what the weights see"},
			{"fine-tuned", fmt.Sprintf("with: [{pretrain: {from: %s, preset: fine-tune}}, {lr: {base: %g}}]", p.from(), p.Rate/10), "so for an epoch, then all of it at a tenth of the rate"},
		}
	}
	without := proposed{"no-augment", "without: [augment]", "what shifts and flips are worth"}
	if p.Window > 0 { // a window is what the crop cuts
		without = proposed{"no-flip", fmt.Sprintf("with: [{augment: [{crop: {size: %d}}]}]", p.Window), "what mirroring is worth"}
	}
	return []proposed{
		{"elu", "with: [{activation: elu}]", "a smoother non-linearity"},
		{"max+avg", "with: [{pool: max+avg}]", "both ways of pooling, summed"},
		{"separable", "with: [separable]", "a fraction of the multiply-adds"},
		{"residual", "with: [residual]", "bypasses round pairs of convolutions"},
		{"strided-conv", "with: [strided-conv]", "no pooling: a convolution takes the stride"},
		without,
		{"bn-after", "with: [{batchnorm: {place: after}}]", "norms behind the activations"},
		{"cosine", "with: [{lr: {policy: cosine}}]", "another way down for the learning rate"},
		{"dropout", "with: [{dropout: 0.3}]", "against learning by heart"},
		{"nesterov", "with: [{solver: {nesterov: true}}]", "momentum that looks ahead"},
		{"bottleneck", "with: [bottleneck]", "narrow 1x1 convolutions round each 3x3"},
		{"no-decay", "without: [l2]", "what weight decay is worth"},
	}
}

// Heads of small detectors, whose networks have a twentieth of the published ones' parameters, and a map of an eighth of the window.
const (
	wideMini = "[{width: 3}, {head: {kind: yolo, convs: 1, channels: 96, passthrough: none}}]"
	slimMini = "[{width: 2}, {head: {kind: yolo, convs: 1, channels: 64, passthrough: none}}]"
)

func (p *proposal) detectors(set *data.Set) kind {
	k := kind{
		nets: []candidate{{"yolov2-tiny", "", 416}, {"yolov2-tiny", "", 320}, {"yolov2-tiny", "", 224},
			{"mini", wideMini, 192}, {"mini", wideMini, 128}, {"mini", slimMini, 128}, {"mini", slimMini, 96}, {"mini", slimMini, 64}},
		augment: "[flip]", timed: 4, // of windows that have ten times as many pixels
		batch: func(train int) int { return min(16, batchFor(train)) },
		rate: func(c candidate, batch int) float64 { // of adam: 0.003 at 16 of the small ones
			most := 0.001
			if c.net == "mini" {
				most = 0.003
			}
			return math.Round(1e4*most*math.Sqrt(float64(batch)/16)) / 1e4
		},
		ideas: detectorIdeas,
	}
	if p.Budget < 10*time.Minute { // it does not pay for the large ones, and timing them would take a good part of it
		k.nets = k.nets[3:]
	}
	if g := set.Geometry(0, 0); set.H > 0 && g.H == set.H && g.W == set.W { // small pictures, seen as they are
		k.nets = []candidate{{"mini", wideMini, 0}, {"mini", slimMini, 0}}
	}
	if p.Weights != "" {
		rewrites := "[{head: yolo}]"
		if g, err := zoo.New(p.Net); err == nil {
			if _, boxes := g.Region(); boxes {
				rewrites = ""
			}
		}
		k.nets = []candidate{{p.Net, rewrites, 416}, {p.Net, rewrites, 320}, {p.Net, rewrites, 224}, {p.Net, rewrites, 160}}
	}
	return k
}

func detectorIdeas(p *proposal) []proposed {
	if p.Weights != "" {
		return []proposed{
			{"pretrained", fmt.Sprintf("with: [{pretrain: %s}]", p.from()), "from the weights on, all of it trained"},
			{"gently", fmt.Sprintf("with: [{pretrain: %s}, {lr: {base: %g}}]", p.from(), p.Rate/4), "so at a quarter of the rate"},
		}
	}
	elu := "elu"
	if p.Net != "mini" {
		elu = "{from: leaky, to: elu}"
	}
	list := []proposed{
		{"scale", "with: [{augment: [flip, {scale: [0.7, 1.4]}]}]", "objects nearer and farther"},
		{"mosaic", "with: [{augment: [flip, mosaic]}]", "four pictures in one, but for the last tenth"},
		{"color", "with: [{augment: [flip, color]}]", "other light"},
	}
	if less := p.Window * 3 / 4 / 32 * 32; less >= 64 {
		list = append(list, proposed{"smaller", fmt.Sprintf("with: [{sizes: [{size: %d, share: 1}]}]", less), "fewer pixels an object, in less time"})
	}
	return append(list,
		proposed{"elu", fmt.Sprintf("with: [{activation: %s}]", elu), "a smoother non-linearity"},
		proposed{"no-flip", "without: [augment]", "what mirroring is worth"},
		proposed{"decay", "with: [{decay: 0.01}]", "against learning by heart"},
		proposed{"linear", "with: [{lr: {policy: linear}}]", "another way down for the learning rate"},
	)
}

// from is the file of weights as the study's writes it.
func (p *proposal) from() string { return spec.NewText(fromFile(p.Weights, p.Out)).Flow() }

// lists are the base's approaches, a line each: of optimization and of learning.
func (p *proposal) lists() (optimization, learning []string) {
	cropped := strings.ReplaceAll(p.Augment, "%d", strconv.Itoa(p.Window))
	epochs := fmt.Sprintf("epochs: %d  # more is better and slower: results of short trainings may not hold for long ones", p.Epochs)
	flips := "augment: " + cropped + "  # no flip where left and right differ, as in digits"
	if p.Boxed {
		optimization = []string{"solver: adam", fmt.Sprintf("lr: {base: %g, policy: cosine, warmup: 1}", p.Rate), fmt.Sprintf("batch: %d", p.Batch)}
		learning = []string{epochs}
		if p.Window > 0 {
			learning = append(learning, fmt.Sprintf("sizes: [{size: %d, share: 1}]  # pixels of a side, a multiple of 32: %s", p.Window, p.seen()))
		}
		learning = append(learning, flips)
	} else {
		optimization = []string{"solver: sgd", fmt.Sprintf("lr: {base: %g, policy: linear, warmup: 1}", p.Rate), fmt.Sprintf("batch: %d", p.Batch), "l2: 5e-4"}
		learning = []string{epochs, flips}
	}
	if p.Net == "mini" && p.Batch >= 8 { // the others have norms of their own; tiny batches are too few to take means of
		optimization = append(optimization, "batchnorm")
	}
	if p.Images > 0 {
		learning = append(learning, fmt.Sprintf("subset: {images: %d}  # of %s, so that it ends in time", p.Images, thousands(p.Described.Parts.Train)))
	}
	return optimization, learning
}

// seen is how large half of the objects are in the window: "half of the objects have 24 or more".
func (p *proposal) seen() string {
	return fmt.Sprintf("half of the objects have %d or more", p.median())
}

// median is the side of the middle one of the objects in the window, in its pixels.
func (p *proposal) median() int {
	if p.Described.Boxes == nil {
		return 0
	}
	return (p.Described.Boxes.Percent.Median*p.Size + 50) / 100
}

// leastSeen is the side in pixels from which a detector tells objects well.
const leastSeen = 10

// rare tells of the class of boxes that too few of the validation images have for a verdict; "" where there is none.
func rare(set *data.Set) string {
	if !set.Boxed {
		return ""
	}
	in := make([]int, len(set.Classes))
	seen := make([]bool, len(set.Classes))
	for _, i := range set.Cut(1, 1).Val {
		clear(seen)
		for _, o := range set.Objects(i) {
			if !o.Difficult && !o.Crowd && !seen[o.Class] {
				seen[o.Class] = true
				in[o.Class]++
			}
		}
	}
	least := -1
	for k, n := range in {
		if n > 0 && (least < 0 || n < in[least]) {
			least = k
		}
	}
	if least < 0 || in[least] >= study.LeastOfClass {
		return ""
	}
	return fmt.Sprintf("%s is in %s of validation, and below %d no verdict is given on a mean over classes; bring more images of it, or take its boxes away", say.Printable(set.Classes[least]), plural(in[least], "image"), study.LeastOfClass)
}
