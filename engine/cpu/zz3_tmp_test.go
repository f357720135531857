package cpu

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

func TestXX(t *testing.T) {
	if os.Getenv("XX") == "" {
		t.Skip()
	}
	runtime.LockOSThread()
	e := newEngine(t, Options{Threads: 1})
	peak := 0.0
	for range 5 {
		c := cpuNow()
		f := e.set.Peak(1 << 20)
		peak = max(peak, float64(f)/(cpuNow()-c).Seconds()/1e9)
	}
	for _, ch := range []int{16, 32, 64} {
		for _, pad := range []int{0, 16} {
			for _, px := range []int{64, 128, 192, 256} {
				pitch := ch + pad
				wd := 16
				if ch == 64 {
					wd = 8
				}
				if ch == 16 {
					wd = 32
				}
				row := (wd + 2) * pitch
				x := make([]float32, (px/wd+3)*row*2)
				dy := make([]float32, px*pitch)
				dw := make([]float32, 9*ch*ch)
				a := &kernel.WgradArgs{LD: ch}
				for p := range px {
					a.XOff = append(a.XOff, int32(p/wd*row+p%wd*pitch))
					a.YOff = append(a.YOff, int32(p*pitch))
				}
				for kh := range 3 {
					for kw := range 3 {
						for c := range ch {
							a.Rows = append(a.Rows, int32(kh*row+kw*pitch+c))
						}
					}
				}
				best := time.Hour
				for range 400 {
					c := time.Now()
					for range 1 {
						for j := 0; j < ch; j += 16 {
							a.X, a.DY, a.DW, a.Cols = x, dy[j:], dw[j:], 16
							e.set.Wgrad[0].Run(a)
						}
					}
					best = min(best, time.Since(c))
				}
				fmt.Printf("c=%d pitch=%d px=%d  %.1f%%\n", ch, pitch, px, 100*2*1*float64(px*9*ch*ch)/best.Seconds()/1e9/peak)
			}
		}
	}
}
