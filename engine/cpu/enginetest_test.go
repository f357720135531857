package cpu

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/enginetest"
)

func TestEngineAgreesWithRef(t *testing.T) {
	for _, level := range Levels() {
		for _, o := range []Options{{Threads: 2}, {Threads: 3, Poison: true}, {Threads: 1, NoFusion: true, Poison: true}} {
			o.Level = level
			t.Run(fmt.Sprintf("%s,threads=%d,fused=%v,poison=%v", level, o.Threads, !o.NoFusion, o.Poison), func(t *testing.T) {
				enginetest.Run(t, func() engine.Engine { return newEngine(t, o) })
			})
		}
	}
}
