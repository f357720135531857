package spec

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestTheCanonicalTextHasOneSpellingAndReadsBack(t *testing.T) {
	one := `
b: {z: [1, 2.50, 1e3, -0, -0.0, 1e-7, 18446744073709551615], a: elu}
a: true
no: {'1': "say \"no\"\n", plain: 'true', wide: "é 𝄞 \u2028"}
empty: {}
none: []
layers:
  - conv: {out: 3, in: 2}
  - [x, [y]]
`
	other := strings.NewReplacer("2.50", "2.5", "1e3", "+1000.0", "{z", "{  # a comment\n  z", "elu", "'elu'", "out: 3, in: 2", "in: 2, out: 3").Replace(one)
	want := `a: true
b:
  a: "elu"
  z: [1, 2.5, 1000, 0, 0, 1e-07, 18446744073709551615]
empty: {}
layers:
  - {conv: {in: 2, out: 3}}
  - ["x", ["y"]]
"no":
  "1": "say \"no\"\U0000000A"
  plain: "true"
  wide: "\U000000E9 \U0001D11E \U00002028"
none: []
`
	for _, text := range []string{one, other, want} {
		n, err := Parse("c.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(n.Canonical()); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	for _, n := range []*Node{NewMap(), NewList(), NewText(""), NewFloat(math.NaN())} {
		if got := string(n.Canonical()); got != map[Kind]string{Map: "{}\n", List: "[]\n", Scalar: "\"\"\n", Null: "null\n"}[n.Kind] {
			t.Errorf("%s is %q", n.Kind, got)
		}
	}
}

type inner struct {
	P float32 `yaml:"p"`
	Q int     `yaml:"q"`
}

type op struct {
	Flip *inner `yaml:"flip"`
	Crop *inner `yaml:"crop"`
}

// UnmarshalSpec has a default of its own for a flip.
func (o *op) UnmarshalSpec(n *Node) error {
	type plain op
	if n.Get("flip") != nil {
		o.Flip = &inner{P: 0.5}
	}
	return Decode(n, (*plain)(o))
}

type whole struct {
	Name  string   `yaml:"name"`
	Rate  float32  `yaml:"rate" spec:"bare"`
	Ops   []op     `yaml:"ops"`
	Words []string `yaml:"words" spec:"set"`
	In    inner    `yaml:"in"`
	On    *inner   `yaml:"on"`
}

func TestWhatIsAsByDefaultIsNotWritten(t *testing.T) {
	byDefault := whole{Name: "sgd", Rate: 0.1, Words: []string{"b", "a"}, In: inner{P: 1}}
	for _, c := range []struct {
		edit func(*whole)
		want string
	}{
		{func(w *whole) {}, "{}\n"},
		{func(w *whole) { w.Words = []string{"a", "b", "a"} }, "{}\n"},
		{func(w *whole) { w.Ops = []op{} }, "{}\n"},
		{func(w *whole) { w.Rate = 0.2 }, "rate: 0.2\n"},
		{func(w *whole) { w.Rate = 0; w.Name = "" }, "name: \"\"\nrate: 0\n"},
		{func(w *whole) { w.Words = nil }, "words: []\n"},
		{func(w *whole) { w.In.Q = 3 }, "in:\n  q: 3\n"},
		{func(w *whole) { w.On = &inner{} }, "\"on\": {}\n"},
		{func(w *whole) { w.On = &inner{P: 1} }, "\"on\":\n  p: 1\n"},
		{func(w *whole) {
			w.Ops = []op{{Flip: &inner{P: 0.5}}, {Flip: &inner{P: 0, Q: 1}}, {Crop: &inner{}}, {Crop: &inner{P: 2}}}
		},
			"ops:\n  - {flip: {}}\n  - {flip: {p: 0, q: 1}}\n  - {crop: {}}\n  - {crop: {p: 2}}\n"},
	} {
		w := byDefault
		c.edit(&w)
		n, err := EncodeBeside(w, byDefault)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(n.Canonical()); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		parsed, err := Parse("c.yaml", n.Canonical())
		if err != nil {
			t.Fatal(err)
		}
		back := byDefault
		if err := Decode(parsed, &back); err != nil {
			t.Fatal(err)
		}
		again, err := EncodeBeside(back, byDefault)
		if err != nil || !Equal(again, n) {
			t.Errorf("%s came back as %s (%v)", n.Flow(), again.Flow(), err)
		}
		if !reflect.DeepEqual(w.In, back.In) || w.Rate != back.Rate || len(w.Ops) != len(back.Ops) {
			t.Errorf("%+v came back as %+v", w, back)
		}
	}
	if _, err := EncodeBeside(whole{}, whole{On: &inner{}}); err == nil {
		t.Error("a default that is taken away has no text, and no error")
	}
}
