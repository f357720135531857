//go:build walk

package approach_test

import "github.com/assaylab/assay/zoo"

func networks() []zoo.Net { return zoo.List() }
