package data_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/tensor"
)

// From a set to batches: open it, cut it, measure the training images, feed.
func Example() {
	ctx := context.Background()
	set, err := data.Open(ctx, data.Builtin("fashion-mini"), data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	cut := set.Cut(1, 0) // seed 1, repeat 0
	geometry := set.Geometry(0, 2)
	preprocess, err := set.Preprocess(ctx, cut.Train, geometry)
	if err != nil {
		log.Fatal(err)
	}
	train, err := set.Loader(ctx, cut.Train, data.LoaderConfig{
		Batch: 128, Preprocess: preprocess, Geometry: geometry, Train: true,
		Augment: augment.List{augment.Crop{Pad: 2}, augment.Chance{P: 0.5, Op: augment.Flip{}}},
		Order:   tensor.NewStream(1, "order"), Draws: tensor.NewStream(1, "augment"),
	})
	if err != nil {
		log.Fatal(err)
	}
	feed := train.Start(0, 0, 1) // from the first step of the first epoch
	defer feed.Stop()
	batch, err := feed.Next()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(cut.Train), len(cut.Val), len(cut.Test), "images,", train.Steps(), "steps an epoch")
	fmt.Println(batch.X.Shape, batch.Valid)

	val, err := set.Loader(ctx, cut.Val, data.LoaderConfig{Batch: 128, Preprocess: preprocess, Geometry: geometry})
	if err != nil {
		log.Fatal(err)
	}
	images := 0
	for look := val.Start(0, 0, 1); ; {
		batch, err := look.Next()
		if err == io.EOF {
			look.Stop()
			break
		} else if err != nil {
			log.Fatal(err)
		}
		images += batch.Valid
	}
	fmt.Println(images, "images evaluated")
	// Output:
	// 9000 1000 2000 images, 70 steps an epoch
	// [128 28 28 1] 128
	// 1000 images evaluated
}
