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
		var win Sample
		for range 4000 {
			win.Reset(10, 12, 8, 8)
			Crop{Pad: pad}.Apply(&win, r)
			if win.Y < -pad || win.X < -pad || win.Y+win.H > 10+pad || win.X+win.W > 12+pad {
				t.Fatalf("pad %d: window %+v leaves a picture of 10x12", pad, win.Window)
			}
			seen[[2]int{win.Y, win.X}]++
		}
		if want := (3 + 2*pad) * (5 + 2*pad); len(seen) != want {
			t.Errorf("pad %d: %d places, want %d", pad, len(seen), want)
		}
	}
}

func TestAWindowLargerThanItsPictureIsCentred(t *testing.T) {
	var s Sample
	s.Reset(5, 8, 8, 8)
	Crop{}.Apply(&s, tensor.NewStream(1, "crop").At(0, 0))
	if s.Window != (Window{Y: -2, X: 0, H: 8, W: 8}) {
		t.Errorf("got %+v", s.Window)
	}
}

func TestAChanceIsTakenAsOftenAsItSays(t *testing.T) {
	r := tensor.NewStream(1, "flip").At(0, 0)
	for _, p := range []float64{0, 0.25, 0.5, 1} {
		const n = 10000
		flipped := 0
		for range n {
			var s Sample
			if (Chance{p, Flip{}}).Apply(&s, r); s.Flip {
				flipped++
			}
		}
		if got := float64(flipped) / n; got < p-0.025 || got > p+0.025 { // five standard errors at one half
			t.Errorf("p %g: flipped %g", p, got)
		}
	}
}

func ExampleList() {
	var s Sample
	s.Reset(36, 36, 32, 32)
	fmt.Printf("%+v\n", s.Window)                                        // what evaluation sees of a picture of 36x36
	List{Crop{}, Flip{}}.Apply(&s, tensor.NewStream(1, "augment"), 0, 7) // epoch 0, sample 7
	fmt.Println(s.Y >= 0 && s.Y <= 4, s.Flip)
	// Output:
	// {Y:2 X:2 H:32 W:32 Flip:false}
	// true true
}
