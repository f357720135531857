package cpu

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/enginetest"
)

func TestEngineAgreesWithRef(t *testing.T) {
	ways := []Options{{Threads: 2}, {Threads: 3, Poison: true}, {Threads: 1, NoFusion: true, Poison: true}}
	for l, level := range Levels() {
		for way, o := range ways {
			o.Level = level
			t.Run(fmt.Sprintf("%s,threads=%d,fused=%v,poison=%v", level, o.Threads, !o.NoFusion, o.Poison), func(t *testing.T) {
				enginetest.Run(t, func() engine.Engine { return newEngine(t, o) }, way+l, len(ways))
			})
		}
	}
}
