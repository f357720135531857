package cpu

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

// tableDigest is of the tables' content at TableVersion.
const tableDigest = "ce9dd7c6bcd9a7e9"

func TestTheTableAndItsVersionChangeTogether(t *testing.T) {
	if got := digest(); got != tableDigest {
		t.Errorf("the tables have digest %s where version %d has %s; a changed table is a new version: raise TableVersion and write the digest here", got, TableVersion, tableDigest)
	}
}

// digest is of the figures of all levels.
func digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %+v", TableVersion, tables) // maps print in the order of their keys
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
