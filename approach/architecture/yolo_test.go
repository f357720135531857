package architecture_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// Every classifier of the zoo becomes a detector of its last map, with the finer one beside it where there is one.
func TestEveryNetworkBecomesADetector(t *testing.T) {
	for _, n := range zoo.List() {
		g, err := zoo.New(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() && len(g.Nodes) > 200 {
			continue
		}
		_, already := g.Region()
		c, err := architecture.Head{Kind: "yolo", Channels: 32}.Rewrite(g)
		if err != nil || (c.Applied == 1) == already {
			t.Errorf("%s: %v (%v)", n.Name, c, err)
			continue
		}
		if _, err := g.Steps(); err != nil {
			t.Errorf("%s: %v", n.Name, err)
		}
		if r, ok := g.Region(); !ok || r.Anchors.Len() != 5 || len(g.Outputs) != 1 {
			t.Errorf("%s: %d outputs, a region %v", n.Name, len(g.Outputs), ok)
		}
	}
}

func TestADetectorsHeadIsThatOfYOLOv2(t *testing.T) {
	g, err := zoo.New("darknet19", zoo.Input(416, 416, 3), zoo.Classes(20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (architecture.Head{Kind: "yolo"}).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	yolo, err := zoo.New("yolov2")
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.Cost()
	if err != nil {
		t.Fatal(err)
	}
	// The 1x1 of the passthrough reads the pooled branch's map, which darknet's cfg does as well.
	want, err := yolo.Cost()
	if err != nil || got.Params != want.Params || got.MACs != want.MACs {
		t.Errorf("%+v, yolov2 has %+v (%v)", got, want, err)
	}
}

func TestAnchorsAreFoundInCellsOfTheLastMap(t *testing.T) {
	g, err := zoo.New("resnet18", zoo.Input(64, 96, 3))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	find := func(k int) ([][2]float64, error) {
		asked = k
		return [][2]float64{{0.5, 0.25}, {1.0 / 3, 0.123456}}, nil
	}
	if _, err := (architecture.Head{Kind: "yolo", Anchors: "2", Channels: 16}).Anchored(find).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	if r, _ := g.Region(); asked != 2 || r.Anchors != "1.5x0.5 1x0.2469" { // a map of 2x3
		t.Errorf("asked for %d, %v", asked, r.Anchors)
	}
}

func TestADetectorsHeadSaysWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		head architecture.Head
		want string
	}{
		{architecture.Head{Kind: "yolo", Passthrough: "layer9"}, `passthrough: resnet18 has no layer "layer9"; name one as assay net show prints it, or write auto or none`},
		{architecture.Head{Kind: "yolo", Anchors: "3"}, "anchors: 3 of no boxes; give images that have some, or a list of [width, height] in cells"},
		{architecture.Head{Kind: "yolo", Anchors: "1x1 60x2"}, "anchors: 60x2 is larger than the picture, which has 7x7 cells; give widths and heights in cells, not in pixels, or let them be found (anchors: 5)"},
		{architecture.Head{Kind: "yolo", Convs: 9}, "convs 9; give 1 to 8"},
	} {
		g, err := zoo.New("resnet18")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.head.Rewrite(g); err == nil || !strings.HasSuffix(err.Error(), ": "+c.want) {
			t.Errorf("%+v: got %v, want %s", c.head, err, c.want)
		}
	}
	none, err := zoo.New("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (architecture.Head{Kind: "yolo", Passthrough: "none", Reorg: "plain"}).Rewrite(none); err != nil {
		t.Fatal(err)
	}
	for n := range nn.Each[nn.Reorg](none) {
		t.Errorf("%s without a passthrough", n.Name)
	}
	broken := errors.New("no boxes")
	if _, err := (architecture.Head{Kind: "yolo"}).Anchored(func(int) ([][2]float64, error) { return nil, broken }).Rewrite(none.Clone()); err != nil {
		t.Error(err) // a detector already
	}
	plain, err := zoo.New("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (architecture.Head{Kind: "yolo"}).Anchored(func(int) ([][2]float64, error) { return nil, broken }).Rewrite(plain); err == nil || !strings.Contains(err.Error(), "anchors: no boxes") {
		t.Error(err)
	}
}
