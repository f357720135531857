//go:build walk

package train_test

import "github.com/assaylab/assay/zoo"

func networks(string) (names []string) {
	for _, n := range zoo.List() {
		names = append(names, n.Name)
	}
	return names
}
