package experiment

import "github.com/assaylab/assay/data"

// Mixed is pictures of one class each that a detector's training sees beside those with boxes.
type Mixed struct {
	Data       Data      `yaml:"data" spec:"bare" default:"none" help:"the pictures: a built-in set by name, or {folder: DIR} and other keys of data; of it the images that it trains on itself"`
	Ratio      float64   `yaml:"ratio" help:"how many of them for each picture with boxes, above 0 to 100"`
	Weight     float64   `yaml:"weight" help:"what they weigh in the loss beside pictures with boxes, above 0"`
	Tree       Hierarchy `yaml:"tree" default:"none" help:"which class is a kind of which, as tree says it; none: tree says"`
	Background bool      `yaml:"background" help:"on these pictures, too, boxes that answer for nothing are drawn to no object"`
}

// None says whether there are none.
func (m Mixed) None() bool { return m.Data.Name == "" && m.Data.Folder == "" }

// Images is how many images an epoch sees of so many with boxes.
func (m Mixed) Images(boxed int) int {
	if m.None() {
		return boxed
	}
	return boxed + data.BesideImages(boxed, m.Ratio)
}
