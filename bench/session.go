package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/assaylab/assay/zoo"
)

// own is the By of Assay's figures.
const own = "assay"

// session is one run of the benchmark.
type session struct {
	python  string
	runs    int
	threads int
	seconds float64

	processor bool   // seconds of augment are the processor's
	dir       string // for what is built, gone at the end
	assay     string // the command
	out       io.Writer
	figures   figures
}

// measure runs the parts that were asked for. Every figure is in the file as soon as it is there.
func (s *session) measure(ctx context.Context, nets, only, out string, add bool) (figures, error) {
	ps, ss, err := choose(nets, only)
	if err != nil {
		return nil, err
	}
	mode := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if add {
		mode = os.O_CREATE | os.O_WRONLY | os.O_APPEND
		if s.figures, err = read(out); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	file, err := os.OpenFile(out, mode, 0o666)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s.out = file
	if s.dir, err = os.MkdirTemp("", "assay-bench"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(s.dir)
	s.assay = filepath.Join(s.dir, "assay")
	if err := s.build(ctx, ".", "./cmd/assay", s.assay); err != nil {
		return nil, err
	}
	if err := s.keep(figure{Part: "machine", Threads: s.threads, Machine: thisMachine(ctx)}); err != nil {
		return nil, err
	}
	for _, p := range ps {
		for _, sub := range ss {
			if !p.has(sub) {
				continue
			}
			if err := p.measure(s, ctx, sub); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", p.name, sub.net, err)
			}
		}
	}
	return s.figures, nil
}

// keep writes a figure down and says it.
func (s *session) keep(f figure) error {
	s.figures = append(s.figures, f)
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if _, err := s.out.Write(append(line, '\n')); err != nil {
		return err
	}
	if f.Part != "machine" {
		words := []string{f.Part, f.Net, f.By, f.Level, f.Variant, "batch " + strconv.Itoa(f.Batch), "threads " + strconv.Itoa(f.Threads)}
		value := fmt.Sprintf("%10.1f images/s", f.ImagesPerS)
		if f.ImagesPerS == 0 {
			value = fmt.Sprintf("%10.1f %%", 100*f.Share)
		}
		fmt.Fprintf(os.Stderr, "%-72s %s\n", strings.Join(strings.Fields(strings.Join(words, " ")), " "), value)
	}
	return nil
}

// agree is an error where a peer's network has another number of parameters than Assay's.
func (s *session) agree(f figure) error {
	for _, o := range s.figures.of(figure{By: own, Net: f.Net, Side: f.Side}) {
		if o.Params != 0 && f.Params != o.Params {
			return fmt.Errorf("%s has %d parameters in %s and %d in Assay; mend its definition", f.Net, f.Params, f.By, o.Params)
		}
	}
	return nil
}

func (s *session) train(ctx context.Context, sub subject) error {
	return s.trainings(ctx, "train", sub)
}

func (s *session) infer(ctx context.Context, sub subject) error {
	return s.inferences(ctx, "infer", sub, inferBatches)
}

// detect measures both of a detector: its training goes by YOLOv2's loss over 30 boxes a picture, its inference ends in boxes, scores and classes.
func (s *session) detect(ctx context.Context, sub subject) error {
	if err := s.trainings(ctx, detectTrain, sub); err != nil {
		return err
	}
	return s.inferences(ctx, detectInfer, sub, []int{1, sub.batch})
}

const detectTrain, detectInfer = "detect train", "detect infer"

// trainings interleaves training in Assay with both layouts of PyTorch, each in a process of its own.
func (s *session) trainings(ctx context.Context, part string, sub subject) error {
	for range s.runs {
		if err := s.bench(ctx, part, sub, sub.batch, s.threads, "", "train"); err != nil {
			return err
		}
		for _, layout := range []string{"nchw", "nhwc"} {
			if err := s.peers(ctx, part, "train", sub, strconv.Itoa(sub.batch), "--layout", layout); err != nil {
				return err
			}
		}
	}
	return nil
}

// inferences interleaves inference of some numbers of images with PyTorch in all its forms and onnxruntime.
func (s *session) inferences(ctx context.Context, part string, sub subject, batches []int) error {
	var list []string
	for _, batch := range batches {
		list = append(list, strconv.Itoa(batch))
	}
	for range s.runs {
		for _, batch := range batches {
			if err := s.bench(ctx, part, sub, batch, s.threads, "", "infer"); err != nil {
				return err
			}
		}
		if err := s.peers(ctx, part, "infer", sub, strings.Join(list, ",")); err != nil {
			return err
		}
	}
	return nil
}

var inferBatches = []int{1, 64}

// scaling trains on one thread and on all.
func (s *session) scaling(ctx context.Context, sub subject) error {
	for range s.runs {
		for _, threads := range []int{1, s.threads} {
			if err := s.bench(ctx, "threads", sub, sub.batch, threads, "", "train"); err != nil {
				return err
			}
		}
	}
	return nil
}

// avx2 trains on AVX2 alone, and looks at the convolutions that are not depthwise.
func (s *session) avx2(ctx context.Context, sub subject) error {
	for range s.runs {
		if err := s.bench(ctx, "avx2", sub, sub.batch, s.threads, "avx2", "train"); err != nil {
			return err
		}
		err := s.ops(ctx, "avx2", sub, "avx2", "convolutions", func(o op) bool {
			return strings.Contains(o.Op, "conv") && !strings.Contains(o.Op, "depthwise") && o.MACs > 0
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// depthwise looks at the depthwise convolutions alone.
func (s *session) depthwise(ctx context.Context, sub subject) error {
	for range s.runs {
		if err := s.ops(ctx, "depthwise", sub, "", "depthwise", func(o op) bool { return strings.Contains(o.Op, "depthwise") }); err != nil {
			return err
		}
	}
	return nil
}

// generic trains in Go without assembly, and once in GoMLX, whose steps take a minute.
func (s *session) generic(ctx context.Context, sub subject) error {
	peer := filepath.Join(s.dir, "gomlx")
	if err := s.build(ctx, filepath.Join("bench", "gomlx"), ".", peer); err != nil {
		return err
	}
	for run := range s.runs {
		if err := s.bench(ctx, "generic", sub, sub.batch, s.threads, "generic", "train"); err != nil {
			return err
		}
		if run > 0 {
			continue
		}
		f := figure{Part: "generic", By: "gomlx", Net: sub.net, Batch: sub.batch, Threads: s.threads}
		if err := s.command(ctx, nil, &f, peer, "-batch", strconv.Itoa(sub.batch), "-threads", strconv.Itoa(s.threads)); err != nil {
			return err
		}
		if err := s.agree(f); err != nil {
			return err
		}
		if err := s.keep(f); err != nil {
			return err
		}
	}
	return nil
}

// bench runs assay bench at a level, empty for the machine's best, on what: train or infer.
func (s *session) bench(ctx context.Context, part string, sub subject, batch, threads int, level, what string) error {
	var b struct {
		Level   string  `json:"level"`
		Params  int64   `json:"params"`
		MACs    int64   `json:"macs"`
		Train   float64 `json:"train_images_per_s"`
		Infer   float64 `json:"infer_images_per_s"`
		Peak    float64 `json:"peak_gflops"`
		Allocs  float64 `json:"allocs_per_step"`
		PeakRSS int64   `json:"peak_rss_bytes"`
	}
	if err := s.assayBench(ctx, &b, sub, batch, threads, level, "--only", what); err != nil {
		return err
	}
	return s.keep(figure{Part: part, By: own, Net: sub.net, Side: sub.side, Batch: batch, Threads: threads, Level: b.Level, Params: b.Params, MACs: b.MACs,
		ImagesPerS: max(b.Train, b.Infer), PeakGFLOPS: b.Peak, Allocs: b.Allocs, PeakRSS: b.PeakRSS})
}

// op is a step of a plan in what assay bench --ops prints.
type op struct {
	Op      string  `json:"op"`
	Seconds float64 `json:"seconds"`
	MACs    int64   `json:"macs"`
	Bytes   int64   `json:"bytes"`
}

// ops keeps what part of the peak (of the memory's bandwidth, for depthwise ones) some steps of training make use of.
func (s *session) ops(ctx context.Context, part string, sub subject, level, variant string, counts func(op) bool) error {
	var r struct {
		Level     string  `json:"level"`
		Peak      float64 `json:"peak_gflops"`
		Bandwidth float64 `json:"bandwidth_gb_per_s"`
		Training  struct {
			Ops []op `json:"ops"`
		} `json:"training"`
	}
	if err := s.assayBench(ctx, &r, sub, sub.batch, s.threads, level, "--ops", "--only", "train"); err != nil {
		return err
	}
	var sum op
	for _, o := range r.Training.Ops {
		if counts(o) {
			sum.Seconds += o.Seconds
			sum.MACs += o.MACs
			sum.Bytes += o.Bytes
		}
	}
	f := figure{Part: part, By: own, Net: sub.net, Side: sub.side, Batch: sub.batch, Threads: s.threads, Level: r.Level, Variant: variant,
		PeakGFLOPS: r.Peak, Bandwidth: r.Bandwidth}
	if sum.Seconds > 0 {
		f.Share = 2e-9 * float64(sum.MACs) / sum.Seconds / r.Peak
		if part == "depthwise" {
			f.Share = 1e-9 * float64(sum.Bytes) / sum.Seconds / r.Bandwidth
		}
	}
	return s.keep(f)
}

// assayBench runs assay bench on a network without its auxiliary heads, which the peers do not have, and decodes what it says.
func (s *session) assayBench(ctx context.Context, into any, sub subject, batch, threads int, level string, more ...string) error {
	g, err := zoo.New(sub.net, zoo.Input(sub.side, sub.side, 0))
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, sub.net+".yaml")
	if err := os.WriteFile(file, g.Pruned().YAML(), 0o666); err != nil {
		return err
	}
	args := append([]string{"bench", "--json", "--net", file, "--batch", strconv.Itoa(batch), "--threads", strconv.Itoa(threads), "--for", fmt.Sprintf("%gs", s.seconds)}, more...)
	if sub.side > 0 {
		args = append(args, "--input", fmt.Sprintf("%dx%d", sub.side, sub.side))
	}
	var env []string
	if level != "" {
		env = []string{"ASSAY_CPU=" + level}
	}
	return s.command(ctx, env, into, s.assay, args...)
}

// peers runs the Python half on what, train or infer, and keeps what it prints for a part.
func (s *session) peers(ctx context.Context, part, what string, sub subject, batch string, more ...string) error {
	seconds := s.seconds
	if what == "infer" {
		seconds /= 2 // five forms, of which the best counts
	}
	args := append([]string{filepath.Join("bench", "peers.py"), what, "--net", sub.net, "--batch", batch, "--threads", strconv.Itoa(s.threads),
		"--seconds", fmt.Sprint(seconds)}, more...)
	if sub.side > 0 {
		args = append(args, "--side", strconv.Itoa(sub.side))
	}
	var fs lines
	if err := s.command(ctx, nil, &fs, s.python, args...); err != nil {
		return err
	}
	for _, f := range fs {
		f.Part, f.Side = part, sub.side
		if err := s.agree(f); err != nil {
			return err
		}
		if err := s.keep(f); err != nil {
			return err
		}
	}
	return nil
}

// lines are figures, a line each.
type lines []figure

// UnmarshalText reads them.
func (l *lines) UnmarshalText(text []byte) error {
	for line := range bytes.Lines(text) {
		var f figure
		if err := json.Unmarshal(line, &f); err != nil {
			return err
		}
		*l = append(*l, f)
	}
	return nil
}

// command runs a program, its messages shown, and decodes what it prints.
func (s *session) command(ctx context.Context, env []string, into any, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		if l, ok := into.(*lines); ok {
			err = l.UnmarshalText(out)
		} else {
			err = json.Unmarshal(out, into)
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(name), strings.Join(args, " "), err)
	}
	return nil
}

func (s *session) build(ctx context.Context, dir, pkg, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, pkg)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not build: %w\n%s", filepath.Join(dir, pkg), err, out)
	}
	return nil
}
