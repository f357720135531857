package spec_test

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
)

// A struct is the file, key for key; what is not written keeps its default.
func ExampleDecode() {
	type training struct {
		Net    string      `yaml:"net" spec:"required"`
		Epochs int         `yaml:"epochs"`
		Tune   []spec.Item `yaml:"optimization"`
	}
	for _, text := range []string{
		"net: mini\noptimization:\n  - batchnorm\n  - lr: {base: 0.05}\n",
		"net: mini\nepoch: 4\n",
		"net: mini\nepochs: many\n",
	} {
		t := training{Epochs: 20}
		n, err := spec.Parse("photos.yaml", []byte(text))
		if err == nil {
			err = spec.Decode(n, &t)
		}
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(t.Net, t.Epochs, t.Tune[0].Name, t.Tune[1].Name, t.Tune[1].Value.Get("base").Text())
	}
	// Output:
	// mini 20 batchnorm lr 0.05
	// photos.yaml:2:1: unknown key "epoch"; did you mean "epochs"?
	// photos.yaml:2:9: epochs: want a whole number, got "many"
}

func ExampleNode_YAML() {
	file := spec.NewMap()
	file.Comment = "Written by assay study new."
	file.Set("question", spec.NewText("Does ELU pay?"))
	base := file.Set("base", spec.NewMap())
	base.Set("data", spec.NewText("photos")).Note = "612 images, 5 classes"
	file.Set("repeats", spec.NewInt(3)).Note = "paired: every variant sees the same split, order and crops"
	fmt.Print(string(file.YAML()))
	// Output:
	// # Written by assay study new.
	// question: Does ELU pay?
	// base:
	//   data: photos # 612 images, 5 classes
	// repeats: 3 # paired: every variant sees the same split, order and crops
}
