package approach

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// The ten recommendations of the systematic evaluation as rules over an experiment: Mishkin, Sergievskiy, Matas, "Systematic evaluation of
// convolution neural network advances on the ImageNet", CVIU 161, 2017, arXiv:1606.02228, its conclusions.

// Rule is one recommendation, with what it rests on.
type Rule struct {
	Name     string  `json:"rule"`
	Says     string  `json:"says"`     // the recommendation
	Evidence string  `json:"evidence"` // accuracies of CaffeNet at 128 pixels on ImageNet
	Effect   float64 `json:"effect"`   // of these, the published one, in points of accuracy; 0 where it is no one change
	Source   string  `json:"source"`
	Unless   string  `json:"unless"` // when not to

	judge func(*advised) (with []experiment.Choice, why string, state AdviceState)
}

// AdviceState is what a rule makes of an experiment.
type AdviceState string

// What a rule makes of an experiment.
const (
	Advised  AdviceState = "advised"
	Followed AdviceState = "followed" // it is so already
	Idle     AdviceState = "idle"     // it has nothing to say of this experiment
)

// Advice is a rule's word on an experiment.
type Advice struct {
	Rule
	State AdviceState         `json:"state"`
	Why   string              `json:"why"`  // what of the experiment it goes by
	With  []experiment.Choice `json:"-"`    // the choices that apply it; none where it is not a change of the experiment
	Test  []experiment.Choice `json:"-"`    // the variant of a study that tests it, where that is another
	Look  bool                `json:"look"` // it wants a person to look before it is applied, so nothing applies it unasked
}

// advised is the experiment that rules look at.
type advised struct {
	experiment.Experiment
	images Images
	built  *Built
}

const evaluation = "Mishkin, Sergievskiy, Matas, CVIU 161, 2017, doi 10.1016/j.cviu.2017.05.007, arXiv:1606.02228"

// Rules lists the recommendations in the order of the paper's page.
func Rules() []Rule {
	return []Rule{
		{"activation", "ELU without batch norm, or ReLU with it", "elu .488, relu .471; with batch norm behind: relu .499, elu .498", 1.7, evaluation,
			"a network with batch norm gains nothing by elu; an exponential a value costs some time", adviseActivation},
		{"colorspace", "a learned transformation of the colours, in front of the first layer", "learned 10 then 3 maps, very leaky .485, RGB .471; HSV .451, YCrCb .458", 1.4, evaluation,
			"grey images have no colours to mix; a first layer of many maps may learn it by itself", adviseColors},
		{"lr policy", "a learning rate that falls in a line to 0", "linear .493, square root .483, square .483, step .471", 2.2, evaluation,
			"the length of the run must be known; a training cut in half loses more than the policy gains (linear over half of the steps .466)", advisePolicy},
		{"pool", "the sum of average and maximum in place of maximum pooling", "max+avg .483, max .471, avg .435", 1.2, evaluation,
			"strided convolutions or windows of 2x2 were as good (.472, .484)", advisePool},
		{"batch", "batches of 128 or 256; for others, a rate in proportion", "1024 .419, with four times the rate .465; 512 .455 and .469; 128 .472, 64 .471; 32 .463, with an eighth of the rate .470", 4.6, evaluation,
			"measured with sgd and momentum: solvers that divide by the gradient's size scale otherwise", adviseBatch},
		{"head", "fully connected layers as convolutions, whose predictions are averaged over positions", "as convolutions, averaged last .494, as published .470", 2.4, evaluation,
			"it keeps the parameters and adds multiply-adds; a network that pools its last maps has nothing to average", adviseHead},
		{"more images", "before paying for more training images: look whether the curve has levelled off", "1.2M .471, 800K .438, 600K .425, 400K .393, 200K .305", 0, evaluation,
			"no more images are to be had", adviseImages},
		{"clean labels", "clean labels matter more than more labels", "5 % wrong .458, 10 % .447, 15 % .437, 50 % .347, none .471; two thirds of the images, all clean, .438", 0, evaluation,
			"labels have been checked already; a poor network suspects what is merely hard, so look at what it suspects", adviseClean},
		{"stride", "where images cannot be larger, smaller strides of the first layers", "64 pixels at stride 4 .309, at stride 2 with windows of 5x5 for 11x11 .445; 96 at 4 .414, at 3 with 7x7 .459", 0, evaluation,
			"larger images are to be had: they gain more at the same cost (224 .565, 128 .471)", adviseStride},
		{"tuned network", "with a complex, tuned network such as GoogLeNet, change one thing at a time and look at pairs", "GoogLeNet .619; with batch norm before .603, behind .596", 0, evaluation,
			"a plain network of convolutions in a row bears changes", adviseTuned},
	}
}

// Advise says what each rule makes of an experiment on images of a size. What a rule would change is built, so that no advice is given that cannot be followed.
func Advise(e experiment.Experiment, images Images) ([]Advice, error) {
	built, err := Build(e, images)
	if err != nil {
		return nil, err
	}
	x := &advised{e, images, built}
	var all []Advice
	for _, r := range Rules() {
		a := Advice{Rule: r}
		a.With, a.Why, a.State = r.judge(x)
		if r.Name == "clean labels" || r.Name == "more images" { // not to be had by a line of the file alone
			a.Test, a.With, a.Look = a.With, nil, true
		}
		if a.State == Advised && len(a.With)+len(a.Test) > 0 {
			if _, err := Build(Apply(e, slices.Concat(a.With, a.Test)), images); err != nil {
				a.State, a.With, a.Test, a.Why = Idle, nil, nil, "it does not fit: "+message(err)
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// message is an error without its place in a file.
func message(err error) string {
	if f, ok := errors.AsType[*spec.Fault](err); ok {
		return f.Msg
	}
	return err.Error()
}

// Apply is an experiment with choices at the ends of the lists of their kinds.
func Apply(e experiment.Experiment, choices []experiment.Choice) experiment.Experiment {
	for _, c := range choices {
		entry, err := Lookup(c.Name)
		if err != nil {
			continue // Build would say so
		}
		for kind, list := range map[Kind]*[]experiment.Choice{Architecture: &e.Architecture, Optimization: &e.Optimization, Learning: &e.Learning} {
			if kind == entry.Kind {
				*list = append(slices.Clone(*list), c)
			}
		}
	}
	return e
}

// Same says whether two choices are one: the same approach with the same parameters, however they are written.
func Same(a, b experiment.Choice) bool {
	if a.Name != b.Name {
		return false
	}
	entry, err := Lookup(a.Name)
	if err != nil {
		return false
	}
	x, err := entry.read(entry.Default, a.Value)
	y, err2 := entry.read(entry.Default, b.Value)
	if err != nil || err2 != nil {
		return false
	}
	n, err := spec.EncodeBeside(x, entry.Default)
	m, err2 := spec.EncodeBeside(y, entry.Default)
	return err == nil && err2 == nil && string(n.Canonical()) == string(m.Canonical())
}

// choice reads one as a person writes it: the texts here are well formed, which a test holds.
func choice(text string) []experiment.Choice {
	var c experiment.Choice
	n, err := spec.Parse("advice", []byte(text+"\n"))
	if err == nil {
		err = c.UnmarshalSpec(n)
	}
	if err != nil {
		panic(err)
	}
	made := experiment.Choice{Name: c.Name}
	if c.Value != nil {
		made.Value = plain(c.Value)
	}
	return []experiment.Choice{made}
}

// plain is a value without its place: a fault of it would point into a file that nobody wrote.
func plain(n *spec.Node) *spec.Node {
	switch n.Kind {
	case spec.Map:
		m := spec.NewMap()
		for key, value := range n.Pairs() {
			m.Set(key.Text(), plain(value))
		}
		return m
	case spec.List:
		var items []*spec.Node
		for _, item := range n.Items() {
			items = append(items, plain(item))
		}
		return spec.NewList(items...)
	}
	if f, err := n.Float(); err == nil {
		return spec.NewFloat(f)
	}
	return spec.NewText(n.Text())
}

func adviseActivation(x *advised) ([]experiment.Choice, string, AdviceState) {
	count, most := map[nn.Func]int{}, nn.Identity
	for _, l := range nn.Each[nn.Activation](x.built.Graph) {
		if count[l.Func]++; count[l.Func] > count[most] || count[l.Func] == count[most] && l.Func < most {
			most = l.Func
		}
	}
	switch normed := x.normed(); {
	case count[most] == 0:
		return nil, "it has no activations", Idle
	case normed && most == nn.ReLU:
		return nil, "relu with batch norm", Followed
	case normed:
		return nil, fmt.Sprintf("%s with batch norm, which the study found as good as relu or did not try", most), Idle
	case most == nn.ELU:
		return nil, "elu without batch norm", Followed
	case !slices.Contains([]nn.Func{nn.ReLU, nn.ReLU6, nn.Leaky, nn.VeryLeaky, nn.Tanh, nn.ScaledTanh, nn.Sigmoid, nn.Arcsinh, nn.Softplus}, most):
		return nil, fmt.Sprintf("%s was as good as elu in the study, or was not tried", most), Idle
	case most == nn.ReLU:
		return choice("activation: elu"), "relu without batch norm", Advised
	default:
		return choice(fmt.Sprintf("activation: {from: %s, to: elu}", most)), fmt.Sprintf("%s without batch norm", most), Advised
	}
}

// normed says whether batch norm lies over the network.
func (x *advised) normed() bool {
	for _, ls := range x.built.Graph.Overlay().All() {
		for _, l := range ls {
			if _, ok := l.(nn.BatchNorm); ok {
				return true
			}
		}
	}
	return false
}

func adviseColors(x *advised) ([]experiment.Choice, string, AdviceState) {
	switch {
	case x.built.Graph.InputSize().C != 3:
		return nil, "the images are grey", Idle
	case named(x.Architecture, "colorspace"):
		return nil, "it has a learned one", Followed
	}
	return choice("colorspace: learned"), "RGB as it is", Advised
}

func named(choices []experiment.Choice, name string) bool {
	return slices.ContainsFunc(choices, func(c experiment.Choice) bool { return c.Name == name })
}

func advisePolicy(x *advised) ([]experiment.Choice, string, AdviceState) {
	switch policy := x.built.Optimization.LR.Policy; policy {
	case "linear":
		return nil, "linear", Followed
	case "fixed", "step", "multistep", "exp", "inv", "sqrt", "square", "sigmoid", "poly":
		return choice("lr: {policy: linear}"), policy, Advised
	default:
		return nil, policy + " was not tried in the study", Idle
	}
}

func advisePool(x *advised) ([]experiment.Choice, string, AdviceState) {
	maxima, sums := 0, 0
	for _, l := range nn.Each[nn.Pool](x.built.Graph) {
		switch l.Type {
		case nn.Max:
			maxima++
		case nn.MaxAvg:
			sums++
		}
	}
	switch {
	case maxima > 0:
		return choice("pool: max+avg"), fmt.Sprintf("%d of its poolings take the maximum", maxima), Advised
	case sums > 0:
		return nil, "max+avg", Followed
	}
	return nil, "it has no maximum pooling", Idle
}

func adviseBatch(x *advised) ([]experiment.Choice, string, AdviceState) {
	o := x.built.Optimization
	switch size := o.Batch.Size; {
	case o.LR.Scale == "batch":
		return nil, "the rate is in proportion to the batch", Followed
	case size >= 64 && size <= 256: // 64 lost nothing in the study
		return nil, fmt.Sprintf("%d images", size), Followed
	case o.Solver.Kind != "sgd":
		return nil, fmt.Sprintf("%s was not tried with other batches", o.Solver.Kind), Idle
	default:
		return choice("lr: {scale: batch}"), fmt.Sprintf("%d images, and a rate as for any: base is then that of 256", size), Advised
	}
}

func adviseHead(x *advised) ([]experiment.Choice, string, AdviceState) {
	last, ok := head(x.Architecture)
	if ok && strings.Contains(last, "conv") {
		return nil, "the predictions are averaged", Followed
	}
	hidden := -1 // linear layers but the classifier
	for range nn.Each[nn.Linear](x.built.Graph) {
		hidden++
	}
	if hidden < 1 {
		return nil, "it has no hidden fully connected layers", Idle
	}
	return choice("head: conv-avg"), fmt.Sprintf("%d hidden fully connected layers", hidden), Advised
}

// head is the last choice of a head, as it is written.
func head(choices []experiment.Choice) (text string, ok bool) {
	for _, c := range choices {
		if c.Name == "head" {
			text, ok = Text(c), true
		}
	}
	return text, ok
}

func adviseImages(x *advised) ([]experiment.Choice, string, AdviceState) {
	if named(x.Learning, "subset") {
		return nil, "it trains on a part of the images", Followed
	}
	return choice("subset: 0.5"), "half of the images tell what the other half brings", Advised
}

func adviseClean(x *advised) ([]experiment.Choice, string, AdviceState) {
	switch {
	case x.built.Learning.Labels.Clean != "" || x.Data.Labels != "":
		return nil, "labels are cleaned, or come from a list", Followed
	case x.Data.Name != "":
		return nil, "labels of a built-in set are what its figures are of", Idle
	}
	return choice("labels: {clean: drop}"), "nobody says that labels have been looked at: assay data clean FILE finds those that are likely wrong", Advised
}

func adviseStride(x *advised) ([]experiment.Choice, string, AdviceState) {
	if experiment.IsNetFile(x.Net) {
		return nil, "a network of a file does not say for which images it was made", Idle
	}
	own, err := zoo.New(x.Net)
	if err != nil {
		return nil, message(err), Idle
	}
	was, is := own.InputSize().H, x.built.Graph.InputSize().H
	stride := func(g *nn.Graph) int {
		for _, l := range nn.Each[nn.Conv](g) {
			return l.Normal().(nn.Conv).Stride[0]
		}
		return 1
	}
	old := stride(own)
	to := max(1, int(math.Round(float64(old)*float64(is)/float64(was))))
	switch {
	case old < 2:
		return nil, "its first layer has no stride", Idle
	case is >= was || to >= old:
		return nil, fmt.Sprintf("images of %d pixels, and it was made for %d", is, was), Idle
	case stride(x.built.Graph) <= to:
		return nil, fmt.Sprintf("a stride of %d", stride(x.built.Graph)), Followed
	}
	return choice(fmt.Sprintf("stride: %d", to)), fmt.Sprintf("images of %d pixels at a stride of %d, made for %d pixels", is, old, was), Advised
}

func adviseTuned(x *advised) ([]experiment.Choice, string, AdviceState) {
	for _, family := range []string{"googlenet", "inception", "xception", "efficientnet", "mobilenet_v3", "nasnet"} {
		if strings.HasPrefix(strings.ToLower(x.Net), family) {
			return nil, x.Net + " is one: a study of pairs tells what changes do to one another", Advised
		}
	}
	return nil, x.Net + " is none", Idle
}
