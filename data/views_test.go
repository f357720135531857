package data

import (
	"testing"

	"github.com/assaylab/assay/data/augment"
)

func TestViewsAreTheCentreTheCornersAndTheirMirrorImages(t *testing.T) {
	const h, w, side = 18, 24, 16
	corners := []augment.Window{{Y: 1, X: 4}, {}, {X: 8}, {Y: 2}, {Y: 2, X: 8}} // as torchvision's five_crop, the centre first
	for views, want := range map[Views]int{"": 1, Centre: 1, Flip: 2, Five: 5, Ten: 10, Dense: 1} {
		if views.Count() != want {
			t.Errorf("%s: %d views", views, views.Count())
		}
		for k := range want {
			place, mirrored := k%5, k >= 5
			if views == Flip {
				place, mirrored = 0, k == 1
			}
			win := corners[place]
			win.H, win.W, win.Flip = side, side, mirrored
			if got := (Preprocess{Views: views}).window(k, h, w, side, side); got != win {
				t.Errorf("%s: view %d is %+v, want %+v", views, k, got, win)
			}
		}
	}
	p := Preprocess{H: 16, W: 16, Resize: [2]int{18, 18}}
	if h, w := p.Input(); h != 16 || w != 16 {
		t.Errorf("the centre is %dx%d", h, w)
	}
	p.Views = Dense
	if h, w := p.Input(); h != 18 || w != 18 {
		t.Errorf("the whole is %dx%d", h, w)
	}
}
