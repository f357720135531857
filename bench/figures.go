package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
)

// figure is one measurement, and a line of the file.
type figure struct {
	Part       string  `json:"part"` // that measured it; machine: the line that says where
	By         string  `json:"by,omitempty"`
	Net        string  `json:"net,omitempty"`
	Side       int     `json:"side,omitempty"` // of the images, where it is not the network's own
	Batch      int     `json:"batch,omitempty"`
	Threads    int     `json:"threads,omitempty"`
	Level      string  `json:"level,omitempty"`
	Variant    string  `json:"variant,omitempty"` // layout and form of a peer; what of loading
	Version    string  `json:"version,omitempty"`
	Params     int64   `json:"params,omitempty"`
	MACs       int64   `json:"macs,omitempty"` // of one image
	ImagesPerS float64 `json:"images_per_s,omitempty"`
	PeakGFLOPS float64 `json:"peak_gflops,omitempty"`
	Bandwidth  float64 `json:"bandwidth_gb_per_s,omitempty"`
	Share      float64 `json:"share,omitempty"` // of peak or bandwidth, of a kind of steps alone
	Allocs     float64 `json:"allocs_per_step"`
	PeakRSS    int64   `json:"peak_rss_bytes,omitempty"`

	Machine *machine `json:"machine,omitempty"`
}

// figures are all that were measured, in the order of time.
type figures []figure

// read reads a file of JSON lines.
func read(path string) (figures, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var fs figures
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		var f figure
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			return nil, fmt.Errorf("%s:%d: not a figure (%w); measure again", path, n, err)
		}
		fs = append(fs, f)
	}
	return fs, lines.Err()
}

// of filters: zero fields of like match anything.
func (fs figures) of(like figure) figures {
	return slices.DeleteFunc(slices.Clone(fs), func(f figure) bool {
		return like.Part != "" && f.Part != like.Part || like.By != "" && f.By != like.By || like.Net != "" && f.Net != like.Net ||
			like.Side != 0 && f.Side != like.Side || like.Batch != 0 && f.Batch != like.Batch || like.Threads != 0 && f.Threads != like.Threads ||
			like.Level != "" && f.Level != like.Level || like.Variant != "" && f.Variant != like.Variant
	})
}

// best is the fastest of those like the one given, the zero figure where there is none. What it held and allocated is the
// least that one of its kind did.
func (fs figures) best(like figure) figure {
	var best figure
	for _, f := range fs.of(like) {
		if f.ImagesPerS > best.ImagesPerS {
			best = f
		}
	}
	for _, f := range fs.of(figure{Part: best.Part, By: best.By, Net: best.Net, Batch: best.Batch, Threads: best.Threads, Variant: best.Variant, Level: best.Level}) {
		best.Allocs = min(best.Allocs, f.Allocs)
		if f.PeakRSS > 0 {
			best.PeakRSS = min(best.PeakRSS, f.PeakRSS)
		}
	}
	return best
}

// share is the most that a kind of steps reached.
func (fs figures) share(part, net string) float64 {
	share := 0.0
	for _, f := range fs.of(figure{Part: part, Net: net}) {
		share = max(share, f.Share)
	}
	return share
}

// peak is the most that a level did on so many threads in loops of multiply-adds, in any part.
func (fs figures) peak(level string, threads int) float64 {
	peak := 0.0
	for _, f := range fs.of(figure{By: own, Level: level, Threads: threads}) {
		peak = max(peak, f.PeakGFLOPS)
	}
	return peak
}

// shareOf is what part of the peak a training figure makes use of: three passes of a multiply and an add each.
func (fs figures) shareOf(f figure) float64 {
	return f.ImagesPerS * 6 * float64(f.MACs) / 1e9 / fs.peak(f.Level, f.Threads)
}

// bandwidth is the most that copies in memory did.
func (fs figures) bandwidth() float64 {
	most := 0.0
	for _, f := range fs {
		most = max(most, f.Bandwidth)
	}
	return most
}

// geomean is the geometric mean, NaN of nothing.
func geomean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(xs)))
}
