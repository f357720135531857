package model_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Make a model of a network and values that came from elsewhere, keep it, read it again and ask it about a picture.
func Example() {
	b := nn.NewBuilder("redness", nn.Size{}, 2)
	b.Logits(b.Linear(b.GlobalAvgPool(b.Image(8, 8, 3)), nn.Classes))
	graph, err := b.Build()
	check(err)
	values := program.NewState()
	weight, err := values.Add("linear1/weight", tensor.Of(3, 2))
	check(err)
	copy(weight.Data, []float32{9, -9, -9, 9, 0, 0}) // red speaks for the first class, green for the second
	_, err = values.Add("linear1/bias", tensor.Of(2))
	check(err)
	m, err := model.New(graph, values, model.About{
		Classes:    []string{"red", "green"},
		Preprocess: data.Preprocess{H: 8, W: 8, C: 3, Resize: [2]int{8, 8}, Mean: []float32{.5, .5, .5}, Std: []float32{1, 1, 1}},
	})
	check(err)

	dir, err := os.MkdirTemp("", "model")
	check(err)
	defer os.RemoveAll(dir)
	check(m.Save(filepath.Join(dir, "redness.safetensors")))
	m, err = model.Load(filepath.Join(dir, "redness.safetensors"))
	check(err)
	engine, err := cpu.New(cpu.Options{})
	check(err)
	defer engine.Close()
	predictor, err := m.Predictor(engine)
	check(err)
	defer predictor.Close()
	guesses, err := predictor.File(picture(dir), 1)
	check(err)
	fmt.Printf("%s %.2f\n", guesses[0].Name, guesses[0].Probability)
	// Output:
	// green 1.00
}

// picture is the file of a green one.
func picture(dir string) string {
	m := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		m.Set(i%16, i/16, color.RGBA{20, 220, 40, 255})
	}
	f, err := os.Create(filepath.Join(dir, "leaf.png"))
	check(err)
	defer f.Close()
	check(png.Encode(f, m))
	return f.Name()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
