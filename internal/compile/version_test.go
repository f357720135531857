package compile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// versioned are the networks whose programs and first values stand for all: plain, residual, dense, grouped, with auxiliary heads,
// depthwise with gates, recurrent, with layer norms, scales and random depth, with shuffled halves.
var versioned = []string{"mini", "caffenet128", "resnet20", "googlenet", "mobilenet_v3_small", "renet", "convnext_tiny", "shufflenet_v2_x1_0"}

// drawn is a small network that has parameters of every role.
const drawn = `
classes: 3
layers:
  - input: {name: images, size: 8x8x3}
  - conv: {name: conv1, out: 8, kernel: 3, padding: 1, over: [bias, batchnorm]}
  - activation: {name: act1, func: prelu}
  - conv: {name: depthwise, out: 8, kernel: 3, padding: 1, groups: 8, over: [layernorm]}
  - activation: {name: act2, func: apl, pieces: 2}
  - layer-scale: {name: scale, init: 0.1}
  - pool: {name: mixed, type: mixed, kernel: 2}
  - pool: {name: gated, type: gated, kernel: 2, stride: 1}
  - attention: {name: attention, from: [gated, gated, gated], heads: 2, range: 2}
  - recurrent: {name: rows, cell: lstm, units: 6, scan: rows, bidirectional: true}
  - recurrent: {name: columns, cell: gru, units: 24, scan: columns}
  - gem: {name: gem}
  - linear: {name: logits, out: classes, over: [bias]}
outputs: [{name: main, from: logits}]
`

// noisy is a small network with the norms and dropouts that no network of the zoo has.
const noisy = `
classes: 3
layers:
  - input: {name: images, size: 8x8x3}
  - conv: {name: conv1, out: 8, kernel: 3, padding: 1, over: [{batchnorm: {ghost: 2}}, {dropout: {rate: 0.1, of: block, size: 3, ramp: true}}]}
  - conv: {name: conv2, out: 8, kernel: 3, padding: 1, over: [weightnorm, bias, {groupnorm: {groups: 4}}, {dropout: {rate: 0.1, gaussian: true}}]}
  - conv: {name: conv3, out: 8, kernel: 3, padding: 1, over: [weightstandard, {groupnorm: {groups: 0}}], over-in: [{dropout: {rate: 0.1, of: weights}}]}
  - linear: {name: logits, out: classes, over: [bias]}
outputs: [{name: main, from: logits}]
`

func TestEveryRoleIsAmongTheFirstValuesThatStand(t *testing.T) {
	g, err := nn.Read("drawn.yaml", []byte(drawn))
	if err != nil {
		t.Fatal(err)
	}
	params, err := g.Params()
	if err != nil {
		t.Fatal(err)
	}
	buffers, err := g.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	has := map[nn.Role]bool{}
	for _, p := range append(params, buffers...) {
		has[p.Role] = true
	}
	for _, role := range []nn.Role{nn.RoleWeight, nn.RoleBias, nn.RoleInput, nn.RoleRecurrent, nn.RoleGates, nn.RoleGamma, nn.RoleBeta, nn.RoleSlope,
		nn.RoleExponent, nn.RoleHingeSlope, nn.RoleHinge, nn.RoleMix, nn.RoleGate, nn.RoleMean, nn.RoleVar} {
		if !has[role] {
			t.Errorf("no parameter is of role %s", role)
		}
	}
}

func TestProgramsStandWhileTheVersionStands(t *testing.T) {
	var s strings.Builder
	fmt.Fprintf(&s, "programs version %d\n", Version)
	for _, name := range versioned {
		for _, setting := range []struct {
			name string
			tune func(o *experiment.Optimization)
		}{
			{"default", func(*experiment.Optimization) {}},
			{"nesterov, l2 but for depthwise", func(o *experiment.Optimization) {
				o.Solver.Nesterov, o.L2 = true, experiment.Decay{Strength: 5e-4, Except: []string{"depthwise"}}
			}},
		} {
			o := experiment.DefaultOptimization()
			setting.tune(&o)
			g, err := zoo.New(name, zoo.Classes(7))
			if err != nil {
				t.Fatal(err)
			}
			f, err := New(g, task.Classify{}, o, 3)
			if err != nil {
				t.Fatal(err)
			}
			step, err := f.Step(4)
			if err != nil {
				t.Fatal(err)
			}
			evaluation, err := f.Evaluation(4)
			if err != nil {
				t.Fatal(err)
			}
			statistics, err := f.Statistics(4)
			if err != nil {
				t.Fatal(err)
			}
			scalars := map[string]float32{}
			f.Scalars(scalars, 0.1, 5)
			sum := sha256.Sum256(fmt.Append(nil, step, evaluation, statistics, scalars))
			fmt.Fprintf(&s, "%s, %s: %x\n", name, setting.name, sum[:16])
		}
	}
	o := experiment.DefaultOptimization()
	o.Penalty = experiment.Penalty{Kind: "orthogonal", Limit: 3}
	g, err := nn.Read("noisy.yaml", []byte(noisy))
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(g, task.Classify{Confidence: 0.1}, o, 3)
	if err != nil {
		t.Fatal(err)
	}
	step, err := f.Step(4)
	if err != nil {
		t.Fatal(err)
	}
	f.Lasts(10)
	scalars := map[string]float32{}
	f.Scalars(scalars, 0.1, 5)
	sum := sha256.Sum256(fmt.Append(nil, step, scalars))
	fmt.Fprintf(&s, "noisy: %x\n", sum[:16])
	stands(t, "testdata/golden/programs.version", "compile.Version", s.String())
}

func TestFirstValuesStandWhileTheVersionStands(t *testing.T) {
	var s strings.Builder
	fmt.Fprintf(&s, "first values version %d\n", InitVersion)
	small, err := nn.Read("drawn.yaml", []byte(drawn))
	if err != nil {
		t.Fatal(err)
	}
	large, err := zoo.New("resnet20")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []*nn.Graph{small, large} {
		f, err := New(g, task.Classify{}, experiment.DefaultOptimization(), 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range []experiment.Init{{Kind: "he", Gain: 1}, {Kind: "xavier", Gain: 0.7}, {Kind: "lsuv", Gain: 1},
			{Kind: "msra-fan-out", Gain: 1}, {Kind: "orthogonal", Gain: 1.5}, {Kind: "gaussian", Gain: 1, Std: 0.02}, {Kind: "zero-gamma", Gain: 1}, {Kind: "whiten", Gain: 1}} {
			for _, seed := range []uint64{1, math.MaxUint64} {
				if err := f.Initialize(rule, seed); err != nil {
					t.Fatal(err)
				}
				h := sha256.New()
				for _, name := range f.State.Names() {
					fmt.Fprintln(h, name, f.State.Get(name).Shape)
					if err := binary.Write(h, binary.LittleEndian, f.State.Get(name).Data); err != nil {
						t.Fatal(err)
					}
				}
				fmt.Fprintf(&s, "%s, %s %g, seed %d: %x\n", g.Name, rule.Kind, rule.Gain, seed, h.Sum(nil)[:16])
			}
		}
	}
	stands(t, "testdata/golden/init.version", "compile.InitVersion", s.String())
}

// stands compares with a golden whose first line is a version. Other lines may change, by -update too, with the version alone; new
// ones may join.
func stands(t *testing.T, path, version, got string) {
	t.Helper()
	if want, err := os.ReadFile(path); err == nil && strings.HasPrefix(got, string(want[:1+strings.Index(string(want), "\n")])) {
		for line := range strings.Lines(string(want)) {
			if !strings.Contains(got, line) {
				t.Errorf("%s gives other bits than were stored under this version; mend it, or raise %s and run with -update: no more\n%s", path, version, line)
			}
		}
		if t.Failed() {
			return
		}
	}
	golden.Text(t, path, got)
}

func TestAnUpdateDoesNotHideOtherBitsUnderTheSameVersion(t *testing.T) {
	path := t.TempDir() + "/v"
	if err := os.WriteFile(path, []byte("version 1\na: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for got, fails := range map[string]bool{"version 1\na: 2\n": true, "version 1\na: 1\n": false} {
		inner := &testing.T{}
		stands(inner, path, "V", got)
		if inner.Failed() != fails {
			t.Errorf("%q: failed is %v", got, inner.Failed())
		}
	}
}
