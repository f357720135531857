package train_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/train"
	"github.com/assaylab/assay/zoo"
)

// Train a network of the zoo on a folder that holds a folder of pictures for each class, then ask it about a picture.
func Example() {
	ctx, folder := context.Background(), pictures()
	defer os.RemoveAll(folder)
	set, err := data.Open(ctx, data.Folder(folder), data.Options{})
	check(err)
	defer set.Close()

	learning, optimization := experiment.DefaultLearning(), experiment.DefaultOptimization()
	learning.Epochs.Count, optimization.Batch.Size = 4, 8
	size := train.Geometry(set, learning)
	net, err := zoo.New("resnet20", zoo.Input(size.H, size.W, set.C), zoo.Classes(len(set.Classes)))
	check(err)
	engine, err := cpu.New(cpu.Options{})
	check(err)
	result, err := train.Run(ctx, train.Job{
		Graph: net, Optimization: optimization, Learning: learning, Set: set, Cut: set.Cut(1, 1), Seeds: train.SeedsOf(1), Engine: engine,
	})
	check(err)
	fmt.Printf("accuracy %.0f %%\n", 100*result.Score.Raw("accuracy"))

	predictor, err := result.Model.Predictor(engine)
	check(err)
	guesses, err := predictor.File(folder+"/red/3.png", 5)
	check(err)
	fmt.Println(guesses[0].Name)
	// Output:
	// accuracy 100 %
	// red
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
