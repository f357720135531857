//go:build walk

package approach_test

import (
	"testing"
	"time"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/zoo"
)

// Building, rewriting and counting takes under 50 ms whatever the network and the approach; of a busy machine, the best of ten tries.
func TestEveryRewriteIsQuick(t *testing.T) {
	const most = 50 * time.Millisecond
	for _, e := range approach.Catalog() {
		if e.Kind == approach.Learning {
			continue
		}
		for _, text := range walked[e.Name] {
			for _, net := range zoo.List() {
				took := most
				for try := 0; try < 10 && took >= most; try++ {
					start := time.Now()
					g, err := zoo.New(net.Name)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := approach.Rewrite(g, []experiment.Choice{chosen(text)}); err == nil {
						_, err = g.Cost()
					}
					took = time.Since(start)
				}
				if took >= most {
					t.Errorf("%s on %s takes %v, want under %v", text, net.Name, took, most)
				}
			}
		}
	}
}
