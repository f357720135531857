package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/task"
)

// Shares are of the picture's own height and width, which nobody decodes it again for; two pictures of one name do not overwrite each other.
func TestLabelsOfBoxesAreSharesOfThePicture(t *testing.T) {
	d := detection{yolo: t.TempDir(), written: map[string]bool{}}
	guesses := []task.Guess{{Class: 1, Probability: 0.5, Box: box.Box{X0: 10, Y0: 6, X1: 30, Y1: 18}}}
	for i, want := range []string{"1 0.500000 0.400000 0.500000 0.400000 0.5000\n", "1 0.250000 0.200000 0.250000 0.200000 0.5000\n"} {
		if err := d.keep(filepath.Join("holiday", "a.png"), []byte("no picture"), 30<<i, 40<<i, guesses); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(d.yolo, []string{"a.txt", "a-2.txt"}[i])); string(got) != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	d.draw = d.yolo
	if err := d.keep("b.png", []byte("no picture"), 30, 40, guesses); err == nil {
		t.Error("what is no picture is drawn on")
	}
	if _, err := os.Stat(filepath.Join(d.draw, "b.png")); err == nil {
		t.Error("half a picture is left behind")
	}
}
