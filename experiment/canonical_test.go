package experiment_test

import (
	"encoding"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/internal/spec"
)

func TestSettingsAtTheirDefaultsAreNotWritten(t *testing.T) {
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	if got := string(experiment.Canonical(o, l)); got != "{}\n" {
		t.Errorf("the defaults are %q", got)
	}
	o.L2 = experiment.Decay{Strength: 5e-4, Except: []string{"norm", "bias"}}
	o.LR.Final = float32(math.Copysign(0, -1))
	o.LR.Policy, o.LR.Every = "step", 1.5
	o.Batch.Size = 64
	l.Augment.Ops = []experiment.Operation{experiment.NewOperation(augment.Flip{}), experiment.NewOperation(augment.Crop{Size: 24})}
	want := `augment:
  ops: [{flip: {}}, {crop: {size: 24}}]
batch:
  size: 64
l2:
  strength: 0.0005
lr:
  every: 1.5
  policy: "step"
`
	if got := string(experiment.Canonical(o, l)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRandomSettingsReadBackFromTheirCanonicalText(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	settings := 2000
	if testing.Short() {
		settings = 300
	}
	for range settings {
		o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
		vary(r, reflect.ValueOf(&o).Elem())
		vary(r, reflect.ValueOf(&l).Elem())
		text := experiment.Canonical(o, l)
		o2, l2, err := experiment.DecodeSettings(text)
		if err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, text)
		}
		slices.Sort(o.L2.Except)
		slices.Sort(o2.L2.Except)
		if len(o.L2.Except) == 0 {
			o2.L2.Except = o.L2.Except
		}
		if len(o.LR.Layers) == 0 {
			o2.LR.Layers = o.LR.Layers
		}
		if len(o.Parameters) == 0 {
			o2.Parameters = o.Parameters
		}
		if len(l.Augment.Ops) == 0 {
			l2.Augment.Ops = l.Augment.Ops
		}
		if !reflect.DeepEqual(o, o2) || !reflect.DeepEqual(l, l2) {
			t.Fatalf("seed %d:\n%+v %+v came back as\n%+v %+v in\n%s", seed, o, l, o2, l2, text)
		}
		if again := experiment.Canonical(o2, l2); string(again) != string(text) {
			t.Fatalf("seed %d: written again\n%s\nat first\n%s", seed, again, text)
		}
		if ds := experiment.Differences(o, l, o2, l2); len(ds) > 0 {
			t.Fatalf("seed %d: equal settings differ by %v", seed, ds)
		}
	}
}

// vary sets about half of the fields below v to values of their own.
func vary(r *rand.Rand, v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[experiment.Decay]():
		v.Set(reflect.ValueOf(experiment.Decay{Strength: r.Float32(), Except: slices.Clone([]string{"bias", "depthwise", "norm"}[r.IntN(3):])}))
		return
	case reflect.TypeFor[[]experiment.Operation]():
		var ops []experiment.Operation
		for range r.IntN(3) {
			e := augment.Catalog()[r.IntN(len(augment.Catalog()))]
			op := experiment.Operation{P: []float64{e.P, 0, 1}[r.IntN(3)], Op: e.Default}
			if c, ok := op.Op.(augment.Crop); ok {
				c.Size, c.Pad, c.Fill = r.IntN(3), r.IntN(2), []augment.Fill{{}, augment.FillEdge, augment.FillReflect, augment.FillLevel(12)}[r.IntN(4)]
				op.Op = c
			}
			ops = append(ops, op)
		}
		v.Set(reflect.ValueOf(ops))
		return
	case reflect.TypeFor[experiment.Factors]():
		rows := experiment.Factors{{Layers: "conv1", By: 1}, {Layers: "stage1/**", By: 0.5}, {Layers: "conv1", By: r.Float32()}}
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.ValueOf(rows[3-n:]))
		}
		return
	case reflect.TypeFor[experiment.Weights]():
		v.Set(reflect.ValueOf([]experiment.Weights{{}, {File: "a.pth"}, {Study: "photos", Arm: "elu"}}[r.IntN(3)]))
		return
	case reflect.TypeFor[experiment.Data]():
		v.Set(reflect.ValueOf([]experiment.Data{{}, {Spec: data.Builtin("cifar10")}, {Spec: data.Folder("photos")}}[r.IntN(3)]))
		return
	case reflect.TypeFor[experiment.Hierarchy]():
		v.Set(reflect.ValueOf([]experiment.Hierarchy{{}, {File: "tree.csv"}, {Rows: [][2]string{{"cat", "animal"}, {"car", ""}}}}[r.IntN(3)]))
		return
	case reflect.TypeFor[experiment.Resize]():
		v.Set(reflect.ValueOf([]experiment.Resize{{Kind: experiment.ResizeOwn}, {Kind: experiment.ResizeNet}, {Framing: data.Framing{Share: 1 - r.Float64()/2, Filter: augment.Bicubic}}}[r.IntN(3)]))
		return
	case reflect.TypeFor[[]experiment.ParameterSetting]():
		factor, frozen := r.Float32(), r.IntN(2) == 0
		rows := []experiment.ParameterSetting{{Layers: "a/**", LR: &factor}, {Layers: "b", Decay: &factor, Frozen: &frozen}, {Layers: "*"}}
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.ValueOf(rows[3-n:]))
		}
		return
	}
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			if words := v.Type().Field(i).Tag.Get("values"); words != "" && v.Field(i).Kind() == reflect.String {
				all := strings.Split(words, ", ")
				v.Field(i).SetString(all[r.IntN(len(all))])
			} else {
				vary(r, v.Field(i))
			}
		}
		return
	}
	if r.IntN(2) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Int:
		v.SetInt(int64(r.IntN(1000)))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Float32:
		v.SetFloat(float64(math.Float32frombits(r.Uint32() &^ (1 << 30)))) // small ones of either sign
	case reflect.Float64:
		v.SetFloat(r.NormFloat64() * math.Pow(10, float64(r.IntN(40)-20)))
	}
}

// worded are structs that are a word, or a path, by default.
var worded = map[reflect.Type]bool{reflect.TypeFor[experiment.Weights](): true, reflect.TypeFor[experiment.Resize](): true}

func TestASettingThatIsAddedAtItsDefaultChangesNoText(t *testing.T) {
	type grown struct {
		experiment.LR `yaml:",inline"`
		Cycles        int     `yaml:"cycles"`
		Floor         float32 `yaml:"floor"`
	}
	lr := experiment.DefaultOptimization().LR
	before, after := lr, grown{LR: lr, Cycles: 3}
	changed, more := before, after
	changed.Policy, more.Policy = "cosine", "cosine"
	changed.Base, more.Base = 0.3, 0.3
	text := func(v, byDefault any) string {
		n, err := spec.EncodeBeside(v, byDefault)
		if err != nil {
			t.Fatal(err)
		}
		return string(n.Canonical())
	}
	if was, is := text(changed, before), text(more, after); was != is || was != "base: 0.3\npolicy: \"cosine\"\n" {
		t.Errorf("before\n%safter\n%s", was, is)
	}
	more.Cycles = 4
	if text(changed, before) == text(more, after) {
		t.Error("the new setting, off its default, is not in the text")
	}
}

// TestDefaultsStandWhileTheVersionStands: a text leaves out what is at its default, so another default changes what texts that
// are stored mean.
func TestDefaultsStandWhileTheVersionStands(t *testing.T) {
	got := fmt.Sprintf("settings version %d\n", experiment.Version)
	var list func(path string, v reflect.Value)
	list = func(path string, v reflect.Value) {
		_, text := v.Interface().(encoding.TextMarshaler)
		if text = text || worded[v.Type()]; text || v.Kind() != reflect.Struct {
			got += fmt.Sprintf("%s = %v\n", path, v)
			return
		}
		for i := range v.NumField() {
			list(strings.TrimPrefix(path+"."+v.Type().Field(i).Tag.Get("yaml"), "."), v.Field(i))
		}
	}
	list("", reflect.ValueOf(experiment.DefaultOptimization()))
	list("", reflect.ValueOf(experiment.DefaultLearning()))
	for _, e := range augment.Catalog() {
		list("augment."+e.Name, reflect.ValueOf(experiment.NewOperation(e.Default).Form()))
	}
	const path = "testdata/golden/defaults.txt"
	if want, err := os.ReadFile(path); err == nil {
		for line := range strings.Lines(string(want)) {
			if raised := strings.HasPrefix(line, "settings"); raised && !strings.Contains(got, line) {
				break
			} else if !strings.Contains(got, line) {
				t.Fatalf("%q is no default any more; raise experiment.Version, then run with -update", strings.TrimSpace(line))
			}
		}
	}
	golden.Text(t, path, got)
}

func TestSettingsThatDoNotReadSaySo(t *testing.T) {
	for text, want := range map[string]string{
		"lr:\n  bas: 1\n":     `settings:2:3: unknown key "bas"; did you mean "base"?`,
		"lr:\n  policy: up\n": `settings:2:11: policy: unknown value "up"; choose one of fixed, step, multistep, exp, inv, poly, linear, sqrt, square, sigmoid, cosine, restarts, onecycle, triangular, trapezoid, plateau`,
		"nothing: 1\n":        `settings:1:1: unknown key "nothing"`,
		"lr: [":               `settings:2:1: a bracket`,
	} {
		if _, _, err := experiment.DecodeSettings([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestDifferencesAreToldByPath(t *testing.T) {
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	p, m := o, l
	p.LR.Policy, p.LR.Every, p.Batch.Size = "step", 0.5, 30
	p.L2.Except = []string{"depthwise", "bias"}
	m.Augment.Ops = []experiment.Operation{experiment.NewOperation(augment.Flip{})}
	var got, paths []string
	for _, d := range experiment.Differences(p, m, o, l) {
		got, paths = append(got, d.String()), append(paths, d.Path)
	}
	if want := []string{"lr.policy: step in place of linear", "lr.every: 0.5 in place of unset", "batch: 30 in place of 128",
		"l2.except: bias, depthwise in place of bias, norm", "augment: flip in place of none"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if want := []string{"lr.policy", "lr.every", "batch.size", "l2.except", "augment.ops"}; !slices.Equal(paths, want) {
		t.Errorf("paths %q", paths)
	}
	p, none := o, float32(0)
	p.Decay.Strength = &none
	if d := experiment.Differences(p, l, o, l); len(d) != 1 || d[0].String() != "decay: 0 in place of unset" {
		t.Errorf("got %v", d)
	}
	if back, _, err := experiment.DecodeSettings(experiment.Canonical(p, l)); err != nil || back.Decay.Strength == nil || *back.Decay.Strength != 0 {
		t.Errorf("a decay of 0 that is given comes back as %v (%v)", back.Decay.Strength, err)
	}
	p = o
	p.L2.Except = []string{"norm", "bias"}
	if ds := experiment.Differences(p, l, o, l); len(ds) > 0 {
		t.Errorf("a set in another order differs: %v", ds)
	}
}
