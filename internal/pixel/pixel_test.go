package pixel

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// blocks are coefficients and tables of every size that a file can hold: of pictures, sparse ones, and such that overflow.
func blocks(n int) (of, quant []Block) {
	r := rand.New(rand.NewPCG(1, 2))
	of, quant = make([]Block, n), make([]Block, n)
	for i := range of {
		b, q, most := &of[i], &quant[i], int32(1)<<(i%20)
		for k := range b {
			q[k] = 1 + r.Int32N(40)
			if i%7 == 0 {
				q[k] = r.Int32N(1 << 16)
			}
			if r.IntN(i%5+1) == 0 {
				b[k] = r.Int32N(2*most) - most
			}
		}
	}
	return of, quant
}

func TestEveryLevelTransformsToTheSameBytes(t *testing.T) {
	of, quant := blocks(5000)
	for i := range of {
		const stride = 11
		var want [8 * stride]byte
		for _, l := range Levels() {
			got := [8 * stride]byte{8: 99, 7*stride + 8: 77}
			l.Transform(got[:7*stride+8], stride, 0, &of[i], &quant[i])
			if got[8] != 99 || got[7*stride+8] != 77 {
				t.Fatalf("%s writes beside the block", l)
			}
			if l == Generic {
				want = got
			} else if got != want {
				t.Fatalf("block %d: %s gives\n%v, generic\n%v", i, l, got, want)
			}
		}
	}
}

func TestTransformsAreTheFormula(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var b, quant Block
		for i := range b {
			quant[i] = int32(1 + i%3)
			if r.IntN(3) == 0 {
				b[i] = int32(r.IntN(200)-100) / int32(1+i/9)
			}
		}
		b[0] = int32(r.IntN(1600) - 800)
		for shift := range 4 {
			n := 8 >> shift
			var got [64]byte
			Best().Transform(got[:], n, shift, &b, &quant)
			for y := range n {
				for x := range n {
					sum := 0.0
					for v := range n {
						for u := range n {
							f := float64(b[8*v+u]*quant[8*v+u]) / 8
							if u > 0 {
								f *= math.Sqrt2 * math.Cos(float64((2*x+1)*u)*math.Pi/float64(2*n))
							}
							if v > 0 {
								f *= math.Sqrt2 * math.Cos(float64((2*y+1)*v)*math.Pi/float64(2*n))
							}
							sum += f
						}
					}
					want := min(255, max(0, sum+128))
					if math.Abs(float64(got[n*y+x])-want) > 0.51+0.2*float64(n/8) {
						t.Fatalf("%dx%d: pixel %d, %d is %d, want %.3f", n, n, y, x, got[n*y+x], want)
					}
				}
			}
		}
	}
}

// codes are tables of a code of which value v has a length that is drawn, 1 to 12, and those that are left no code.
func codes(r *rand.Rand) *Codes {
	of := new(Codes)
	for at := 0; at < 1<<LookUp-4; {
		length := 2 + r.IntN(11)
		if length > LookUp {
			at += 1 + r.IntN(3) // longer codes begin so
			continue
		}
		rest := LookUp - length
		at = (at + 1<<rest - 1) >> rest << rest
		value := uint32(r.IntN(256))
		if at == 0 {
			value = 0 // the block's end
		}
		for k := 0; k < 1<<rest && at < 1<<LookUp; k++ {
			of.Short[at] = uint16(value<<8) | uint16(length)
			run, size := value>>4, value&15
			switch {
			case value == 0:
				of.Whole[at] = 64<<8 | uint32(length)
			case size > 0 && int(size) <= rest:
				of.Whole[at] = uint32(Extend(uint32(k)>>(rest-int(size)), uint(size)))<<16 | run<<8 | (uint32(length) + size)
			}
			at++
		}
	}
	return of
}

func TestEveryLevelReadsTheSameCoefficients(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	read, ended := 0, 0
	for range 300 {
		of, data := codes(r), append(noise(r, r.IntN(400)), make([]byte, 8)...)
		all := make([]Bits, len(Levels()))
		for i := range all {
			all[i].Data = data
		}
		for !all[0].Over() {
			zig := 1 + r.IntN(20)
			var want Block
			next := 0
			for i, l := range Levels() {
				var b Block
				got := l.Coefficients(&b, &all[i], of, zig)
				if i == 0 {
					want, next = b, got
					if read++; got == 64 {
						ended++
					}
				} else if b != want || got != next || all[i].Over() != all[0].Over() || 8*all[i].Pos-int(all[i].N) != 8*all[0].Pos-int(all[0].N) {
					t.Fatalf("%s from place %d: to %d, %+v, %v; generic to %d, %+v, %v", l, zig, got, all[i], b, next, all[0], want)
				}
			}
			if next < 64 { // a code that the caller reads
				for i := range all {
					all[i].Take(5)
				}
			}
		}
	}
	if read < 2000 || ended < 500 {
		t.Errorf("%d blocks read, %d to their end", read, ended)
	}
}

func TestEveryLevelHasTheColoursOfTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 100 {
		for step := range 3 {
			luma, cb, cr := noise(r, n), noise(r, (n+1<<step-1)>>step), noise(r, (n+1<<step-1)>>step)
			want := make([]byte, 3*n)
			for x := range n {
				want[3*x], want[3*x+1], want[3*x+2] = color.YCbCrToRGB(luma[x], cb[x>>step], cr[x>>step])
			}
			for _, l := range Levels() {
				got := make([]byte, 3*n)
				if l.RGB(got, luma, cb, cr, step); !bytes.Equal(got, want) {
					t.Fatalf("%s, %d pixels, step %d: got %v, want %v", l, n, step, got, want)
				}
			}
		}
	}
}

// noise is bytes with many at the ends.
func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(min(255, max(0, r.IntN(500)-120)))
	}
	return b
}

// taps are drawn: windows that move along, weights of both signs of any size.
func taps(r *rand.Rand, in, out, most int) *Taps {
	t := &Taps{Inputs: in}
	t.Outputs(out, most)
	for o := range out {
		t.Count[o] = min(in, 1+r.IntN(most))
		t.First[o] = min(in-t.Count[o], o*in/out)
		for i := range most {
			t.Weights[o*most+i] = int32(r.Uint32()) >> (r.IntN(20))
		}
	}
	return t
}

func TestEveryLevelResizesToTheSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 300 {
		in, out, other := 1+r.IntN(60), 1+r.IntN(40), 1+r.IntN(20)
		ts := taps(r, in, out, 1+i%17)
		for _, channels := range []int{1, 3} {
			src := noise(r, in*other*channels)
			var rows, columns []byte
			for _, l := range Levels() {
				gotRows, gotColumns := make([]byte, out*other*channels), make([]byte, out*other*channels)
				ts.Rows(l, gotRows, src[:len(src):len(src)], channels)
				ts.Columns(l, gotColumns, src[:len(src):len(src)], other*channels)
				if l == Generic {
					rows, columns = gotRows, gotColumns
				} else if !bytes.Equal(gotRows, rows) || !bytes.Equal(gotColumns, columns) {
					t.Fatalf("%s differs from generic: %d inputs, %d outputs, %d others, %d channels (rows agree: %t)", l, in, out, other, channels, bytes.Equal(gotRows, rows))
				}
			}
		}
	}
}

func TestEveryLevelMixesTheSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	made := 0
	for i := range 3000 {
		w, h, n, channels := 1+r.IntN(40), 1+r.IntN(40), r.IntN(60), 1+i%2*2
		step := func() int64 { return (r.Int64N(9) - 4) << Places * int64(r.IntN(1000)) / 2000 }
		p := Line{r.Int64N(int64(w)<<Places) - 1<<30, r.Int64N(int64(h)<<Places) - 1<<30, step(), step() * int64(r.IntN(2))}
		var lies []int
		for k := range n {
			x, y := int(p.X+int64(k)*p.DX)>>Places, int(p.Y+int64(k)*p.DY)>>Places
			if x >= 0 && x < w-1 && y >= 0 && y < h-1 {
				lies = append(lies, k)
			}
		}
		from, to := p.Among(w, h, n)
		if to-from != len(lies) || len(lies) > 0 && lies[0] != from {
			t.Fatalf("%+v: %d to %d of %d lie in %dx%d, want %v", p, from, to, n, w, h, lies)
		}
		if from == to {
			continue
		}
		p.X, p.Y = p.X+int64(from)*p.DX, p.Y+int64(from)*p.DY
		src := noise(r, w*h*channels)
		var want []byte
		for _, l := range Levels() {
			got := make([]byte, (to-from)*channels+1)
			got[len(got)-1] = 99
			l.Bilinear(got[:len(got)-1], src[:len(src):len(src)], w, h, channels, p)
			if l == Generic {
				want = got
				made++
			} else if !bytes.Equal(got, want) {
				t.Fatalf("%s differs from generic: %+v, %dx%dx%d, %d pixels\n%v\n%v", l, p, h, w, channels, to-from, got, want)
			}
		}
	}
	if made < 1000 {
		t.Errorf("%d lines made", made)
	}
}

func TestEveryLevelHasTheSameSums(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{0, 1, 15, 16, 17, 100, 5000, 300_000} { // pixels; the last have squares that 32 bits of one sum do not hold
		for _, channels := range []int{1, 3} {
			pix := noise(r, n*channels)
			if n == 300_000 {
				for i := range pix {
					pix[i] = byte(255 - i%channels)
				}
			}
			var sum, square [3]int64
			for i, v := range pix {
				sum[i%channels] += int64(v)
				square[i%channels] += int64(v) * int64(v)
			}
			for _, l := range Levels() {
				if gotSum, gotSquare := l.Sums(pix, channels); gotSum != sum || gotSquare != square {
					t.Fatalf("%s, %d pixels of %d: got %v, %v, want %v, %v", l, n, channels, gotSum, gotSquare, sum, square)
				}
			}
		}
	}
}

func TestNothingAllocatesASecondTime(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	ts, src, dst := taps(r, 40, 20, 9), noise(r, 40*40*3), make([]byte, 40*40*3)
	of, quant := blocks(1)
	for _, l := range Levels() {
		if n := testing.AllocsPerRun(10, func() {
			ts.Outputs(20, 9)
			ts.Rows(l, dst, src, 3)
			ts.Columns(l, dst, src, 120)
			l.RGB(dst[:300], src, src, src, 1)
			l.Transform(dst, 8, 0, &of[0], &quant[0])
			l.Sums(src, 3)
			l.Bilinear(dst[:90], src, 40, 40, 3, Line{0, 0, 1 << 31, 1 << 30})
		}); n != 0 {
			t.Errorf("%s: %v allocations", l, n)
		}
	}
}

func BenchmarkLevels(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	of, quant := blocks(64)
	ts, wide, dst := taps(r, 640, 336, 8), noise(r, 480*640*3), make([]byte, 480*640*3)
	for o := range ts.Count {
		ts.Count[o], ts.First[o] = 8, min(632, o*640/336)
	}
	for _, l := range Levels() {
		for _, c := range []struct {
			name string
			of   int // bytes
			do   func()
		}{
			{"Transform", 64 * 64, func() {
				for i := range of {
					l.Transform(dst, 8, 0, &of[i], &quant[i])
				}
			}},
			{"RGB", 3 * 640, func() { l.RGB(dst[:3*640], wide, wide[640:], wide[1280:], 1) }},
			{"Bilinear", 3 * 640, func() { l.Bilinear(dst[:3*640], wide, 640, 480, 3, Line{1 << 33, 1 << 33, 1 << 31, 1 << 30}) }},
			{"Sums", 480 * 640 * 3, func() { l.Sums(wide, 3) }},
			{"Rows", 480 * 640 * 3, func() { ts.Rows(l, dst, wide, 3) }},
			{"Columns", 480 * 640 * 3, func() { ts.Columns(l, dst, wide, 480*3) }},
		} {
			b.Run(fmt.Sprintf("%s/%s", c.name, l), func(b *testing.B) {
				b.SetBytes(int64(c.of))
				for b.Loop() {
					c.do()
				}
			})
		}
	}
}

func TestGeneratedAssemblyIsWhatTheGeneratorWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "-C", "_asm", ".", "-out", filepath.Join(dir, "kernels_amd64.s"), "-stubs", filepath.Join(dir, "kernels_amd64.go"), "-pkg", "pixel")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the generator does not build here (no avo?): %v\n%s", err, out)
	}
	for _, name := range []string{"kernels_amd64.s", "kernels_amd64.go"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, got, _ = bytes.Cut(got, []byte("\n")) // the first line names the command, with its paths
		_, want, _ = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what _asm writes; run go generate ./internal/pixel", name)
		}
	}
}
