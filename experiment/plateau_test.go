package experiment

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

func TestPlateauDropsWhenPyTorchDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/golden/plateau.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name     string
			Patience float64
			Losses   []*float64
			Drops    []int
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	most := 0
	for _, c := range file.Cases {
		var losses []float64
		for i, loss := range c.Losses {
			if loss == nil {
				losses = append(losses, math.NaN())
			} else {
				losses = append(losses, *loss)
			}
			if got := Drops(losses, c.Patience); got != c.Drops[i] {
				t.Errorf("%s, patience %g: %d drops after epoch %d, want %d", c.Name, c.Patience, got, i+1, c.Drops[i])
			}
			most = max(most, c.Drops[i])
		}
	}
	if most < 5 {
		t.Errorf("%d drops at most: nothing is tested", most)
	}
}
