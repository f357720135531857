package experiment_test

import (
	"encoding"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/tensor"
)

// paint is an operation that the catalogue does not have.
type paint struct{}

func (paint) Apply(*augment.Sample, *tensor.Rand) {}
func (paint) String() string                      { return "paint" }

func TestWhatTheCatalogueDoesNotHaveIsRefused(t *testing.T) {
	for _, op := range []augment.Op{nil, paint{}, &augment.Crop{}, augment.Chance{P: 1, Op: augment.Flip{}}} {
		o := experiment.NewOperation(op)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), "is no augmentation; take one of augment.Catalog") {
			t.Errorf("%T: got %v", op, err)
		}
		if _, err := o.MarshalSpec(); err == nil {
			t.Errorf("%T is written", op)
		}
	}
}

// Each operation reads from its name alone, is in its range, and its parameters say what a person has to give.
func TestEveryOperationOfTheCatalogueIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range augment.Catalog() {
		n, err := spec.Parse("list", []byte("["+e.Name+"]"))
		if err != nil {
			t.Fatal(err)
		}
		var a experiment.Augment
		if err := spec.Decode(n, &a); err != nil || len(a.Ops) != 1 || a.Ops[0] != experiment.NewOperation(e.Default) || seen[e.Name] {
			t.Errorf("%s reads as %v (%v)", e.Name, a.Ops, err)
		}
		seen[e.Name] = true
		if e.Card.Summary == "" || e.Card.Paper == "" || e.Card.Caveats == "" || e.Default.String() == "" {
			t.Errorf("%s: the card lacks something", e.Name)
		}
		form, bare := reflect.TypeOf(experiment.NewOperation(e.Default).Form()), 0
		for f := range form.Fields() {
			if f.Tag.Get("yaml") == "" || f.Tag.Get("is") == "" || f.Tag.Get("help") == "" {
				t.Errorf("%s: %s lacks a tag", e.Name, f.Name)
			}
			if f.Tag.Get("spec") == "bare" {
				bare++
			}
			_, text := reflect.New(f.Type).Interface().(encoding.TextUnmarshaler)
			if !text && f.Type.Kind() != reflect.Bool && f.Tag.Get("range") == "" {
				t.Errorf("%s: %s has no range", e.Name, f.Name)
			}
		}
		if bare > 1 {
			t.Errorf("%s: %d parameters are set by a bare value", e.Name, bare)
		}
	}
}

func TestAnOperationThatIsAppliedToAShareIsAChance(t *testing.T) {
	turn := augment.Rotate{Degrees: 15}
	a := experiment.Augment{Ops: []experiment.Operation{{P: 0.25, Op: turn}, {P: 1, Op: turn}}}
	if got, want := a.List(), (augment.List{augment.Chance{P: 0.25, Op: turn}, turn}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if a.Ops[0].String() != "rotate by up to 15° with probability 0.25" || a.Ops[1].String() != "rotate by up to 15°" {
		t.Errorf("%v", a.Ops)
	}
}

// FuzzAugment: a list is operations or one line that says why not; what is read is in range, is written and read back as itself, and
// does to a picture what a picture can bear.
func FuzzAugment(f *testing.F) {
	for _, text := range []string{
		"[flip, {crop: {size: 24, pad: 2}}]", "[{rotate: {degrees: 180, fill: reflect, p: 0.5}}, {scale: [0.1, 10]}, color, {erase: {area: [1, 1]}}]",
		"[{crop: {fill: 300}}]", "[{scale: [1e9, nan]}]", "[{flip: [}]", "[{erase: {aspect: {a: 1}}}]", "[{rotate: ~}]", "[1]", "{ops: [color]}",
		"[{randaugment: rand-m9-n3-mstd0.5-inc1}, {augmix: {width: 10, depth: 10, alpha: 0.01}}, trivial, {auto: cifar10}]", "[{randaugment: rand-}]", "[{randaugment: rand-m-inc1}]",
		"[{crop: {area: [0.08, 1], fill: noise}}, {translate: {pixels: 4096}}, {blur: [10, 10]}, {cutout: {size: 3, fill: noise}}, {color: {hue: 0.5, pca: 10}}, {shear: 45}]",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := spec.Parse("x", text)
		if err != nil {
			return
		}
		l, again := experiment.DefaultLearning(), experiment.Learning{}
		if err := spec.Decode(n, &l.Augment); err != nil {
			if line := err.Error(); strings.Contains(line, "\n") || !strings.HasPrefix(line, "x:") {
				t.Errorf("got %q, want one line with its place", line)
			}
			return
		}
		settings := experiment.Canonical(experiment.DefaultOptimization(), l)
		if _, again, err = experiment.DecodeSettings(settings); err != nil || len(again.Augment.Ops) != len(l.Augment.Ops) {
			t.Fatalf("%s: %v", settings, err)
		}
		m := augment.Image{H: 9, W: 7, C: 3, Pix: make([]byte, 9*7*3)}
		var s augment.Sample
		for sample := range 3 {
			s.Reset(m.H, m.W, 8, 8)
			l.Augment.List().Apply(&s, tensor.NewStream(1, "augment"), 0, sample)
			s.Render(m)
		}
		for i, op := range l.Augment.Ops {
			if err := op.Check(); err != nil || again.Augment.Ops[i] != op || op.String() == "" {
				t.Errorf("%v came back as %v (%v)", op, again.Augment.Ops[i], err)
			}
		}
	})
}
