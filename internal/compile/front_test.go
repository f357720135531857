package compile_test

import (
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// TestAFrontIsAsDeepAsWhatIsFixed: values of an image that it gives; 0: there is none.
func TestAFrontIsAsDeepAsWhatIsFixed(t *testing.T) {
	yes := true
	for _, c := range []struct {
		net    string
		freeze []nn.Glob
		norms  bool
		values int
	}{
		{"efficientnet_lite0", []nn.Glob{"conv*/**", "stage*/**"}, false, 2 * 2 * 1280}, // dropout lies over the pool,
		{"efficientnet_lite0", []nn.Glob{"conv1/**", "stage1/**"}, false, 32 * 32 * 16},
		{"efficientnet_lite0", []nn.Glob{"conv*/**", "stage*/**"}, true, 0}, // but for norms
		{"resnet20", []nn.Glob{"conv1/**", "stage1/**", "stage2/**"}, false, 32 * 32 * 32},
		{"resnet20", []nn.Glob{"stage1/**", "stage2/**"}, false, 0},
		{"densenet121", []nn.Glob{"conv1/**", "block1/**", "transition1/**"}, false, 8 * 8 * 128},
	} {
		g, err := zoo.New(c.net, zoo.Input(64, 64, 3), zoo.Classes(5))
		if err != nil {
			t.Fatal(err)
		}
		o := experiment.DefaultOptimization()
		for _, layers := range c.freeze {
			o.Parameters = append(o.Parameters, experiment.ParameterSetting{Layers: layers, Frozen: &yes, Norms: c.norms, Still: !c.norms})
		}
		f, err := compile.New(g, task.Classify{}, o, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if front := f.Front(); front != nil {
			got = front.Size.Elems()
			t.Log(c.net, front.Size)
		}
		if got != c.values {
			t.Errorf("%s with %s frozen: a front of %d values, want %d", c.net, c.freeze, got, c.values)
		}
	}
}
