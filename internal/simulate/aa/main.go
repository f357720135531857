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
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/study"
)

func main() {
	var o options
	flag.StringVar(&o.file, "file", "examples/first-study.yaml", "the study whose baseline is trained")
	flag.StringVar(&o.store, "store", "assay-store", "folder of the trainings")
	flag.IntVar(&o.blocks, "blocks", 86, "splits on which trainings that differ in all else are made")
	flag.IntVar(&o.paired, "paired", 43, "splits on which trainings that differ in first values alone are made")
	flag.IntVar(&o.threads, "threads", runtime.GOMAXPROCS(0), "trainings at once")
	flag.IntVar(&o.studies, "studies", 4000, "studies a line")
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
				held := block
				held.Init, seeds = seeds.Init, held
			}
			seeds.Split = block.Split
			if paired {
				seeds.Order, seeds.Augment, seeds.Dropout = block.Order, block.Augment, block.Dropout
			}
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
		return errors.New("-blocks, -paired, -threads, -studies: give 1 or more")
	}
	s, err := runner.Open(ctx, runner.Request{File: o.file, Store: o.store, Threads: o.threads, Open: open})
	if err != nil {
		return err
	}
	defer s.Close()
	launcher := runner.Here{Open: open}
	size := len(s.Plan.Arms)
	for _, paired := range []bool{false, true} {
		blocks := o.blocks
		if paired {
			blocks = o.paired
		}
		if _, err := collect(ctx, s, launcher, blocks, size, paired); err != nil {
			return err
		}
	}
	return nil
}

func open(_ string, threads int) (engine.Engine, error) {
	return cpu.New(cpu.Options{Threads: threads})
}
