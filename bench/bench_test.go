package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/zoo"
)

// invented is a full set of figures.
func invented() figures {
	fs := figures{{Part: "machine", Threads: 2, Machine: &machine{Processor: "Abacus (family 1, model 2)", Features: []string{"avx2", "fma"}, Cores: 2,
		Caches: []string{"L1 32K", "L2 512K"}, MemoryGB: 8, System: "linux/amd64", Go: "go1", Commit: "0123456", Day: "2026-01-02"}}}
	for i, s := range subjects {
		add := func(f figure) {
			if f.By == "" {
				f.By = own
			}
			if f.Threads == 0 {
				f.Threads = 2
			}
			if f.Batch == 0 {
				f.Batch = s.batch
			}
			if f.By == own {
				f.PeakGFLOPS, f.MACs = 50*float64(f.Threads), 40e6
			}
			f.Net, f.Side, f.PeakRSS = s.net, max(s.side, f.Side), max(f.PeakRSS, 300<<20)
			fs = append(fs, f)
		}
		speed := 200 + 20*float64(i)
		add(figure{Part: "train", Level: "avx2", ImagesPerS: speed, Allocs: 1})
		add(figure{Part: "train", Level: "avx2", ImagesPerS: speed / 2})
		add(figure{Part: "train", By: "pytorch", Variant: "nchw", Version: "3.1", ImagesPerS: 90, PeakRSS: 1 << 30})
		add(figure{Part: "train", By: "pytorch", Variant: "nhwc", Version: "3.1", ImagesPerS: 120, PeakRSS: 2 << 30})
		for _, b := range inferBatches {
			add(figure{Part: "infer", Level: "avx2", Batch: b, ImagesPerS: 1000 * float64(i+1)})
			add(figure{Part: "infer", By: "pytorch", Batch: b, Variant: "nhwc frozen", Version: "3.1", ImagesPerS: 1500})
			add(figure{Part: "infer", By: "onnxruntime", Batch: b, Version: "1.9", ImagesPerS: 1600})
		}
		add(figure{Part: "avx2", Level: "avx2", ImagesPerS: speed})
		add(figure{Part: "avx2", Level: "avx2", Variant: "convolutions", Share: 0.7 + 0.01*float64(i)})
		if i < 2 {
			add(figure{Part: "threads", Level: "avx2", Threads: 1, ImagesPerS: speed / 1.9})
			add(figure{Part: "threads", Level: "avx2", ImagesPerS: speed})
		}
		switch s.net {
		case "mobilenet":
			add(figure{Part: "depthwise", Level: "avx2", Variant: "depthwise", Share: 0.5, Bandwidth: 20})
		case "resnet20":
			add(figure{Part: "generic", Level: "generic", ImagesPerS: 28})
			add(figure{Part: "generic", By: "gomlx", Version: "v0", ImagesPerS: 4})
			for _, c := range folders {
				for variant, v := range map[string]float64{"decoded": 900, "cached": 50000, "from memory": 100, "from the loader": 99} {
					add(figure{Part: "load", Side: c.side, Batch: c.batch, Variant: variant, ImagesPerS: v})
				}
			}
		}
	}
	return fs
}

func TestThePageIsMadeOfTheFiguresAndKeepsWhatIsWrittenByHand(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("above\n\n"+begin+"\nold\n"+end+"\n\nbelow\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := invented().write(page); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	golden.Text(t, filepath.Join("testdata", "page.md"), string(text))
	kept, err := read(strings.TrimSuffix(page, ".md") + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if again := kept.tables(); again != invented().tables() {
		t.Errorf("the figures that were kept give another page:\n%s", again)
	}
	chart, err := os.ReadFile(strings.TrimSuffix(page, ".md") + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(chart))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the chart is no XML: %v", err)
		}
	}
	if n := strings.Count(string(chart), "<rect"); n != 1+3+3*len(subjects) {
		t.Errorf("the chart has %d bars and boxes, want %d", n, 4+3*len(subjects))
	}
}

func TestAPageWithoutAFigureIsNotWritten(t *testing.T) {
	for part, want := range map[string]string{"machine": "machine (", "train": "train (assay resnet20)", "infer": "infer (onnxruntime vgg11 batch 64)",
		"threads": "threads (caffenet128)", "avx2": "avx2 (googlenet)", "generic": "generic (gomlx)", "depthwise": "depthwise (mobilenet)", "load": "load (64 pixels)"} {
		var fs figures
		for _, f := range invented() {
			if f.Part != part {
				fs = append(fs, f)
			}
		}
		page := filepath.Join(t.TempDir(), "page.md")
		if err := fs.write(page); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: got %v, want %q in it", part, err, want)
		}
		if _, err := os.Stat(page); !os.IsNotExist(err) {
			t.Errorf("without %s: a page was written", part)
		}
	}
}

func TestPartsAndNetworksAreThere(t *testing.T) {
	for _, s := range subjects {
		if _, err := zoo.New(s.net, zoo.Input(s.side, s.side, 0)); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := choose("resnet20,vgg", ""); err == nil {
		t.Error("vgg is no network here, and nobody said so")
	}
	ps, ss, err := choose("vgg11", "infer, load")
	if err != nil || len(ps) != 2 || len(ss) != 1 {
		t.Errorf("%v, %v, %v", ps, ss, err)
	}
}
