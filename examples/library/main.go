// Command library trains a network of the zoo on a folder of images, keeps it, and measures what it kept on the test images: Assay as
// a Go library.
//
//	go run ./examples/library photos
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/train"
	"github.com/assaylab/assay/zoo"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: library FOLDER")
	}
	ctx := context.Background()
	set, err := data.Open(ctx, data.Folder(os.Args[1]), data.Options{})
	check(err)
	learning := experiment.DefaultLearning()
	learning.Epochs.Count = 10
	size := train.Geometry(set, learning)
	net, err := zoo.New("mini", zoo.Input(size.H, size.W, set.C), zoo.Classes(len(set.Classes)))
	check(err)
	settings := experiment.DefaultOptimization()
	settings.Batch.Size, settings.LR.Base = 16, 0.02
	engine, err := cpu.New(cpu.Options{})
	check(err)
	cut := set.Cut(1, 1)
	result, err := train.Run(ctx, train.Job{
		Graph: net, Optimization: settings, Learning: learning, Set: set, Cut: cut, Seeds: train.SeedsOf(1), Engine: engine,
		OnPoint: func(p train.Point) { fmt.Printf("epoch %.0f: %.1f %%\n", p.Epoch, p.Metrics["accuracy"]) },
	})
	check(err)
	if result.Diverged {
		log.Fatalf("diverged at step %d; lower the learning rate", result.Step)
	}
	check(result.Model.Save("library.safetensors"))

	m, err := model.Load("library.safetensors")
	check(err)
	test, err := train.Evaluate(ctx, m, set, cut.Test, engine, 16, 1)
	check(err)
	fmt.Printf("test: %.1f %% of %d images\n", 100*test.Raw("accuracy"), test.Images)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
