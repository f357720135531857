//go:build walk

package approach_test

import "github.com/assaylab/assay/zoo"

const everything = true

func networks() []zoo.Net { return zoo.List() }
