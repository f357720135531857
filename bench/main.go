// Command bench sets assay bench beside PyTorch: the same networks, batches and threads, in one run, interleaved, the best of
// several runs each. It prints a table in Markdown.
//
//	go run ./bench -python /path/to/venv/bin/python [-runs 5] [-nets resnet20:128,caffenet128:64] [-threads 2]
//
// The Python needs torch; bench/peers.py has its half.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// measured is what both halves print.
type measured struct {
	Net           string  `json:"net"`
	Batch         int     `json:"batch"`
	Level         string  `json:"level"`
	Version       string  `json:"version"`
	Layout        string  `json:"layout"`
	Train         float64 `json:"train_images_per_s"`
	Infer         float64 `json:"infer_images_per_s"`
	PeakGFLOPS    float64 `json:"peak_gflops"`
	TrainShare    float64 `json:"train_share_of_peak"`
	AllocsPerStep float64 `json:"allocs_per_step"`
	ArenaBytes    int64   `json:"arena_bytes"`
	PeakRSS       int64   `json:"peak_rss_bytes"`
}

func main() {
	python := flag.String("python", "python3", "a Python with torch")
	nets := flag.String("nets", "mini:128,resnet20:128,nin-cifar:64,caffenet128:64", "networks with their batches")
	runs := flag.Int("runs", 5, "interleaved runs, of which the best counts")
	threads := flag.Int("threads", 2, "threads of each")
	seconds := flag.Float64("seconds", 6, "of training in a run of the peer")
	flag.Parse()
	if err := run(*python, *nets, *runs, *threads, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(python, nets string, runs, threads int, seconds float64) error {
	dir, err := os.MkdirTemp("", "assay-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	assay := filepath.Join(dir, "assay")
	if out, err := exec.Command("go", "build", "-o", assay, "./cmd/assay").CombinedOutput(); err != nil {
		return fmt.Errorf("cmd/assay does not build: %w\n%s", err, out)
	}
	fmt.Println("| network, batch | Assay, training | PyTorch NCHW | PyTorch channels_last | ratio to the better | share of peak | Assay, inference | PyTorch, the better | ratio | memory: Assay | PyTorch | allocations a step |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, item := range strings.Split(nets, ",") {
		net, text, ok := strings.Cut(item, ":")
		batch, err := strconv.Atoi(text)
		if !ok || err != nil {
			return fmt.Errorf("%q: write a network and its batch, as resnet20:128", item)
		}
		var own, nchw, nhwc measured
		args := []string{"bench", "--json", "--net", net, "--batch", text, "--threads", strconv.Itoa(threads)}
		if net == "vgg11" {
			args = append(args, "--input", "64x64")
		}
		for range runs {
			if err := best(&own, assay, args...); err != nil {
				return err
			}
			for layout, m := range map[string]*measured{"nchw": &nchw, "nhwc": &nhwc} {
				if err := best(m, python, "bench/peers.py", "--net", net, "--batch", text, "--threads", strconv.Itoa(threads),
					"--layout", layout, "--seconds", fmt.Sprint(seconds)); err != nil {
					return err
				}
			}
		}
		peerTrain, peerInfer := max(nchw.Train, nhwc.Train), max(nchw.Infer, nhwc.Infer)
		rss := nchw.PeakRSS
		if nhwc.Train > nchw.Train {
			rss = nhwc.PeakRSS
		}
		fmt.Printf("| %s, %d | %.0f | %.0f | %.0f | %.2f | %.0f %% | %.0f | %.0f | %.2f | %d MB | %d MB | %.0f |\n", net, batch,
			own.Train, nchw.Train, nhwc.Train, own.Train/peerTrain, 100*own.TrainShare, own.Infer, peerInfer, own.Infer/peerInfer,
			own.PeakRSS>>20, rss>>20, own.AllocsPerStep)
		if item == strings.Split(nets, ",")[len(strings.Split(nets, ","))-1] {
			fmt.Printf("\nLevel %s, peak %.0f GFLOP/s on %d threads; PyTorch %s; best of %d interleaved runs; images/s.\n", own.Level, own.PeakGFLOPS, threads, nchw.Version, runs)
		}
	}
	return nil
}

// best runs one half and keeps the better of what it printed and what was there, figure by figure.
func best(m *measured, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(name), strings.Join(args, " "), err)
	}
	now := *m
	if err := json.Unmarshal(out, &now); err != nil {
		return fmt.Errorf("%s printed no measurement: %w", filepath.Base(name), err)
	}
	now.Train, now.Infer = max(now.Train, m.Train), max(now.Infer, m.Infer)
	now.TrainShare, now.PeakGFLOPS = max(now.TrainShare, m.TrainShare), max(now.PeakGFLOPS, m.PeakGFLOPS)
	*m = now
	return nil
}
