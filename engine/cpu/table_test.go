package cpu

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

// tableDigest is of the tables' content at TableVersion.
const tableDigest = "680b55cf52b2ec5a"

func TestTheTableAndItsVersionChangeTogether(t *testing.T) {
	if got := digest(); got != tableDigest {
		t.Errorf("the tables have digest %s where version %d has %s; a changed table is a new version: raise TableVersion and write the digest here", got, TableVersion, tableDigest)
	}
}

// digest is of the figures of all levels.
func digest() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		t := tables[name]
		t.made = ""                                            // whoever measured the same figures when
		fmt.Fprintf(sum, "%d %s %+v\n", TableVersion, name, t) // maps print in the order of their keys
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8])
}

func TestEveryTileHasItsCost(t *testing.T) {
	for _, s := range kernel.Levels() {
		table := tables[s.Name]
		for _, tile := range s.Conv {
			if table.conv[tile.Name] < 1 {
				t.Errorf("%s: no cost for the convolution tile %s in the table", s.Name, tile.Name)
			}
		}
		for _, tile := range s.Wgrad {
			if table.wgrad[tile.Name] < 1 {
				t.Errorf("%s: no cost for the weight gradient tile %s in the table", s.Name, tile.Name)
			}
		}
		if len(table.conv) != len(s.Conv) || len(table.wgrad) != len(s.Wgrad) {
			t.Errorf("%s: the table has %d and %d tiles where the level has %d and %d", s.Name, len(table.conv), len(table.wgrad), len(s.Conv), len(s.Wgrad))
		}
	}
}
