package nn

import (
	"strings"
	"testing"
)

func TestRegionAndReorgSayWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		layer Layer
		want  string // the size, or a part of the error
	}{
		{Region{Anchors: "1x2 3x4"}, "4x6x24"},
		{Region{Anchors: "1x2"}, "24 channels for 1 anchor and 7 classes; give the layer in front out: 1 boxes, which is 12"},
		{Region{}, "0 anchors; give 1 to 1000, each [width, height] in cells"},
		{Region{Anchors: "1x2 0x4"}, "anchor 2 is 0x4 cells; give a width and a height above 0"},
		{Region{Anchors: "1x2 NaNx4"}, "anchor 2 is NaNx4 cells"},
		{Region{Anchors: "1x2 3x4", Tree: "-1 -1 0 0 0 1 4"}, "4x6x24"},
		{Region{Anchors: "1x2 3x4", Tree: "-1 -1 0 0 0 1"}, "a tree of 6 classes, and there are 7; give the tree of these (learning: tree), or take it out"},
		{Region{Anchors: "1x2 3x4", Tree: "-1 -1 0 1 0 1 4"}, "tree: class 4 is apart from its siblings; put the children of a class one after the other"},
		{Region{Anchors: "1x2 3x4", Tree: "-1 2 0 0 0 1 4"}, "tree: class 1 has no parent in front of it; give the number of one, from 0, or -1 for a root"},
		{Region{Anchors: "1x2 3x4", Tree: "-1 -2 0 0 0 1 4"}, "tree: class 1 has no parent in front of it"},
		{Reorg{}, "2x3x96"},
		{Reorg{Type: Plain}, "2x3x96"},
		{Reorg{Stride: 4}, "stride 4 does not divide a map of 4x6; give images whose sides are multiples of the network's stride"},
		{Reorg{Stride: -1}, "stride -1; give 1 or more"},
		{Reorg{Type: "space"}, `no reorg "space"; choose darknet or plain`},
	} {
		size, err := withDefaults(c.layer).Infer([]Size{{4, 6, 24}}, 7)
		got := size.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%+v: got %s, want %s", c.layer, got, c.want)
		}
	}
	if _, err := (Reorg{Stride: 2, Type: Darknet}).Infer([]Size{{4, 4, 6}}, 1); err == nil || !strings.Contains(err.Error(), "wants a multiple of 4 channels, not 6") {
		t.Error(err)
	}
}

const detector = `name: detector
classes: 3
layers:
  - {input: {name: input, size: 8x8x3}}
  - {conv: {name: conv1, out: 2 boxes, over: [bias]}}
  - {region: {name: region, anchors: [[1.5, 2], [0.25, 13]]}}
outputs: [{name: main, from: region}]
`

func TestADetectorIsReadAsItLooks(t *testing.T) {
	g, err := Read("detector.yaml", []byte(detector))
	if err != nil {
		t.Fatal(err)
	}
	r, ok := g.Region()
	if list := r.Anchors.List(); !ok || len(list) != 2 || list[0] != [2]float32{1.5, 2} || list[1] != [2]float32{0.25, 13} {
		t.Errorf("anchors %v, a detector %v", r.Anchors, ok)
	}
	if s, err := g.Size(g.Node("conv1")); err != nil || s.C != 2*(5+3) {
		t.Errorf("%v (%v)", s, err)
	}
	if string(g.YAML()) != detector {
		t.Errorf("written as\n%s", g.YAML())
	}
	for _, c := range []struct{ old, new, want string }{
		{"2 boxes", "3 boxes", "detector.yaml:6:6: region: 24 channels for 2 anchors and 3 classes; give the layer in front out: 2 boxes, which is 16"},
		{"2 boxes", "0 boxes", `detector.yaml:5:31: out: want a whole number, got "0 boxes"`},
		{"2 boxes", "-3", `detector.yaml:5:31: out: -3; give a number of channels, classes, or "5 boxes" of a detector`},
		{"[1.5, 2]", "[1.5]", "detector.yaml:6:38: anchors: anchor 1 has 1 numbers; give each as [width, height] in cells, such as [1.08, 1.19]"},
		{"[1.5, 2]", "[1.5, -2]", "detector.yaml:6:38: anchors: anchor 1 is 1.5x-2 cells; give a width and a height above 0"},
	} {
		if _, err := Read("detector.yaml", []byte(strings.Replace(detector, c.old, c.new, 1))); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.new, err, c.want)
		}
	}
}
