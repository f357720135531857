//go:build !walk

package approach_test

import "github.com/assaylab/assay/zoo"

// everything is whether the walks leave nothing out.
const everything = false

// networks is what the laws and the walk go over: a few networks of different kinds, or with -tags walk the whole zoo.
func networks() []zoo.Net { return zoo.Small() }
