package augment

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/tensor"
)

func TestACropStaysInItsPictureAndReachesEveryPlace(t *testing.T) {
	r := tensor.NewStream(1, "crop").At(0, 0)
	for _, pad := range []int{0, 4} {
		seen := map[[2]int]int{}
		for range 4000 {
			win := Centre(10, 12, 8, 8)
			Crop{Pad: pad}.Apply(&win, 10, 12, r)
			if win.Y < -pad || win.X < -pad || win.Y+win.H > 10+pad || win.X+win.W > 12+pad {
				t.Fatalf("pad %d: window %+v leaves a picture of 10x12", pad, win)
			}
			seen[[2]int{win.Y, win.X}]++
		}
		if want := (3 + 2*pad) * (5 + 2*pad); len(seen) != want {
			t.Errorf("pad %d: %d places, want %d", pad, len(seen), want)
		}
	}
}

func TestAWindowLargerThanItsPictureIsCentred(t *testing.T) {
	win := Centre(5, 8, 8, 8)
	Crop{}.Apply(&win, 5, 8, tensor.NewStream(1, "crop").At(0, 0))
	if win != (Window{Y: -2, X: 0, H: 8, W: 8}) {
		t.Errorf("got %+v", win)
	}
}

func TestFlipMirrorsAsOftenAsItSays(t *testing.T) {
	r := tensor.NewStream(1, "flip").At(0, 0)
	for _, p := range []float64{0, 0.25, 0.5, 1} {
		const n = 10000
		flipped := 0
		for range n {
			win := Window{}
			if (Flip{P: p}).Apply(&win, 1, 1, r); win.Flip {
				flipped++
			}
		}
		if got := float64(flipped) / n; got < p-0.025 || got > p+0.025 { // five standard errors at one half
			t.Errorf("p %g: flipped %g", p, got)
		}
	}
}

func ExampleList() {
	win := Centre(36, 36, 32, 32) // what evaluation sees of a picture of 36x36
	fmt.Printf("%+v\n", win)
	var room tensor.Rand
	List{Crop{}, Flip{P: 1}}.Apply(&win, 36, 36, tensor.NewStream(1, "augment"), 0, 7, &room) // epoch 0, sample 7
	fmt.Println(win.Y >= 0 && win.Y <= 4, win.Flip)
	// Output:
	// {Y:2 X:2 H:32 W:32 Flip:false}
	// true true
}
