//go:build !purego

package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"
)

// TestOffsetsAreThoseOfTheGenerator: _asm is another module and names the fields of argument structs by number.
func TestOffsetsAreThoseOfTheGenerator(t *testing.T) {
	var c ConvArgs
	var tr Transform
	var g WgradArgs
	var s sweep
	var w windows
	var k Cell
	var d draws
	var f depthwiseFrame
	var m permuteFrame
	for name, o := range map[string][2]uintptr{
		"convX": {unsafe.Offsetof(c.X), 0}, "convW": {unsafe.Offsetof(c.W), 24}, "convBias": {unsafe.Offsetof(c.Bias), 48}, "convY": {unsafe.Offsetof(c.Y), 72},
		"convXOff": {unsafe.Offsetof(c.XOff), 96}, "convYOff": {unsafe.Offsetof(c.YOff), 120}, "convTaps": {unsafe.Offsetof(c.Taps), 144},
		"convRun": {unsafe.Offsetof(c.Run), 168}, "convCols": {unsafe.Offsetof(c.Cols), 176}, "convAdd": {unsafe.Offsetof(c.Add), 184}, "convReLU": {unsafe.Offsetof(c.ReLU), 185}, "convFar": {unsafe.Offsetof(c.Far), 186},
		"trX": {unsafe.Offsetof(tr.X), 0}, "trY": {unsafe.Offsetof(tr.Y), 24}, "trXOff": {unsafe.Offsetof(tr.XOff), 48}, "trYOff": {unsafe.Offsetof(tr.YOff), 72},
		"trXRow": {unsafe.Offsetof(tr.XRow), 96}, "trXCol": {unsafe.Offsetof(tr.XCol), 104}, "trYRow": {unsafe.Offsetof(tr.YRow), 112}, "trYCol": {unsafe.Offsetof(tr.YCol), 120},
		"trC": {unsafe.Offsetof(tr.C), 128}, "trBias": {unsafe.Offsetof(tr.Bias), 136}, "trAdd": {unsafe.Offsetof(tr.Add), 160}, "trReLU": {unsafe.Offsetof(tr.ReLU), 161}, "trEdge": {unsafe.Offsetof(tr.Edge), 168},
		"wgradX": {unsafe.Offsetof(g.X), 0}, "wgradDY": {unsafe.Offsetof(g.DY), 24}, "wgradDW": {unsafe.Offsetof(g.DW), 48}, "wgradXOff": {unsafe.Offsetof(g.XOff), 72},
		"wgradYOff": {unsafe.Offsetof(g.YOff), 96}, "wgradRows": {unsafe.Offsetof(g.Rows), 120}, "wgradLD": {unsafe.Offsetof(g.LD), 144}, "wgradCols": {unsafe.Offsetof(g.Cols), 152},
		"sweepRows": {unsafe.Offsetof(s.rows), 0}, "sweepPixels": {unsafe.Offsetof(s.pixels), 8}, "sweepC": {unsafe.Offsetof(s.c), 16}, "sweepData": {unsafe.Offsetof(s.data), 24},
		"sweepStep": {unsafe.Offsetof(s.step), 64}, "sweepSkip": {unsafe.Offsetof(s.skip), 104}, "sweepVec": {unsafe.Offsetof(s.vec), 144}, "sweepScalar": {unsafe.Offsetof(s.scalar), 184}, "sweepAhead": {unsafe.Offsetof(s.ahead), 200},
		"cellRows": {unsafe.Offsetof(k.Rows), 0}, "cellUnits": {unsafe.Offsetof(k.Units), 8}, "cellX": {unsafe.Offsetof(k.X), 16}, "cellP": {unsafe.Offsetof(k.P), 56},
		"cellG": {unsafe.Offsetof(k.G), 96}, "cellBefore": {unsafe.Offsetof(k.Before), 136}, "cellC": {unsafe.Offsetof(k.C), 176}, "cellH": {unsafe.Offsetof(k.H), 216},
		"cellDY": {unsafe.Offsetof(k.DY), 256}, "cellDH": {unsafe.Offsetof(k.DH), 296}, "cellDC": {unsafe.Offsetof(k.DC), 336}, "cellDX": {unsafe.Offsetof(k.DX), 376},
		"cellDP": {unsafe.Offsetof(k.DP), 416}, "rowPitch": {unsafe.Offsetof(k.X.Row), 24},
		"windowsRows": {unsafe.Offsetof(w.rows), 0}, "windowsPixels": {unsafe.Offsetof(w.pixels), 8}, "windowsC": {unsafe.Offsetof(w.c), 16}, "windowsIn": {unsafe.Offsetof(w.in), 24},
		"windowsOut": {unsafe.Offsetof(w.out), 40}, "windowsInRow": {unsafe.Offsetof(w.inRow), 56}, "windowsInPix": {unsafe.Offsetof(w.inPix), 72}, "windowsOutPix": {unsafe.Offsetof(w.outPix), 88},
		"drawsTo": {unsafe.Offsetof(d.to), 0}, "drawsRounds": {unsafe.Offsetof(d.rounds), 8}, "drawsCounter": {unsafe.Offsetof(d.counter), 16}, "drawsStep": {unsafe.Offsetof(d.step), 20}, "drawsKey": {unsafe.Offsetof(d.key), 24},
		"windowsLo": {unsafe.Offsetof(w.lo), 104}, "windowsHi": {unsafe.Offsetof(w.hi), 112}, "windowsOld": {unsafe.Offsetof(w.old), 120}, "windowsK": {unsafe.Offsetof(w.k), 128}, "windowsFresh": {unsafe.Offsetof(w.fresh), 136},
		"depthX": {unsafe.Offsetof(f.x), 0}, "depthY": {unsafe.Offsetof(f.y), 8}, "depthW": {unsafe.Offsetof(f.w), 16}, "depthBias": {unsafe.Offsetof(f.bias), 24},
		"depthRows": {unsafe.Offsetof(f.rows), 32}, "depthPixels": {unsafe.Offsetof(f.pixels), 40}, "depthC": {unsafe.Offsetof(f.c), 48},
		"depthXRow": {unsafe.Offsetof(f.xrow), 56}, "depthXPix": {unsafe.Offsetof(f.xpix), 64}, "depthYRow": {unsafe.Offsetof(f.yrow), 72}, "depthYPix": {unsafe.Offsetof(f.ypix), 80},
		"depthKH": {unsafe.Offsetof(f.kh), 88}, "depthKW": {unsafe.Offsetof(f.kw), 96}, "depthKRow": {unsafe.Offsetof(f.krow), 104}, "depthKPix": {unsafe.Offsetof(f.kpix), 112},
		"depthTap": {unsafe.Offsetof(f.tap), 120}, "depthAhead": {unsafe.Offsetof(f.ahead), 128}, "depthHigh": {unsafe.Offsetof(f.high), 136}, "depthAdd": {unsafe.Offsetof(f.add), 140}, "depthAct": {unsafe.Offsetof(f.act), 141},
		"permuteY": {unsafe.Offsetof(m.y), 0}, "permuteX": {unsafe.Offsetof(m.x), 8}, "permuteRows": {unsafe.Offsetof(m.rows), 16}, "permutePixels": {unsafe.Offsetof(m.pixels), 24},
		"permuteYStep": {unsafe.Offsetof(m.ystep), 32}, "permuteYSkip": {unsafe.Offsetof(m.yskip), 40}, "permuteXStep": {unsafe.Offsetof(m.xstep), 48}, "permuteXSkip": {unsafe.Offsetof(m.xskip), 56},
		"permuteCols": {unsafe.Offsetof(m.cols), 64}, "permuteAt": {unsafe.Offsetof(m.at), 72}, "permuteOrder": {unsafe.Offsetof(m.order), 104}, "permuteHas": {unsafe.Offsetof(m.has), 360},
	} {
		if o[0] != o[1] {
			t.Errorf("%s is at %d, _asm has %d", name, o[0], o[1])
		}
	}
}

func TestGeneratedAssemblyIsWhatTheGeneratorWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "-C", "_asm", ".", "-out", filepath.Join(dir, "kernels_amd64.s"), "-stubs", filepath.Join(dir, "kernels_amd64.go"), "-pkg", "kernel")
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
		if _, g, ok := bytes.Cut(got, []byte("\n")); ok { // the first line names the command, with its paths
			got = g
		}
		if _, w, ok := bytes.Cut(want, []byte("\n")); ok {
			want = w
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what _asm writes; run go generate ./engine/cpu/...", name)
		}
	}
}
