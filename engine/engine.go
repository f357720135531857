// Package engine is the contract between programs and what executes them. internal/ref says in float64 and obvious loops what
// every op means; engine/cpu is fast; both pass the cases of internal/enginetest. It imports program only. Start at [Engine];
// [ID] says whose bits are comparable.
package engine

import "github.com/assaylab/assay/internal/program"

// Engine turns programs into executables. Executables of one Engine may share scratch memory, so only one of them runs at a
// time; two Engines are independent.
//
// The values of a State are on the host or with an engine that is ahead of it ([program.State]): what the host wrote before a
// run, the run sees; what a run wrote, State.Read gives, whichever engine runs next. An engine with a memory of its own says by
// State.Ahead what it wrote, and copies from the host what State.VersionOf says has changed.
type Engine interface {
	// ID says what runs, as far as results depend on it.
	ID() ID
	// Compile plans a program over a State. Held values that the State lacks are an error that names them.
	Compile(p *program.Program, s *program.State) (Executable, error)
	// Close gives back what the engine holds; it and its executables run nothing any more. It may be called twice. Values that it is
	// ahead of are lost: read them before.
	Close()
}

// Executable is a planned program.
type Executable interface {
	// Run executes the program once and waits for its end. An array of another size than declared, or one that is missing, is an error.
	Run(f Feed) error
	// Output is the dense content of a named output after a run, nil for an unknown name. It is valid until the next Run of
	// any executable of this Engine, and the caller must not change it.
	Output(name string) []float32
	// Plan tells what was decided: memory and steps.
	Plan() Plan
	// Close gives back what this executable alone holds; it runs no more. It may be called twice.
	Close()
}

// Feed is what changes from run to run, by name. Maps are read, never written, so that a caller can fill one once and keep it;
// what a program does not ask for is ignored.
type Feed struct {
	Real    map[string][]float32 // Input values, dense, row-major
	Index   map[string][]int32
	Scalars map[string]float32
}

// Plan describes an executable for people and reports.
type Plan struct {
	Engine       string     `json:"engine"`
	ArenaBytes   int64      `json:"arena_bytes"`   // what intermediate values occupy, as planned
	LiveBytes    int64      `json:"live_bytes"`    // what of them is needed at once, at most: no plan of these steps has a shorter arena
	ValueBytes   int64      `json:"value_bytes"`   // what they would occupy without reuse of memory
	ScratchBytes int64      `json:"scratch_bytes"` // packed weights, partial sums, per-thread buffers
	Steps        []PlanStep `json:"steps"`
}

// PlanStep is one thing that an engine does: one op, or several fused.
type PlanStep struct {
	Name   string `json:"name"`   // the layer
	What   string `json:"what"`   // "conv 3x3 + bias + relu", "batch-norm + add + relu" ...
	Output string `json:"output"` // shape
	Kernel string `json:"kernel"` // "avx2 6x16" ...
	MACs   int64  `json:"macs"`
	Bytes  int64  `json:"bytes"` // read and written at least

	// Seconds is processor time a run, of all threads together, over the runs so far; 0 where the engine does not time its steps.
	Seconds float64 `json:"seconds"`
}
