package format

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/golden"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every file of testdata shows the same 24x16 picture: red, green above blue, white.
func TestEveryFormatShowsTheSamePictureUpright(t *testing.T) {
	colour := [4][3]int{{220, 30, 30}, {30, 180, 30}, {30, 30, 220}, {250, 250, 250}}
	grey := [4][3]int{{87, 87, 87}, {118, 118, 118}, {51, 51, 51}, {250, 250, 250}}
	white := [4][3]int{{255, 255, 255}, {255, 255, 255}, {255, 255, 255}, {255, 255, 255}}
	lower := [4][3]int{{255, 255, 255}, {255, 255, 255}, {30, 30, 220}, {250, 250, 250}}
	halves := [4][3]int{{0, 0, 0}, {255, 255, 255}, {0, 0, 0}, {255, 255, 255}}
	for _, c := range []struct {
		files     string
		want      [4][3]int
		channels  int
		tolerance int
	}{
		{"plain.png plain.bmp plain.gif plain.webp plain.tiff palette.png animated.gif animated.webp exif6.png exif6.webp exif6.tiff exif-text.png exif-xmp.png", colour, 3, 0},
		{"bytes.ppm text.ppm deep.ppm v4.bmp v4masks.bmp rle8.bmp rle4.bmp down.bmp core.bmp", colour, 3, 0},
		{"exif1.jpg exif2.jpg exif3.jpg exif4.jpg exif5.jpg exif6.jpg exif7.jpg exif8.jpg exif-long.jpg exif-fill.jpg exif-xmp.jpg", colour, 3, 12},
		{"progressive.jpg subsampled.jpg lossy.webp animated-lossy.webp cmyk.jpg cmyk-bare.jpg 565.bmp 555.bmp", colour, 3, 12},
		{"grey.jpg grey.png grey16.png bytes.pgm text.pgm", grey, 1, 3},
		{"transparent.png", white, 1, 0},
		{"alpha.bmp", lower, 3, 0},
		{"bytes.pbm fax.tiff fax-negative.tiff", halves, 1, 0},
	} {
		for _, name := range strings.Fields(c.files) {
			m, err := Read(sample(t, name), 0, 0)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if m.H != 16 || m.W != 24 || m.C != c.channels || m.OwnH != 16 || m.OwnW != 24 {
				t.Errorf("%s: %dx%dx%d of %dx%d, want 16x24x%d", name, m.H, m.W, m.C, m.OwnH, m.OwnW, c.channels)
				continue
			}
			for q, want := range c.want {
				y, x := 4+q/2*8, 6+q%2*12 // the middle of a quarter
				for k := range m.C {
					if got := int(m.Pix[(y*m.W+x)*m.C+k]); got < want[k]-c.tolerance || got > want[k]+c.tolerance {
						t.Errorf("%s: quarter %d channel %d is %d, want %d", name, q, k, got, want[k])
					}
				}
			}
		}
	}
}

func TestTheFirstFrameLiesOnItsCanvas(t *testing.T) {
	for name, corner := range map[string][2]int{"corner.gif": {16, 24}, "corner.webp": {16, 24}} {
		m, err := Read(sample(t, name), 0, 0)
		if err != nil || m.H != 32 || m.W != 48 {
			t.Errorf("%s: %dx%d, %v, want 32x48", name, m.H, m.W, err)
			continue
		}
		at := func(y, x int) [3]byte { return [3]byte(m.Pix[(y*m.W+x)*3:]) }
		if got, want := at(corner[0]+4, corner[1]+6), [3]byte{220, 30, 30}; got != want {
			t.Errorf("%s: the frame begins with %v, want %v", name, got, want)
		}
		if got, want := at((corner[0]+24)%32, (corner[1]+36)%48), [3]byte{255, 255, 255}; got != want {
			t.Errorf("%s: beside the frame stands %v, want %v", name, got, want)
		}
	}
}

func TestLevelsThat16BitsLoseAreCounted(t *testing.T) {
	for _, c := range []struct {
		name               string
		bits, levels, kept int
	}{
		{"thermal.png", 16, 131, 1}, // 29440 to 29570: one higher byte
		{"grey16.png", 16, 4, 4}, {"deep.ppm", 16, 4, 4}, {"text.pgm", 16, 4, 4}, {"plain.png", 8, 0, 0}, {"exif1.jpg", 8, 0, 0},
	} {
		m, err := Read(sample(t, c.name), 10, 10)
		if err != nil || m.Bits != c.bits || m.Levels != c.levels || m.Kept != c.kept {
			t.Errorf("%s: %d bits, %d levels, %d kept, %v, want %d, %d, %d", c.name, m.Bits, m.Levels, m.Kept, err, c.bits, c.levels, c.kept)
		}
	}
}

func TestAGlanceDependsOnTheFileAlone(t *testing.T) {
	for _, name := range []string{"large.jpg", "large-progressive.jpg", "large.png", "exif5.jpg", "grey16.png"} {
		first, err := Read(sample(t, name), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []int{5, 16, 33, 100} {
			if m, err := Read(sample(t, name), side, side); err != nil || m.Glance != first.Glance {
				t.Errorf("%s: another glance at %d (%v)", name, side, err)
			}
		}
		if name != "grey16.png" && first.Glance.Contrast() < 100 {
			t.Errorf("%s: a contrast of %d", name, first.Glance.Contrast())
		}
	}
	a, _ := Read(sample(t, "exif1.jpg"), 0, 0)
	for n := 2; n <= 8; n++ {
		b, err := Read(sample(t, fmt.Sprintf("exif%d.jpg", n)), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Glance {
			if d := int(a.Glance[i]) - int(b.Glance[i]); d < -4 || d > 4 {
				t.Errorf("orientation %d: place %d has %d, upright %d", n, i, b.Glance[i], a.Glance[i])
				break
			}
		}
	}
}

func TestAReducedJPEGIsSeenAsTheWholeOneIs(t *testing.T) {
	png, err := Read(sample(t, "large.png"), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"large.jpg", "large-progressive.jpg", "restart.jpg", "restart-progressive.jpg"} {
		whole, err := Read(sample(t, name), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []int{8, 13, 16, 30, 32, 63, 64, 100, 200} {
			m, err := Read(sample(t, name), side, side)
			if err != nil {
				t.Fatal(err)
			}
			for what, other := range map[string]augment.Image{"decoded whole": whole.Image, "as PNG": png.Image} {
				part, h, w := augment.Cover(other.H, other.W, side, side)
				want := augment.Resize(other, part, h, w)
				if m.H != want.H || m.W != want.W {
					t.Fatalf("%s at %d: %dx%d, want %dx%d", name, side, m.H, m.W, want.H, want.W)
				}
				sum := 0
				for i, v := range m.Pix {
					sum += max(int(v)-int(want.Pix[i]), int(want.Pix[i])-int(v))
				}
				limit := 1.5 // edges between flat colours; photographs have 0.3
				if what == "as PNG" {
					limit = 4
				}
				if mean := float64(sum) / float64(len(m.Pix)); mean > limit {
					t.Errorf("%s at %d: %.2f grey levels from the picture %s", name, side, mean, what)
				}
			}
		}
	}
}

func TestAPictureCoversTheAskedSizeAndKeepsItsAspect(t *testing.T) {
	for _, c := range []struct{ h, w, askH, askW, wantH, wantW int }{
		{240, 320, 144, 144, 144, 192},
		{320, 240, 144, 144, 192, 144},
		{20, 30, 36, 36, 36, 54}, // enlarged
		{480, 640, 540, 720, 540, 720},
		{10, 1000, 144, 144, 144, 576}, // a strip is cut to four times its height
		{7, 7, 7, 7, 7, 7},
		{7, 9, 0, 0, 7, 9},
	} {
		m := SeeAs(augment.Image{H: c.h, W: c.w, C: 1, Pix: make([]byte, c.h*c.w)}, augment.Size{H: c.askH, W: c.askW})
		if m.H != c.wantH || m.W != c.wantW || len(m.Pix) != m.H*m.W*m.C || m.OwnH != c.h || m.OwnW != c.w {
			t.Errorf("%dx%d to cover %dx%d: %dx%d, want %dx%d", c.h, c.w, c.askH, c.askW, m.H, m.W, c.wantH, c.wantW)
		}
	}
}

// The sums of what Read makes of each sample at four sizes stand in testdata/golden under the version that made them.
func TestWhatReadMakesChangesWithItsVersionAlone(t *testing.T) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version %d\n", Version)
	for _, name := range names {
		name = filepath.Base(name)
		if name == "make.py" {
			continue
		}
		file := sample(t, name)
		fmt.Fprint(&b, name)
		for _, size := range [][2]int{{0, 0}, {7, 7}, {16, 16}, {20, 40}} {
			m, err := Read(file, size[0], size[1])
			if err != nil {
				fmt.Fprintf(&b, " %v", err)
				break
			}
			h := sha256.New()
			h.Write(m.Glance[:])
			h.Write(m.Pix)
			fmt.Fprintf(&b, " %dx%dx%d %x", m.H, m.W, m.C, h.Sum(nil)[:6])
		}
		b.WriteString("\n")
	}
	path := "testdata/golden/read.txt"
	old, err := os.ReadFile(path)
	if first, _, _ := strings.Cut(b.String(), "\n"); err == nil && string(old) != b.String() && strings.HasPrefix(string(old), first+"\n") {
		for _, line := range strings.Split(string(old), "\n") { // a new sample needs no new version
			if name, _, _ := strings.Cut(line, " "); !strings.Contains(b.String(), line+"\n") && strings.Contains(b.String(), "\n"+name+" ") {
				t.Fatalf("%s is seen otherwise: raise Version, then run with -update", name)
			}
		}
	}
	golden.Text(t, path, b.String())
}

func TestBadPicturesAreNamedInWords(t *testing.T) {
	huge := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), 0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 2, 0, 0, 0)
	huge = binary.BigEndian.AppendUint32(huge, crc32.ChecksumIEEE(huge[12:]))
	jpeg := sample(t, "grey.jpg")
	sof := bytes.Index(jpeg, []byte{0xff, 0xc0})
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(jpeg)
		b[sof+at] = to
		return b
	}
	ftyp := func(brands string) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(8+len(brands))), "ftyp"+brands+"........mdat"...)
	}
	tiff := func(tags ...uint16) []byte { // pairs of a tag and its SHORT
		b := []byte("II*\x00\x08\x00\x00\x00")
		b = binary.LittleEndian.AppendUint16(b, uint16(len(tags)/2))
		for i := 0; i < len(tags); i += 2 {
			for _, v := range []uint16{tags[i], 3, 1, 0, tags[i+1], 0} {
				b = binary.LittleEndian.AppendUint16(b, v)
			}
		}
		return append(b, 0, 0, 0, 0)
	}
	const remove, convert = "delete it or list it under data.skip", "convert it to PNG or list it under data.skip"
	const heic = `convert them by "magick mogrify -format jpg *.heic", on a Mac by "sips -s format jpeg *.heic --out .", then list *.heic under data.skip`
	const avif = `convert them by "magick mogrify -format png *.avif", then list *.avif under data.skip`
	for _, c := range []struct {
		file       []byte
		what, mend string
	}{
		{nil, "an empty file", remove},
		{[]byte("<html><body>404"), `not an image, it begins with "<html>"`, remove},
		{[]byte("<!DOCTYPE html>\n<svg>"), `not an image, it begins with "<!DOCTYPE html>"`, remove},
		{[]byte("hello\nworld"), `not an image, it begins with "hello"`, remove},
		{[]byte("\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00=\x00+\x00"), "a TGA file, which is not read", convert},
		{[]byte("\x00\x00\x02\x00\x01\x00"), "a cursor file, which is not read", convert},
		{[]byte("\x01\x02\x03\x04"), `no image of a kind that is known, it begins with "\x01\x02\x03\x04"`, "convert it to PNG if it shows something, or list it under data.skip"},
		{[]byte("P5X"), `not an image, it begins with "P5X"`, remove},
		{sample(t, "truncated.jpg"), "a broken JPEG: it ends too early", remove},
		{[]byte("P6\n24 16\n255\nshort"), "a broken PPM: it ends too early", remove},
		{sample(t, "rle8.bmp")[:80], "a broken BMP: it ends too early", remove},
		{huge, "a PNG that declares 60000x60000 pixels, more than 100 million", "make it smaller or list it under data.skip"},
		{changed(4, 12), "a JPEG of a kind that is not read (12 bits a sample)", convert},
		{changed(1, 0xc9), "a JPEG of a kind that is not read (arithmetic coding)", convert},
		{changed(1, 0xf7), "a JPEG of a kind that is not read (JPEG-LS)", convert},
		{ftyp("heic\x00\x00\x00\x00mif1heic"), "a HEIC file, which is not read", heic},
		{ftyp("msf1\x00\x00\x00\x00hevc"), "a HEIC file, which is not read", heic},
		{ftyp("mif1\x00\x00\x00\x00mif1miaf"), "a HEIC file, which is not read", heic},
		{ftyp("mif1\x00\x00\x00\x00mif1avifmiaf"), "an AVIF file, which is not read", avif},
		{ftyp("avis\x00\x00\x00\x00msf1"), "an AVIF file, which is not read", avif},
		{ftyp("crx \x00\x00\x00\x01isom"), "a raw camera (Canon) file, which is not read", convert},
		{ftyp("isom\x00\x00\x02\x00mp41"), "a film file, which is not read", convert},
		{[]byte("\xff\x0a\xfa\x1f"), "a JPEG XL file, which is not read", convert},
		{[]byte("\x00\x00\x00\x0cJXL \r\n\x87\n...."), "a JPEG XL file, which is not read", convert},
		{[]byte("\x00\x00\x00\x0cjP  \r\n\x87\n...."), "a JPEG 2000 file, which is not read", convert},
		{[]byte("\xff\x4f\xff\x51\x00\x2f"), "a JPEG 2000 file, which is not read", convert},
		{[]byte("II\x2b\x00\x08\x00\x00\x00"), "a BigTIFF file, which is not read", convert},
		{[]byte("8BPS\x00\x01"), "a PSD file, which is not read", convert},
		{[]byte("\ufeff<?xml version=\"1.0\"?>\n<!-- a drawing -->\n<svg xmlns="), "an SVG file, which is not read", convert},
		{[]byte("%!PS-Adobe-3.0 EPSF-3.0"), "an EPS file, which is not read", convert},
		{[]byte("%PDF-1.7"), "a PDF file, which is not read", convert},
		{[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:"), "a pointer of Git LFS and not the picture", "fetch it with git lfs pull or list it under data.skip"},
		{[]byte("FUJIFILMCCD-RAW 0201"), "a raw camera (Fujifilm) file, which is not read", convert},
		{tiff(254, 1, 330, 99), "a raw camera (TIFF) file, which is not read", convert},
		{tiff(256, 4, 257, 4, 277, 3, 284, 2), "a TIFF of a kind that is not read (planes one after another)", convert},
		{tiff(259, 7), "a TIFF of a kind that is not read (JPEG inside)", convert},
		{tiff(262, 5), "a TIFF of a kind that is not read (CMYK)", convert},
		{tiff(339, 3), "a TIFF of a kind that is not read (floating point)", convert},
	} {
		_, err := Read(c.file, 0, 0)
		if f, ok := errors.AsType[*Fault](err); !ok || f.What != c.what || f.Mend != c.mend || err.Error() != c.what {
			t.Errorf("%.20q:\n got %q; %q\nwant %q; %q", c.file, err, MendOf(err), c.what, c.mend)
		}
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 50 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil && len(b) < 5000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		small(b)
		p, err := Read(b, 20, 30)
		if err == nil && (len(p.Pix) != p.H*p.W*p.C || p.H < 20 || p.W < 30 || p.OwnH*p.OwnW == 0) {
			t.Errorf("%dx%dx%d with %d bytes of %dx%d", p.H, p.W, p.C, len(p.Pix), p.OwnH, p.OwnW)
		}
		if _, ok := errors.AsType[*Fault](err); err != nil && (!ok || strings.ContainsAny(err.Error(), "\r\n") || MendOf(err) == "") {
			t.Errorf("%q is no fault in one line with a mend", err)
		}
	})
}

// small takes the higher bytes off the extents of a picture: those of 65535 pixels a side are legal and slow.
func small(b []byte) {
	switch {
	case len(b) > 26 && string(b[:4]) == "\x89PNG":
		b[16], b[17], b[20], b[21] = 0, 0, 0, 0
	case len(b) > 26 && string(b[:2]) == "BM":
		b[20], b[21] = 0, 0
		if b[24], b[25] = 0, 0; b[14] == 12 {
			b[19], b[21] = 0, 0
		}
	case len(b) > 10 && string(b[:3]) == "GIF":
		b[7], b[9] = 0, 0
	}
}

// The containers and headers that are read here, each by itself: no panic, and no more memory than the input has bytes.
func FuzzBMP(f *testing.F) {
	for _, name := range []string{"plain.bmp", "v4masks.bmp", "565.bmp", "rle8.bmp", "rle4.bmp", "core.bmp", "down.bmp"} {
		f.Add(sample(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append([]byte("BM"), b[min(2, len(b)):]...)
		small(b)
		if c, err := bmpConfig(b); err == nil && c.Width > 0 && c.Height > 0 && c.Width*c.Height <= 1<<20 {
			if m, err := decodeBMP(b); err == nil && (m.Bounds().Dx() != c.Width || m.Bounds().Dy() != c.Height) {
				t.Errorf("%v of %dx%d", m.Bounds(), c.Width, c.Height)
			}
		}
	})
}

func FuzzPNM(f *testing.F) {
	for _, name := range []string{"bytes.ppm", "text.ppm", "deep.ppm", "bytes.pgm", "text.pgm", "bytes.pbm"} {
		f.Add(sample(f, name))
	}
	f.Add([]byte("P1 3 2 101#a\n010"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 2 || b[1] < '1' || b[1] > '6' {
			return
		}
		if c, err := pnmConfig(b); err == nil && c.Width > 0 && c.Height > 0 && c.Width*c.Height <= 1<<20 {
			if m, err := decodePNM(b); err == nil && (m.Bounds().Dx() != c.Width || m.Bounds().Dy() != c.Height) {
				t.Errorf("%v of %dx%d", m.Bounds(), c.Width, c.Height)
			}
		}
	})
}

func FuzzWebPContainer(f *testing.F) {
	for _, name := range []string{"animated.webp", "animated-lossy.webp", "corner.webp", "exif6.webp"} {
		f.Add(sample(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if fr, err := firstFrame(b); err == nil && fr != nil && len(fr.file) > len(b)+64 {
			t.Errorf("a frame of %d bytes in a file of %d", len(fr.file), len(b))
		}
	})
}

func FuzzOrientation(f *testing.F) {
	for _, name := range []string{"exif6.jpg", "exif6.png", "exif6.webp", "exif6.tiff", "exif-long.jpg", "exif-fill.jpg", "exif-xmp.jpg", "exif-text.png", "exif-xmp.png"} {
		b := sample(f, name)
		if Orientation(b) != 6 {
			f.Errorf("%s: orientation %d, want 6", name, Orientation(b))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := Orientation(b); n < 1 || n > 8 {
			t.Errorf("orientation %d", n)
		}
	})
}
