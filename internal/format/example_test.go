package format_test

import (
	"fmt"

	"github.com/assaylab/assay/internal/format"
)

// A folder's layout is told by its names alone.
func ExampleImageFolder() {
	l := format.ImageFolder([]string{"train/cat/1.jpg", "train/dog/2.jpg", "val/cat/3.jpg"})
	fmt.Println(l.Classes)
	for _, p := range l.Places {
		fmt.Println(p.Name, l.Classes[p.Label], p.Split)
	}
	// Output:
	// [cat dog]
	// train/cat/1.jpg cat train
	// train/dog/2.jpg dog train
	// val/cat/3.jpg cat val
}
