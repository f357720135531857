package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/say"
)

// The page is made of the figures alone, between two lines of it; what stands outside of these is written by hand and stays.
const (
	begin = "<!-- begin of what go run ./bench -write makes -->"
	end   = "<!-- end of what go run ./bench -write makes -->"
)

// write puts the page's tables in place, and beside it the chart and the figures. A figure that is missing is an error: a page
// shows all or stays as it was.
func (fs figures) write(path string) error {
	if missing := fs.missing(); missing != nil {
		return fmt.Errorf("%s: not measured: %s; go run ./bench -add -only PART -out FILE adds them", path, strings.Join(missing, "; "))
	}
	before, after, err := around(path)
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(path, filepath.Ext(path))
	name := filepath.Base(base)
	page := before + begin + "\n\n" + fs.head() + "\n![ratios of speed](" + name + ".svg)\n\n[Every figure](" + name + ".jsonl).\n\n" + fs.tables() + "\n" + end + after
	var lines []byte
	for _, f := range fs {
		line, err := json.Marshal(f)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	for file, text := range map[string][]byte{base + ".jsonl": lines, base + ".svg": fs.chart(), path: []byte(page)} {
		if err := put(file, text); err != nil {
			return err
		}
	}
	return nil
}

// around is what stands in a page before and after its tables.
func around(path string) (before, after string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", "", fmt.Errorf("%s: no place for the tables; give it the lines %q and %q", path, begin, end)
	}
	return before, after, nil
}

// put replaces a file.
func put(path string, text []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// missing says which figures the page lacks, part by part.
func (fs figures) missing() []string {
	var out []string
	lack := func(part string, ok bool, what ...any) {
		if text := part + " (" + strings.TrimSpace(fmt.Sprintln(what...)) + ")"; !ok && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	lack("machine", fs.where() != nil, "the line that says where")
	for _, p := range parts {
		for _, s := range subjects {
			if !p.has(s) {
				continue
			}
			has := func(like figure) bool { like.Part, like.Net = p.name, s.net; return len(fs.of(like)) > 0 }
			switch p.name {
			case "train":
				lack(p.name, has(figure{By: own}), own, s.net)
				lack(p.name, has(figure{Variant: "nchw"}) && has(figure{Variant: "nhwc"}), "pytorch", s.net)
			case "infer":
				for _, b := range inferBatches {
					for _, by := range []string{own, "pytorch", "onnxruntime"} {
						lack(p.name, has(figure{By: by, Batch: b}), by, s.net, "batch", b)
					}
				}
			case "threads":
				lack(p.name, has(figure{Threads: 1}) && fs.threads() > 1 && has(figure{Threads: fs.threads()}), s.net)
			case "generic":
				lack(p.name, has(figure{By: own}), own)
				lack(p.name, has(figure{By: "gomlx"}), "gomlx")
			case "load":
				for _, c := range folders {
					lack(p.name, has(figure{Side: c.side}), c.side, "pixels")
				}
			case "augment": // a table where it was measured
			default:
				lack(p.name, fs.share(p.name, s.net) > 0, s.net)
			}
		}
	}
	return out
}

// where is the machine of the last session.
func (fs figures) where() *machine {
	ms := fs.of(figure{Part: "machine"})
	if len(ms) == 0 {
		return nil
	}
	return ms[len(ms)-1].Machine
}

// threads is how many each had, but where one was enough.
func (fs figures) threads() int {
	ms := fs.of(figure{Part: "machine"})
	if len(ms) == 0 {
		return 0
	}
	return ms[len(ms)-1].Threads
}

// level is the best that Assay has for the machine.
func (fs figures) level() string {
	return fs.best(figure{Part: "train", By: own}).Level
}

// head names machine, versions and marks.
func (fs figures) head() string {
	m := fs.where()
	var b strings.Builder
	version := func(by string) string {
		for _, f := range fs.of(figure{By: by}) {
			if f.Version != "" {
				return f.Version
			}
		}
		return "?"
	}
	cores := "physical cores"
	if m.Siblings {
		cores = "processors, two of which share a core"
	}
	fmt.Fprintf(&b, "Measured on %s: %s, %d %s, %s; features %s; %s of memory; %s.\n", m.Day, m.Processor, m.Cores, cores, strings.Join(m.Caches, ", "),
		strings.Join(m.Features, ", "), fmt.Sprintf("%d GB", m.MemoryGB), m.System)
	fmt.Fprintf(&b, "Peak %.0f GFLOP/s in fp32 at level %s on %d threads, memory %.0f GB/s.\n", fs.peak(fs.level(), fs.threads()), fs.level(), fs.threads(), fs.bandwidth())
	fmt.Fprintf(&b, "Assay at commit %s, %s; PyTorch %s, onnxruntime %s, GoMLX %s.\n\n", m.Commit, m.Go, version("pytorch"), version("onnxruntime"), version("gomlx"))
	rows := [][]string{{"", "at least", "aim", "measured", "reached"}}
	for _, k := range fs.marks() {
		rows = append(rows, []string{k.what, k.least, k.aim, k.measured, k.verdict()})
	}
	return b.String() + markdown(rows)
}

// tables are what is known of each part, in Markdown.
func (fs figures) tables() string {
	var b strings.Builder
	for _, t := range []struct {
		title, note string
		rows        [][]string
	}{
		{"Training", "Images/s. The share of peak is images/s x 6 x multiply-adds over the peak.", fs.trainTable()},
		{"Inference", "Images/s; of PyTorch the best of both layouts, as written and frozen by `torch.jit`.", fs.inferTable()},
		{"Memory of training", "The most that the process held, its libraries included; and allocations of a steady step.", fs.memoryTable()},
		{"Threads", "Images/s in training.", fs.threadsTable()},
		{"AVX2 alone", "Training with `ASSAY_CPU=avx2`, images/s; shares of the AVX2 peak of the whole step and of its convolutions that are not depthwise.", fs.avx2Table()},
		{"Generic Go", "Training of ResNet-20 without assembly, images/s; GoMLX's step is plain SGD on its Go backend.", fs.genericTable()},
		{"Folders of JPEG files", "Images/s: decoded is the first pass, which happens once (decode, resize, hash, store); cached are epochs after it (random crop, flip, normalise); then ResNet-20 trained on a batch in memory and from the loader. Files are generated: 32x32 for 32 pixels, 320x240 for the rest.", fs.loadTable()},
		{"Augmentation", "Images/s of one thread: decoded pictures of 335x252 in memory, cut by area to 224, changed and normalised, beside torchvision v2 on tensors of bytes and on Pillow's pictures, bilinear; from files, JPEG of 640x480 that are read and decoded first, which Assay does once; last, ResNet-20 trained by a loader that augments.", fs.augmentTable()},
		{"Detectors", "Images/s at 416 pixels. A training step has YOLOv2's loss over 30 boxes a picture; inference ends in boxes, scores and classes. Of PyTorch the better layout, in inference also as frozen by `torch.jit`.", fs.detectTable()},
	} {
		if len(t.rows) > 1 {
			fmt.Fprintf(&b, "## %s\n\n%s\n\n%s\n", t.title, t.note, markdown(t.rows))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (fs figures) trainTable() [][]string {
	rows := [][]string{{"network, batch", "Assay", "PyTorch NCHW", "PyTorch channels_last", "ratio to the better", "share of peak"}}
	for _, s := range subjects {
		r := fs.training(s)
		if r.own.ImagesPerS > 0 {
			rows = append(rows, []string{fmt.Sprintf("%s, %d", titled(s), s.batch), rate(r.own), rate(fs.best(figure{Part: "train", Net: s.net, Variant: "nchw"})),
				rate(fs.best(figure{Part: "train", Net: s.net, Variant: "nhwc"})), times(r.ratio), say.Percent(r.share)})
		}
	}
	return rows
}

func (fs figures) inferTable() [][]string {
	rows := [][]string{{"network"}}
	for _, b := range inferBatches {
		rows[0] = append(rows[0], fmt.Sprintf("batch %d: Assay", b), "PyTorch", "onnxruntime", "ratio to the better")
	}
	for _, s := range subjects {
		row, any := []string{titled(s)}, false
		for _, b := range inferBatches {
			r := fs.inference(s, b)
			any = any || r.own.ImagesPerS > 0
			row = append(row, rate(r.own), rate(fs.best(figure{Part: "infer", By: "pytorch", Net: s.net, Batch: b})), rate(fs.best(figure{Part: "infer", By: "onnxruntime", Net: s.net, Batch: b})), times(r.ratio))
		}
		if any {
			rows = append(rows, row)
		}
	}
	return rows
}

func (fs figures) detectTable() [][]string {
	rows := [][]string{{"network", "of a batch of", "Assay", "PyTorch", "onnxruntime", "ratio to the better"}}
	for _, s := range detectors {
		for _, c := range []struct {
			part, what string
			batch      int
		}{{detectTrain, "training", s.batch}, {detectInfer, "inference", 1}, {detectInfer, "inference", s.batch}} {
			of := func(by string) figure { return fs.best(figure{Part: c.part, By: by, Net: s.net, Batch: c.batch}) }
			mine, torch, ort := of(own), of("pytorch"), of("onnxruntime")
			if mine.ImagesPerS > 0 {
				rows = append(rows, []string{titled(s) + ", " + c.what, fmt.Sprint(c.batch), rate(mine), rate(torch), rate(ort),
					times(over(mine, figure{ImagesPerS: max(torch.ImagesPerS, ort.ImagesPerS)}))})
			}
		}
	}
	return rows
}

func (fs figures) memoryTable() [][]string {
	rows := [][]string{{"network, batch", "Assay", "PyTorch", "ratio", "allocations a step"}}
	for _, s := range subjects {
		r := fs.training(s)
		if r.own.PeakRSS > 0 && r.peer.PeakRSS > 0 {
			rows = append(rows, []string{fmt.Sprintf("%s, %d", titled(s), s.batch), megabytes(r.own.PeakRSS), megabytes(r.peer.PeakRSS), times(r.memory), fmt.Sprintf("%.0f", r.own.Allocs)})
		}
	}
	return rows
}

func (fs figures) threadsTable() [][]string {
	rows := [][]string{{"network, batch", "one thread", fmt.Sprintf("%d threads", fs.threads()), "ratio"}}
	for _, s := range subjects {
		if one, all, ratio := fs.scaling(s); ratio > 0 {
			rows = append(rows, []string{fmt.Sprintf("%s, %d", s.net, s.batch), rate(one), rate(all), times(ratio)})
		}
	}
	return rows
}

func (fs figures) avx2Table() [][]string {
	rows := [][]string{{"network, batch", "Assay", "share of peak", "its convolutions"}}
	for _, s := range subjects {
		if f := fs.best(figure{Part: "avx2", Net: s.net}); f.ImagesPerS > 0 {
			rows = append(rows, []string{fmt.Sprintf("%s, %d", titled(s), s.batch), rate(f), say.Percent(fs.shareOf(f)), say.Percent(fs.share("avx2", s.net))})
		}
	}
	return rows
}

func (fs figures) genericTable() [][]string {
	rows := [][]string{{"batch", "Assay", "GoMLX", "ratio"}}
	if g, peer := fs.best(figure{Part: "generic", By: own}), fs.best(figure{Part: "generic", By: "gomlx"}); g.ImagesPerS > 0 {
		rows = append(rows, []string{fmt.Sprint(g.Batch), rate(g), rate(peer), times(over(g, peer))})
	}
	return rows
}

func (fs figures) loadTable() [][]string {
	rows := [][]string{{"pixels", "decoded", "cached", "training, batch in memory", "training from the loader", "kept"}}
	for _, c := range folders {
		if l := fs.loading(c.side); l.cached.ImagesPerS > 0 {
			rows = append(rows, []string{fmt.Sprint(c.side), rate(l.decoded), rate(l.cached), rate(l.memory), rate(l.loader), say.Percent(over(l.loader, l.memory))})
		}
	}
	return rows
}

// titled is a network with its input where that is not its own.
func titled(s subject) string {
	if s.side > 0 {
		return fmt.Sprintf("%s %d px", s.net, s.side)
	}
	return s.net
}

func rate(f figure) string {
	switch {
	case f.ImagesPerS == 0:
		return ""
	case f.ImagesPerS < 10:
		return fmt.Sprintf("%.2f", f.ImagesPerS)
	}
	return say.Thousands(int64(f.ImagesPerS + 0.5))
}

func times(ratio float64) string {
	if ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", ratio)
}

func megabytes(n int64) string { return say.Thousands(n>>20) + " MB" }

// markdown is a table, its first row the head.
func markdown(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}
