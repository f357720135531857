package nn

import (
	"strings"
	"testing"
)

func TestDotNamesLayersAndEdges(t *testing.T) {
	dot, err := plain(t).Dot()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"conv1" [label="conv1\nconv 3x3 pad 1 + bias\n8x8x4"];`, `"conv1" -> "conv1/act";`, `"linear2" -> "output main";`} {
		if !strings.Contains(dot, want) {
			t.Errorf("lacks %s:\n%s", want, dot)
		}
	}
}

func TestWhatACountWasAndIs(t *testing.T) {
	for _, c := range []struct {
		was, is int64
		want    string
	}{
		{1724, 550, "parameters 1,724 -> 550 (-68.1 %)"}, {550, 550, "parameters 550, the same"}, {100, 2_500, "parameters 100 -> 2,500 (25 times)"},
		{100, 250_040, "parameters 100 -> 250,040 (2,500 times)"}, {0, 7, "parameters 0 -> 7"},
	} {
		if got := Became("parameters", c.was, c.is); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
