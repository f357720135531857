package safetensors_test

import (
	"bytes"
	"fmt"

	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/tensor"
)

func Example() {
	weights := []safetensors.Named{{Name: "conv1/weight", Tensor: tensor.New(3, 3, 1, 8)}, {Name: "conv1/bias", Tensor: tensor.New(8)}}
	var file bytes.Buffer
	if err := safetensors.Write(&file, weights, map[string]string{"net": "mini"}); err != nil {
		fmt.Println(err)
		return
	}
	back, err := safetensors.Read(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range back.Tensors {
		fmt.Println(n.Name, n.Tensor.Shape)
	}
	fmt.Println(back.Metadata["net"])
	// Output:
	// conv1/weight [3 3 1 8]
	// conv1/bias [8]
	// mini
}
