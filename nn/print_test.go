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
