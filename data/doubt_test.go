package data

import (
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func copyFile(t *testing.T, dir, from, to string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, from))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, to), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func writePNG(t *testing.T, path string, m image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsDoubtfulIsSaidOfTheCacheToo(t *testing.T) {
	parted := names(8, "train/cat", "train/dog", "val/cat", "val/dog")
	for _, c := range []struct {
		name  string
		files []string
		mend  func(dir string)
		want  []string
	}{
		{"nothing", names(8, "cat", "dog"), nil, nil},
		{"copies and near copies in two parts", parted, func(dir string) {
			copyFile(t, dir, "train/cat/02.png", "val/cat/copy.png")
			writePicture(t, filepath.Join(dir, "val/dog/small.png"), 9, 40, 40) // train/dog/01 again
		}, []string{"leak: a leak: 2 images of validation or test are nearly the same as one in a different part, so their figures say what was learned by heart, such as val/"}},
		{"exact copies in a class", names(8, "cat", "dog"), func(dir string) {
			copyFile(t, dir, "cat/02.png", "cat/copy.png")
		}, []string{"copies: 1 image is an exact copy of another one of the class; in validation and test each picture counts once, such as cat/02.png and cat/copy.png"}},
		{"one picture at two sizes under two labels", names(8, "cat", "dog"), func(dir string) {
			writePicture(t, filepath.Join(dir, "dog/small.png"), 3, 40, 40) // cat/03 again
		}, []string{"labels: 2 images are nearly the same as one with a different label, such as "}},
		{"a class that is one picture", names(8, "cat", "dog"), func(dir string) {
			for i, side := range []int{40, 44, 48, 52} {
				writePicture(t, filepath.Join(dir, "emu", string(rune('a'+i))+".png"), 99, side, side)
			}
		}, []string{"kin: all 4 images of emu are nearly the same picture, so none can be set apart for validation or test; add other pictures",
			"balance: the classes are not balanced: cat has 40.0 % of the images, the rarest class 20.0 %; the figure to beat is an accuracy of 40.0 %, which always guessing cat gets"}},
		{"classes out of balance", append(names(19, "cat"), names(5, "dog")...), nil,
			[]string{"balance: the classes are not balanced: cat has 79.2 % of the images, the rarest class 20.8 %; the figure to beat is an accuracy of 79.2 %, which always guessing cat gets"}},
		{"classes that sound like parts", names(8, "dev", "eval"), nil,
			[]string{"names: dev, eval sound like parts of the data, and are read as classes; name the folders of parts train, val and test"}},
		{"16 bits of which few are used", names(8, "cat", "dog"), func(dir string) {
			for i := range 3 {
				m := image.NewGray16(image.Rect(0, 0, 64, 64))
				for p := range 64 * 64 {
					m.SetGray16(p%64, p/64, color.Gray16{Y: uint16(29440 + (p*7+i*31)%131)})
				}
				writePNG(t, filepath.Join(dir, "cat", string(rune('a'+i))+".png"), m)
			}
		}, []string{"depth: 3 pictures of more than 8 bits keep few of their levels when they become 8 bits, at worst 1 of 131, such as ",
			"contrast: 3 pictures of 19 are of one brightness all over, such as cat/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, cache := pictureFolder(t, 64, 64, c.files...), t.TempDir()
			if c.mend != nil {
				c.mend(dir)
			}
			for range 2 { // the second time from the cache
				s := open(t, Folder(dir), Options{Cache: cache})
				var got []string
				for _, d := range s.Doubts() {
					got = append(got, d.Kind+": "+d.String())
				}
				if !slices.EqualFunc(got, c.want, func(got, want string) bool { return strings.HasPrefix(got, want) }) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
			}
		})
	}
}

func TestAPictureUnderTwoLabelsIsLeftOutAndNamesTheOther(t *testing.T) {
	dir := pictureFolder(t, 32, 32, names(8, "cat", "dog")...)
	copyFile(t, dir, "cat/02.png", "dog/copy.png")
	copyFile(t, dir, "cat/02.png", "cat/copy.png")
	s := open(t, Folder(dir), Options{})
	var got []string
	for _, f := range s.Faults {
		got = append(got, strings.TrimPrefix(f.String(), dir+"/"))
	}
	want := []string{
		"cat/02.png: the same picture under two labels: cat here, dog as dog/copy.png; delete the wrong one or list it under data.skip",
		"cat/copy.png: the same picture under two labels: cat here, dog as dog/copy.png; delete the wrong one or list it under data.skip",
		"dog/copy.png: the same picture under two labels: dog here, cat as cat/02.png; delete the wrong one or list it under data.skip",
	}
	if !slices.Equal(got, want) || len(s.Items) != 15 {
		t.Errorf("%d items, faults\n%s", len(s.Items), strings.Join(got, "\n"))
	}
	spec := Folder(dir)
	spec.Skip = []string{"dog/copy.png"}
	if s := open(t, spec, Options{}); len(s.Faults) != 0 || len(s.Items) != 17 {
		t.Errorf("with the wrong one skipped: %d items, faults %v", len(s.Items), s.Faults)
	}
}

func TestTheGroupsOfASetDoNotDependOnTheWindowAndAThirdPictureChangesNoPair(t *testing.T) {
	dir := pictureFolder(t, 90, 120, names(20, "cat", "dog")...)
	for i := range 8 {
		writePicture(t, filepath.Join(dir, "dog", "again"+string(rune('0'+i))+".png"), uint64(3*i), 60+i, 80)
	}
	groups := func(s *Set) map[string]string {
		of := map[string]string{}
		for _, it := range s.Items {
			of[it.Name] = s.Items[it.Group].Name
		}
		return of
	}
	a := open(t, Folder(dir), Options{Size: 16})
	for _, size := range []int{0, 64, 200} {
		b := open(t, Folder(dir), Options{Size: size})
		if got, want := groups(b), groups(a); !maps.Equal(got, want) || a.Digest != b.Digest || a.C != b.C {
			t.Errorf("window %d: groups %v, want %v", size, got, want)
		}
	}
	pairs := func(s *Set) map[[2]string]bool {
		in := map[[2]string]bool{}
		for _, x := range s.Items {
			for _, y := range s.Items {
				if x.Group == y.Group && !strings.Contains(x.Name+y.Name, "new") {
					in[[2]string{x.Name, y.Name}] = true
				}
			}
		}
		return in
	}
	writePicture(t, filepath.Join(dir, "cat", "new.png"), 4, 50, 50) // cat/04 again
	if got, want := pairs(open(t, Folder(dir), Options{})), pairs(a); !maps.Equal(got, want) {
		t.Errorf("a picture more changes other groups: %v, want %v", got, want)
	}
}
