package format_test

import (
	"fmt"

	"github.com/assaylab/assay/data/format"
)

// A folder's layout is told by its names alone.
func ExampleImageFolder() {
	classes, places, _ := format.ImageFolder([]string{"train/cat/1.jpg", "train/dog/2.jpg", "val/cat/3.jpg"})
	fmt.Println(classes)
	for _, p := range places {
		fmt.Println(p.Name, classes[p.Label], p.Split)
	}
	// Output:
	// [cat dog]
	// train/cat/1.jpg cat train
	// train/dog/2.jpg dog train
	// val/cat/3.jpg cat val
}
