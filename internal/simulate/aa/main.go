// Command aa trains the baseline of a study again and again, makes studies of these trainings in which no arm differs from another, and counts
// how often the judge says that one does:
//
//	go run ./internal/simulate/aa -blocks 86 -paired 43 -store ./assay-store -out docs/results/aa
//
// A block is one split with as many trainings as a study of the file has arms. They differ in first values, order of images,
// augmentation and dropout; in a paired block, in first values alone, as arms of a study with the same shapes do. What a store
// has is found, so that the command goes on where it was stopped.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/stat"
	"github.com/assaylab/assay/task"
)

func main() {
	var o options
	flag.StringVar(&o.file, "file", "examples/first-study.yaml", "the study whose baseline is trained")
	flag.StringVar(&o.store, "store", "assay-store", "folder of the trainings")
	flag.IntVar(&o.blocks, "blocks", 86, "splits on which trainings that differ in all else are made")
	flag.IntVar(&o.paired, "paired", 43, "splits on which trainings that differ in first values alone are made")
	flag.IntVar(&o.threads, "threads", runtime.GOMAXPROCS(0), "trainings at once")
	flag.IntVar(&o.studies, "studies", 1000, "studies a line")
	flag.StringVar(&o.out, "out", "", "folder to write aa.json to and whose README.md is filled; standard output alone if empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	file, store, out                 string
	blocks, paired, threads, studies int
}

// collect is the trainings of so many blocks of size each, by block.
func collect(ctx context.Context, s *runner.Session, launcher runner.Launcher, blocks, size int, paired bool) ([][]study.Trial, error) {
	var draws []runner.Draw
	for b := range blocks {
		block := study.SeedsOf(s.Study.Seed, (b+1)*100)
		for arm := range size {
			seeds := study.SeedsOf(s.Study.Seed, (b+1)*100+arm)
			if paired {
				init := seeds.Init
				seeds = block
				seeds.Init = init
			}
			seeds.Split = block.Split
			draws = append(draws, runner.Draw{Name: study.BaselineName, Repeat: b*size + arm + 1, Seeds: seeds})
		}
	}
	done := 0
	trials, err := s.Again(ctx, launcher, draws, func(e runner.Event) {
		if e.Ended != nil {
			if done++; done%10 == 0 {
				fmt.Fprintf(os.Stderr, "%d of %d trainings\n", e.Done, e.Total)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([][]study.Trial, blocks)
	for i, t := range trials {
		if t.Status != study.Done {
			return nil, fmt.Errorf("%s: %s; studies are made of trainings that end", draws[i], t.Reason)
		}
		out[i/size] = append(out[i/size], t)
	}
	return out, nil
}

func run(ctx context.Context, o options) error {
	if o.blocks < 0 || o.paired < 0 || o.threads < 1 || o.studies < 1 {
		return errors.New("-blocks, -paired, -threads, -studies: give 0 or more blocks, and 1 or more of the others")
	}
	s, err := runner.Open(ctx, runner.Request{File: o.file, Store: o.store, Threads: o.threads, Open: open})
	if err != nil {
		return err
	}
	defer s.Close()
	size := len(s.Plan.Arms)
	var lines []line
	for _, paired := range []bool{false, true} {
		blocks := o.blocks
		if paired {
			blocks = o.paired
		}
		trained, err := collect(ctx, s, runner.Here{Open: open}, blocks, size, paired)
		if err != nil {
			return err
		}
		for _, shape := range [][2]int{{size, s.Study.Repeats}, {4, 3}, {2, s.Study.Repeats}} {
			if blocks < shape[1] {
				continue
			}
			l, err := judge(s, trained, shape[0], shape[1], o.studies)
			if err != nil {
				return err
			}
			l.Paired = paired
			lines = append(lines, l)
			fmt.Printf("%+v\n", l)
		}
	}
	if o.out == "" {
		return nil
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return err
	}
	err = atomicfile.Write(filepath.Join(o.out, "aa.json"), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(lines)
	})
	if err != nil {
		return err
	}
	page := filepath.Join(o.out, "README.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	filled, err := fill(string(text), lines)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return os.WriteFile(page, []byte(filled), 0o666)
}

// line is what came of studies of one shape.
type line struct {
	Paired    bool    `json:"paired"` // arms differ in first values alone
	Arms      int     `json:"arms"`
	Repeats   int     `json:"repeats"`
	Trainings int     `json:"trainings"` // that studies are made of
	Groups    int     `json:"groups"`    // disjoint, each with studies of its own
	Studies   int     `json:"studies"`
	Rates     []rate  `json:"rates"` // by metric, the primary first
	Noise     float64 `json:"noise"` // mean standard deviation between repeats, points
}

// rate is the share of studies in which some arm is said to help or to hurt. Its standard error is that of the groups' own rates, as
// studies of one group share trainings.
type rate struct {
	Metric string  `json:"metric"`
	False  float64 `json:"false"`
	SE     float64 `json:"se"`
}

// judge makes studies of arms and repeats: the blocks are dealt out to groups of as many as a study has repeats, and each study takes the
// blocks of one group and of each block other trainings, in an order drawn anew, so that none has a training twice. Of one group alone the
// standard error is not known, and 0.
func judge(s *runner.Session, blocks [][]study.Trial, arms, repeats, studies int) (line, error) {
	each := repeats
	groups := len(blocks) / each
	l := line{Arms: arms, Repeats: repeats, Trainings: groups * each * len(blocks[0]), Groups: groups, Studies: studies / groups * groups}
	metrics := task.Classify{}.Metrics()
	wrong := make([][]float64, len(metrics))
	rng := rand.New(rand.NewPCG(1, uint64(arms*1000+repeats)))
	for g := range groups {
		of := blocks[g*each:][:each]
		count := make([]float64, len(metrics))
		for range studies / groups {
			r := made(s, of, arms, repeats, metrics, rng)
			if err := study.Claims(r); err != nil {
				return l, err
			}
			l.Noise += noise(r) / float64(l.Studies)
			for i, m := range metrics {
				for _, j := range r.Judged {
					f := &j.Finding
					if i > 0 {
						f = j.Others[m.Name]
					}
					if f != nil && (f.Verdict == study.Helps || f.Verdict == study.Hurts) {
						count[i]++
						break
					}
				}
			}
		}
		for i := range metrics {
			wrong[i] = append(wrong[i], count[i]/float64(studies/groups))
		}
	}
	for i, m := range metrics {
		r := rate{Metric: m.Name, False: stat.Mean(wrong[i])}
		if groups > 1 {
			r.SE = math.Sqrt(stat.Variance(wrong[i]) / float64(groups))
		}
		l.Rates = append(l.Rates, r)
	}
	return l, nil
}

// made is one study.
func made(s *runner.Session, blocks [][]study.Trial, arms, repeats int, metrics []task.Metric, rng *rand.Rand) *study.Result {
	r := &study.Result{Name: "aa", Repeats: repeats, Meaningful: s.Study.Meaningful, Metrics: metrics, Design: study.Design{Kind: study.OFAT}}
	for a := range arms {
		r.Arms = append(r.Arms, study.Arm{Name: fmt.Sprint("arm ", a), Baseline: a == 0})
		if a > 0 {
			r.Variants = append(r.Variants, r.Arms[a].Name)
			r.Arms[a].Of = []string{r.Arms[a].Name}
		}
	}
	for repeat, b := range rng.Perm(len(blocks))[:repeats] {
		for a, which := range rng.Perm(len(blocks[b]))[:arms] {
			t := blocks[b][which]
			t.Arm, t.Repeat = r.Arms[a].Name, repeat+1
			r.Trials = append(r.Trials, t)
		}
	}
	return r
}

// noise is the standard deviation of one training within its repeat, points.
func noise(r *study.Result) float64 {
	y := make([][]float64, len(r.Arms))
	for _, t := range r.Trials {
		for a := range r.Arms {
			if r.Arms[a].Name == t.Arm {
				y[a] = append(y[a], t.Metrics[r.Metrics[0].Name])
			}
		}
	}
	l, err := stat.Fit(y)
	if err != nil {
		return math.NaN()
	}
	return math.Sqrt(l.Variance)
}

// fill puts the table between its marks in a page.
func fill(page string, lines []line) (string, error) {
	const begin, end = "<!-- aa -->\n", "<!-- /aa -->"
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", errors.New("no <!-- aa --> and <!-- /aa --> to put the table between")
	}
	var b strings.Builder
	b.WriteString("| arms differ in | arms x repeats | trainings | disjoint groups | studies | any false claim on accuracy | on log loss | noise, points |\n|---|---|---|---|---|---|---|---|\n")
	for _, l := range lines {
		what := "first values, order"
		if l.Paired {
			what = "first values alone"
		}
		fmt.Fprintf(&b, "| %s | %d x %d | %d | %d | %d", what, l.Arms, l.Repeats, l.Trainings, l.Groups, l.Studies)
		for _, name := range []string{"accuracy", "log_loss"} {
			for _, r := range l.Rates {
				if r.Metric == name {
					fmt.Fprintf(&b, " | %.1f ± %.1f %%", 100*r.False, 100*r.SE)
				}
			}
		}
		fmt.Fprintf(&b, " | %.2f |\n", l.Noise)
	}
	return before + begin + b.String() + end + after, nil
}

func open(_ string, threads int) (engine.Engine, error) {
	return cpu.New(cpu.Options{Threads: threads})
}
