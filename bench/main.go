// Command bench sets Assay beside what one would take instead: PyTorch and onnxruntime (bench/peers.py) and, for processors
// without vector kernels, GoMLX's Go backend (bench/gomlx). Same networks, batches and threads, in one run, interleaved, the best
// of several runs each. Every figure is kept as a line of JSON; the page docs/benchmarks.md and its chart are made of these
// lines alone.
//
//	go run ./bench -python VENV/bin/python -write docs/benchmarks.md                  # an hour: measures all, fills the page
//	go run ./bench -python VENV/bin/python -only train,infer -nets resnet20 -runs 1   # a minute or two: prints two tables
//	go run ./bench -from benchmarks.jsonl -write docs/benchmarks.md
//
// The Python needs torch, torchvision, onnx, onnxscript and onnxruntime.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// subject is a network as it is measured.
type subject struct {
	net   string
	side  int // of the images, 0: the network's own
	batch int // of training
}

var subjects = []subject{
	{"resnet20", 0, 128},
	{"caffenet128", 0, 64},
	{"densenet40-12", 0, 64},
	{"mobilenet", 128, 32},
	{"googlenet", 128, 32},
	{"vgg11", 64, 32},
}

// detectors are measured apart: they have a loss of their own, and few would train one for its speed against another's.
var detectors = []subject{{"yolov2-tiny", 0, 8}}

// part is a piece of the benchmark that can be measured alone.
type part struct {
	name    string
	nets    []string // that it measures; nil: all subjects
	measure func(*session, context.Context, subject) error
}

// has reports whether the part measures a network.
func (p part) has(s subject) bool {
	if p.nets == nil {
		return slices.Contains(subjects, s)
	}
	return slices.Contains(p.nets, s.net)
}

var parts = []part{
	{"train", nil, (*session).train},
	{"infer", nil, (*session).infer},
	{"threads", []string{"resnet20", "caffenet128"}, (*session).scaling},
	{"avx2", nil, (*session).avx2},
	{"generic", []string{"resnet20"}, (*session).generic},
	{"depthwise", []string{"mobilenet"}, (*session).depthwise},
	{"load", []string{"resnet20"}, (*session).load},
	{"augment", []string{"resnet20"}, (*session).augment},
	{"detect", []string{"yolov2-tiny"}, (*session).detect},
}

func main() {
	s := session{}
	flag.StringVar(&s.python, "python", "python3", "a Python with torch, torchvision, onnx, onnxscript and onnxruntime")
	flag.IntVar(&s.runs, "runs", 5, "interleaved runs, of which the best counts")
	flag.IntVar(&s.threads, "threads", 2, "threads of each")
	flag.Float64Var(&s.seconds, "seconds", 4, "of each figure in a run")
	flag.BoolVar(&s.processor, "processor", false, "what augment measures is of a second of processor time and not of the clock, for a machine that does other things too")
	nets := flag.String("nets", "", "networks, as resnet20,vgg11; default all")
	only := flag.String("only", "", "parts, as train,infer; default all: train, infer, threads, avx2, generic, depthwise, load, augment, detect")
	out := flag.String("out", "benchmarks.jsonl", "file of JSON lines for the figures")
	add := flag.Bool("add", false, "add to the file in place of writing it anew; the best of all counts")
	from := flag.String("from", "", "measure nothing: read the figures of this file")
	write := flag.String("write", "", "put the tables into this page, and its chart and figures beside it; every part must have been measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, &s, *nets, *only, *out, *add, *from, *write); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s *session, nets, only, out string, add bool, from, write string) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("%q: there is nothing to give but flags; see go run ./bench -help", flag.Arg(0))
	}
	if s.runs < 1 || s.threads < 1 || s.seconds <= 0 {
		return errors.New("-runs, -threads and -seconds: give more than 0")
	}
	if write != "" {
		if _, _, err := around(write); err != nil { // now, not in an hour
			return err
		}
	}
	var f figures
	var err error
	if from != "" {
		f, err = read(from)
	} else {
		f, err = s.measure(ctx, nets, only, out, add)
	}
	if err != nil {
		return err
	}
	if write == "" {
		fmt.Print(f.tables())
		return nil
	}
	return f.write(write)
}

// choose is the parts and subjects that were asked for.
func choose(nets, only string) ([]part, []subject, error) {
	ps, ss := parts, slices.Concat(subjects, detectors)
	pick := func(flag, text string, has func(string) bool) ([]string, error) {
		var words []string
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); !has(word) {
				return nil, fmt.Errorf("-%s: there is no %q; see go run ./bench -help", flag, word)
			}
			words = append(words, word)
		}
		return words, nil
	}
	if only != "" {
		words, err := pick("only", only, func(w string) bool { return slices.ContainsFunc(parts, func(p part) bool { return p.name == w }) })
		if err != nil {
			return nil, nil, err
		}
		ps = slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return !slices.Contains(words, p.name) })
	}
	if nets != "" {
		words, err := pick("nets", nets, func(w string) bool { return slices.ContainsFunc(ss, func(s subject) bool { return s.net == w }) })
		if err != nil {
			return nil, nil, err
		}
		ss = slices.DeleteFunc(ss, func(s subject) bool { return !slices.Contains(words, s.net) })
	}
	return ps, ss, nil
}
