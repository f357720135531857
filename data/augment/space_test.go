package augment

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

func TestSpacesAreWhatOpenCVMakes(t *testing.T) {
	text, err := os.ReadFile("testdata/spaces.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Space   Space
			H, W, C int
			Seed    uint32
			Pixels  string
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	var room Sight
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%s of %dx%dx%d", c.Space, c.H, c.W, c.C), func(t *testing.T) {
			want, err := hex.DecodeString(c.Pixels)
			if err != nil {
				t.Fatal(err)
			}
			m := drawn(c.H, c.W, c.C, c.Seed)
			before := slices.Clone(m.Pix)
			got, win := c.Space.See(m, Window{H: c.H, W: c.W}, &room)
			if !slices.Equal(m.Pix, before) || win != (Window{H: c.H, W: c.W}) || len(got.Pix) != len(want) {
				t.Fatalf("the picture is written to, or seen through %+v", win)
			}
			most, off := 0, 0
			for i, w := range want {
				d := max(int(w), int(got.Pix[i])) - min(int(w), int(got.Pix[i]))
				most = max(most, d)
				if d > 0 {
					off++
				}
			}
			if most > 1 {
				t.Errorf("%d levels off", most)
			}
			t.Logf("%d of %d values are a level off", off, len(want))
		})
	}
}

// A window that reaches beyond its picture is seen where the picture is, and a second look takes no room.
func TestAWindowIsSeenInASpaceWithoutAllocating(t *testing.T) {
	m := drawn(20, 24, 3, 1)
	for _, s := range Spaces() {
		var room Sight
		look := func() { s.See(m, Window{Y: -2, X: 10, H: 16, W: 16}, &room) }
		look()
		if n := testing.AllocsPerRun(5, look); n != 0 {
			t.Errorf("%s: %g allocations", s, n)
		}
		got, win := s.See(m, Window{Y: -2, X: 10, H: 16, W: 16}, &room)
		if s != SpaceRGB && s != SpaceGrey && (got.H != 14 || got.W != 14 || win != Window{Y: -2, X: 0, H: 16, W: 16}) {
			t.Errorf("%s: %dx%d through %+v", s, got.H, got.W, win)
		}
	}
}
