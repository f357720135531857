package nn

import (
	"strings"
	"testing"
)

const small = `name: small
classes: 10
layers:
  - input: {name: input, size: 8x8x3}
  - conv: {name: conv1, out: 4, kernel: 1x3, padding: [0, 0, 1, 1], over: [bias]}
  - activation: {name: act, func: elu, over-in: [batchnorm: {momentum: 0.5}]}
  - add: {name: add, from: [act, conv1]}
  - linear: {name: linear, out: classes, over: [bias, dropout: 0.5]}
outputs:
  - {name: main, from: linear}
`

func TestATextIsReadAsItLooks(t *testing.T) {
	g, err := Read("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := "conv1: conv 1x3 pad 0,0,1,1 + bias\nact: batchnorm momentum 0.5 + elu\nadd: add\nlinear: linear + bias + dropout 0.5"
	if got := details(t, g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !g.Node("act").Pre || g.Outputs[0].Weight != 1 {
		t.Error("the activation with a norm of its own is not marked, or the loss has no weight")
	}
}

func TestFaultsOfATextCarryTheirPlace(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"conv:", "covn:", `small.yaml:5:5: no layer "covn"; did you mean "conv"?`},
		{"kernel:", "kernle:", `small.yaml:5:33: unknown key "kernle"; did you mean "kernel"?`},
		{"out: 4", "out: many", `small.yaml:5:30: out: want a whole number, got "many"`},
		{"kernel: 1x3", "kernel: 1x99", "small.yaml:5:5: conv1: kernel 1x99 with padding 0,0,1,1 does not fit a 8x8 input; add padding 46 or remove a pool above it"},
		{"kernel: 1x3", "kernel: 0", `small.yaml:5:41: kernel: "0": want a whole number above 0, or two as in 1x3`},
		{"[0, 0, 1, 1]", "[0, 0, 1]", "small.yaml:5:55: padding: want a whole number from 0, or four (top, bottom, left, right) as in [0, 1, 0, 1]"},
		{"func: elu", "func: eru", `small.yaml:6:5: act: no activation "eru"; did you mean "elu"?`},
		{"batchnorm:", "batchnrom:", `small.yaml:6:50: no kind "batchnrom"; did you mean "batchnorm"?`},
		{"[act, conv1]", "[act, conv2]", `small.yaml:7:28: no layer "conv2" above; did you mean "conv1"?`},
		{"dropout: 0.5", "dropout: 1.5", "small.yaml:8:55: linear: dropout rate 1.5; give the probability of zeroing, from 0 to below 1"},
		{"dropout: 0.5", "dropout: {rate: 0.5, of: bloc}", `small.yaml:8:55: linear: dropout of "bloc"; give channel, depth, block or weights, or leave it out for single values`},
		{"from: linear", "from: liner", `small.yaml:10:24: no layer "liner" above; did you mean "linear"?`},
		{"size: 8x8x3", "size: 8x8", `small.yaml:4:32: size: "8x8": want HxWxC, such as 128x128x3`},
		{"classes: 10", "classes: 0", "small.yaml:2:10: classes: 0; give the number of classes, 1 or more"},
		{"name: act,", "name: conv1,", `small.yaml:6:24: two layers named "conv1"; rename one`},
		{"  - input: {name: input, size: 8x8x3}\n", "", "small.yaml:4:5: a network has one input, its first layer; begin with it"},
		{"from: linear", "train-only: true, from: linear", "small.yaml:10:5: the main output, the first, cannot be train-only; put another one first"},
		{"outputs:\n  - {name: main, from: linear}\n", "", `small.yaml:1:1: the key "outputs" is missing; add it`},
		{"from: [act, conv1]", "from: [conv1, conv1]", "small.yaml:6:5: act: no output needs this layer; let a later one read it, or remove it"},
		{"from: linear}", "from: linear}\n  - {name: main, from: linear, train-only: true}", "small.yaml:1:1: output main: two outputs of this name; rename one"},
		{"outputs:\n  - {name: main, from: linear}\n", "outputs: []\n", "small.yaml:1:1: network small: no output; end with the logits"},
		{"over: [bias]", "over: [bias, bias]", "small.yaml:5:82: conv1: two of the kind bias at one place; remove one"},
	} {
		_, err := Read("small.yaml", []byte(strings.Replace(small, c.old, c.new, 1)))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.new, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("name: n\nclasses: 1048576\nlayers: [{input: {name: i, size: 1048576x1048576x1048576}}]\noutputs: [{name: main, from: i}]"))
	f.Add([]byte("name: n\nclasses: 2\nlayers:\n- input: {name: i, size: 4x4x1}\n- conv: {name: c, out: 1152921504606846976, kernel: 1048576, padding: 1048576}\n- linear: {name: l, out: 9223372036854775807}\noutputs: [{name: main, from: l}]"))
	f.Add([]byte("name: n\nclasses: 2\nlayers: [{add: {name: a, from: [a, a]}}]\noutputs: []"))
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := Read("net.yaml", text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %q", err)
			}
			return
		}
		if _, err := g.Table(); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line: %q", err)
		}
		again, err := Read("net.yaml", g.YAML())
		if err != nil {
			t.Fatalf("what was written does not read: %v\n%s", err, g.YAML())
		}
		if again.Signature() != g.Signature() {
			t.Error("the signature changes in the text form")
		}
	})
}

func TestTheCanonicalTextHoldsWhatDecidesBitsAlone(t *testing.T) {
	g, err := Read("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := `classes: 10
layers:
  - {input: {name: "input", size: "8x8x3"}}
  - {conv: {kernel: "1x3", name: "conv1", out: 4, over: ["bias"], padding: [0, 0, 1, 1]}}
  - {activation: {func: "elu", name: "act", over-in: [{batchnorm: {momentum: 0.5}}]}}
  - {add: {from: ["act", "conv1"], name: "add"}}
  - {linear: {name: "linear", out: "classes", over: ["bias", {dropout: {rate: 0.5}}]}}
outputs:
  - {from: "linear", name: "main"}
`
	if got := string(g.Canonical()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	back, err := Read("folder/other.yaml", g.Canonical())
	if err != nil {
		t.Fatal(err)
	}
	if back.Name != "other" || back.Signature() != g.Signature() || string(back.Canonical()) != want {
		t.Errorf("%s came back as\n%s", back.Name, back.Canonical())
	}
	same := func(what string, edit func(g *Graph)) {
		h := g.Clone()
		edit(h)
		if got := string(h.Canonical()); got != want {
			t.Errorf("%s is in the text:\n%s", what, got)
		}
	}
	same("a name", func(g *Graph) { g.Name = "large" })
	same("an origin", func(g *Graph) { g.Node("act").Origin = "conv1" })
	same("whose an activation is", func(g *Graph) { g.Node("act").Pre = false })
	normed := func(bias bool) string {
		h := g.Clone()
		h.Node("add").In[1] = h.Node("act")
		h.Overlay().Set(Out(h.Node("conv1")), NewBatchNorm())
		if !bias {
			h.Overlay().Remove(Out(h.Node("conv1")), SlotBias)
		}
		return string(h.Canonical())
	}
	if normed(true) != normed(false) {
		t.Error("a bias that a norm takes away is in the text")
	}
	for what, edit := range map[string]func(g *Graph){
		"the name of a layer": func(g *Graph) { g.Node("act").Name = "act1" },
		"the classes":         func(g *Graph) { g.Classes = 11 },
		"the image":           func(g *Graph) { g.SetInput(Size{8, 9, 3}) },
		"a weight of a loss":  func(g *Graph) { g.Outputs[0].Weight = 0.5 },
	} {
		h := g.Clone()
		edit(h)
		if string(h.Canonical()) == want {
			t.Errorf("%s is not in the text", what)
		}
	}
}
