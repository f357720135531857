package approach_test

import (
	"testing"

	"github.com/assaylab/assay/experiment"
)

// What a training takes is counted stage by stage: a convolution without borders to speak of costs a quarter at half the side.
func TestWorkIsCountedAtEachStagesSize(t *testing.T) {
	full := build(t, lists(t, "resnet20", "", "batch: 50", "epochs: 34"))
	cost, err := full.Graph.Cost()
	if err != nil {
		t.Fatal(err)
	}
	half, err := full.Graph.Sized(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	small, err := half.Cost()
	if err != nil {
		t.Fatal(err)
	}
	for learning, want := range map[string]int64{
		"epochs: 34":                  34 * cost.MACs,
		"epochs: 34, sizes: yolo9000": 32*small.MACs + 2*cost.MACs,
		"sizes: [{size: 16, epochs: 20, batch: 25}, {size: 32, epochs: 14}]": 20*small.MACs + 14*cost.MACs,
	} {
		b := build(t, lists(t, "resnet20", "", "batch: 50", learning))
		s, err := experiment.NewSchedule(b.Optimization, b.Learning, 100)
		if err != nil {
			t.Fatal(err)
		}
		if got, saved, err := b.Work(s, 100); err != nil || saved != 0 || got != 3*100*want {
			t.Errorf("%s: %d multiply-adds (%v), want %d", learning, got, err, 3*100*want)
		}
		if got, err := b.Stretch(s); err != nil || got != float64(100*want)/float64(int64(s.Steps())*50*cost.MACs) {
			t.Errorf("%s: as long as %g times its %d steps of 50 at the window (%v)", learning, got, s.Steps(), err)
		}
	}
}

// What is frozen goes forward alone, and once for each draw of an image where it is kept.
func TestWorkKnowsAFrozenFront(t *testing.T) {
	const images, epochs = 100, 34
	plain := build(t, lists(t, "resnet20", "", "batch: 50", "epochs: 34"))
	whole, err := plain.Graph.Cost()
	if err != nil {
		t.Fatal(err)
	}
	table, err := plain.Graph.Table()
	if err != nil {
		t.Fatal(err)
	}
	head := table.Layers[len(table.Layers)-1].MACs // the classifier's
	if head != 64*10 {
		t.Fatalf("the last layer takes %d multiply-adds", head)
	}
	front := whole.MACs - head
	for learning, want := range map[string]struct{ macs, saved int64 }{
		"pretrain: {from: a.pth, preset: frozen}":                                               {images*front + epochs*images*3*head, (epochs - 1) * images * front},
		"augment: [flip], pretrain: {from: a.pth, preset: frozen}":                              {epochs * images * (front + 3*head), 0},
		"augment: [flip], pretrain: {from: a.pth, preset: frozen, cache: 2}":                    {2*images*front + epochs*images*3*head, (epochs - 2) * images * front},
		"augment: [flip], balance: sampling, pretrain: {from: a.pth, preset: frozen, cache: 2}": {epochs * images * (front + 3*head), 0},
		"augment: [mixup], pretrain: {from: a.pth, preset: frozen, cache: 2}":                   {epochs * images * (front + 3*head), 0},
		"pretrain: {from: a.pth, preset: fine-tune}":                                            {images*(front+3*head) + (epochs-1)*images*3*whole.MACs, 0},
		"pretrain: {from: a.pth, freeze: [\"stage*/**\"]}":                                      {epochs * images * 3 * whole.MACs, 0}, // its first layer is trained
	} {
		b := build(t, lists(t, "resnet20", "", "batch: 50", "epochs: 34, "+learning))
		s, err := experiment.NewSchedule(b.Optimization, b.Learning, images)
		if err != nil {
			t.Fatal(err)
		}
		if macs, saved, err := b.Work(s, images); err != nil || macs != want.macs || saved != want.saved {
			t.Errorf("%s: %d multiply-adds, %d saved (%v), want %+v", learning, macs, saved, err, want)
		}
	}
}

// An evaluation by views takes as much more as there are of them.
func TestLooksCountViews(t *testing.T) {
	one, err := build(t, lists(t, "resnet20", "", "", "")).Looks()
	if err != nil {
		t.Fatal(err)
	}
	for views, times := range map[string]float64{"centre": 1, "flip": 2, "five": 5, "ten": 10, "dense": 36. * 36 / 32 / 32} {
		got, err := build(t, lists(t, "resnet20", "", "", "views: "+views)).Looks()
		if ratio := float64(got) / float64(one); err != nil || ratio < 0.99*times || ratio > 1.01*times {
			t.Errorf("%s: %.4g times the multiply-adds of one (%v), want %.4g", views, ratio, err, times)
		}
	}
}
