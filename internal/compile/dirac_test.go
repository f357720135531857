package compile

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/assaylab/assay/tensor"
)

// The cases of make_dirac.py: weights that were 7 before.
func TestDiracIsThatOfPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/dirac.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Out, In, KH, KW, Groups int
		HWIO                    []float32
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) != 8 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		got := make([]float32, len(c.HWIO))
		fill(got, 7)
		dirac(got, tensor.Of(c.KH, c.KW, c.In/c.Groups, c.Out), c.Groups)
		if !slices.Equal(got, c.HWIO) {
			t.Errorf("%d outputs of %d inputs, %dx%d in %d groups:\ngot  %v\nwant %v", c.Out, c.In, c.KH, c.KW, c.Groups, got, c.HWIO)
		}
	}
}
