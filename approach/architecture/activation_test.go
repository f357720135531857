package architecture_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func TestEveryFunctionCanBeNamed(t *testing.T) {
	var names []string
	for _, f := range nn.Funcs() {
		names = append(names, string(f))
	}
	for _, key := range []string{"From", "To"} {
		f, _ := reflect.TypeFor[architecture.Activation]().FieldByName(key)
		if got := strings.Split(f.Tag.Get("values"), ", "); !slices.Equal(got, names) {
			t.Errorf("%s may be\n%v\nnn has\n%v", key, got, names)
		}
	}
}

func TestReplacingAFunctionTouchesNothingElse(t *testing.T) {
	for _, f := range nn.Funcs() {
		g := mini(t)
		before, wasSize := g.Signature(), cost(t, g)
		c, err := architecture.Activation{From: nn.ReLU, To: f}.Rewrite(g)
		if err != nil {
			t.Fatal(err)
		}
		if f == nn.ReLU {
			if !c.None() {
				t.Errorf("relu to relu counts as a change: %s", c)
			}
			continue
		}
		if got, want := c.String(), "replaced 5 of 5 relu"; got != want {
			t.Errorf("%s: %s, want %s", f, got, want)
		}
		if g.Signature() == before {
			t.Errorf("%s: the signature does not tell it from relu", f)
		}
		is := cost(t, g)
		const channels = 3*16 + 2*32
		more := map[nn.Func]int64{nn.PReLU: channels, nn.FReLU: channels, nn.APL: 2 * 2 * channels}[f]
		is.Params -= more
		is.TrainParams -= more
		if is != wasSize && f != nn.Maxout && f != nn.CReLU {
			t.Errorf("%s: costs %+v, relu %+v", f, is, wasSize)
		}
		if _, err := (architecture.Activation{From: f, To: nn.ReLU}).Rewrite(g); err != nil || g.Signature() != before {
			t.Errorf("%s: the way back gives another network (%v)", f, err)
		}
	}
}

func TestDisjointPlacesOneAfterTheOtherAreBothAtOnce(t *testing.T) {
	both, apart := mini(t), mini(t)
	for _, a := range []struct {
		g     *nn.Graph
		where nn.Glob
	}{{both, "conv*/act"}, {apart, "conv[12]/act"}, {apart, "conv[345]/act"}} {
		if _, err := (architecture.Activation{From: nn.ReLU, To: nn.CELU, Alpha: 0.5, Where: a.where}).Rewrite(a.g); err != nil {
			t.Fatal(err)
		}
	}
	if both.Signature() != apart.Signature() || string(both.YAML()) != string(apart.YAML()) {
		t.Errorf("got\n%s\nand\n%s", both.YAML(), apart.YAML())
	}
	if s := string(both.YAML()); strings.Count(s, "func: celu") != 5 || strings.Count(s, "alpha: 0.5") != 5 {
		t.Errorf("celu 0.5 is not everywhere:\n%s", s)
	}
}

func mini(t *testing.T) *nn.Graph {
	t.Helper()
	g, err := zoo.New("mini")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func cost(t *testing.T, g *nn.Graph) nn.Cost {
	t.Helper()
	c, err := g.Cost()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
