// Package floors holds the import table of the project, and its test fails on any edge that the table does not have. It
// imports nothing of Assay. Start at [Rooms]; a new edge needs a decision page in docs/decisions.
package floors

import (
	"slices"
	"strings"
)

// Module is the import path that every room's path begins with.
const Module = "github.com/assaylab/assay"

// Room is a folder of packages and the rooms they may import. What those may import, it may import too. A package belongs
// to the room with the longest name that its path begins with, and may import the packages of its own room.
type Room struct {
	Name string
	May  []string
}

// All in a May stands for every room.
const All = "*"

// Rooms is the table, lowest floor first.
var Rooms = []Room{
	{"internal/spec", nil},
	{"internal/atomicfile", nil},
	{"internal/say", nil}, // words for people and guards of the terminal: any room may say something
	{"internal/memory", []string{"internal/say"}},
	{"internal/floors", nil},
	{"internal/elementary", nil},
	{"internal/tree", nil},                      // nn and programs have trees of classes, and neither knows the other
	{"tensor", []string{"internal/elementary"}}, // the normal numbers it draws
	{"nn", []string{"tensor", "internal/tree", "internal/spec", "internal/say"}},
	{"internal/module", []string{"nn"}},
	{"zoo", []string{"internal/module"}},
	{"draw", []string{"nn"}},
	{"internal/diff", []string{"nn"}},
	{"interop/safetensors", []string{"tensor", "internal/atomicfile"}},
	{"interop/darknet", []string{"nn", "internal/memory", "internal/atomicfile"}},
	{"interop/torch", []string{"tensor", "internal/memory"}}, // what a file promises is asked for before it is taken
	{"internal/program", []string{"tensor", "internal/tree"}},
	{"engine", []string{"internal/program"}}, // never nn: an engine knows no layers
	{"internal/enginetest", []string{"engine", "internal/ref"}},
	{"internal/ref", []string{"engine"}},
	{"interop/onnx", []string{"internal/program", "internal/ref", "internal/atomicfile"}}, // what an engine runs, not layers; of ref the values of constants
	{"engine/cpu", []string{"engine", "engine/cpu/internal/kernel", "internal/memory"}},
	{"engine/cpu/internal/kernel", []string{"internal/elementary"}},
	{"engine/xla", []string{"engine"}},
	{"data/box", []string{"tensor", "internal/elementary"}},
	{"internal/annotation", []string{"data/box", "internal/memory"}},
	{"internal/meanap", []string{"data/box"}},
	{"internal/pixel", nil}, // vector code for bytes: resizing, colours, JPEG's transform
	{"data/augment", []string{"tensor", "internal/pixel"}},
	{"internal/format", []string{"data/augment", "internal/memory"}}, // decoders ask for room
	{"data", []string{"internal/format", "internal/annotation", "internal/spec", "internal/atomicfile"}},
	{"task", []string{"nn", "internal/program", "data", "internal/meanap", "internal/elementary", "internal/spec"}}, // what outputs are for: its loss stands in programs, its targets in batches
	{"experiment", []string{"zoo", "data", "task"}},                                                                 // of task the names
	{"internal/compile", []string{"nn", "internal/program", "experiment", "internal/memory"}},                       // of experiment the optimization settings alone; of a task it asks by an interface of its own
	{"model", []string{"internal/compile", "data", "engine", "task", "interop/safetensors"}},                        // of engine the interface: a prediction is handed one
	{"approach", []string{"experiment", "task", "internal/compile", "interop/darknet"}},                             // of task whether a network fits it, of internal/compile what of a frozen one is computed once; a network may be a cfg
	{"train", []string{"experiment", "internal/compile", "engine", "task", "model"}},                                // never an engine of its own: it is handed one
	{"internal/pretrain", []string{"train", "interop/torch", "interop/darknet"}},                                    // weights of a file become the start of a training
	{"study", []string{"approach", "internal/diff", "task", "study/stat"}},
	{"study/stat", nil},
	{"internal/simulate", []string{"study", "experiment", "internal/atomicfile"}}, // studies whose truth is known, and how often the judge errs
	{"internal/simulate/aa", []string{"internal/runner", "engine/cpu"}},           // the same of real trainings
	{"study/trial", []string{"data", "internal/atomicfile"}},
	{"internal/runner", []string{"study", "study/trial", "internal/store", "study/queue", "train", "internal/pretrain", "engine/cpu"}}, // of engine/cpu the number of threads; engines it is handed
	{"study/queue", []string{"study", "internal/store", "train"}},
	{"internal/store", []string{"study", "study/trial"}},
	{"internal/report", []string{"study", "internal/store"}},
	{"serve", []string{"study", "internal/store"}},
	{"internal/gradcheck", []string{"internal/program"}}, // helpers of tests
	{"internal/golden", nil},
	{"internal/guard", nil},
	{"assay", []string{All}}, // the package at the root: the short way in
	{"internal/cli", []string{All}},
	{"cmd/assay", []string{"internal/cli"}},
	{"examples", []string{All}},
	{"bench", []string{All}},
	{"internal/docs", []string{All}},
}

// Helpers are the rooms that any test may import on top of its room's.
var Helpers = []string{"internal/gradcheck", "internal/golden", "internal/guard", "internal/compile", "engine", "internal/enginetest", "internal/ref", "engine/cpu"}

// Pure are the rooms that may touch no disk, network or clock, so that a million studies can be simulated.
var Pure = []string{"study", "study/stat", "approach", "internal/compile", "task", "internal/program", "draw", "internal/diff", "nn", "internal/module", "tensor"}

// RoomOf is the room that a package belongs to; ok is false if the table has none.
func RoomOf(path string) (name string, ok bool) {
	if path = strings.TrimPrefix(strings.TrimPrefix(path, Module), "/"); path == "" {
		path = "assay"
	}
	for _, r := range Rooms {
		if (path == r.Name || strings.HasPrefix(path, r.Name+"/")) && len(r.Name) > len(name) {
			name, ok = r.Name, true
		}
	}
	return name, ok
}

// Allows reports whether a package of one room may import a package of another.
func Allows(from, to string) bool { return allows(from, to, map[string]bool{}) }

func allows(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	i := slices.IndexFunc(Rooms, func(r Room) bool { return r.Name == from })
	if i < 0 {
		return false
	}
	for _, room := range Rooms[i].May {
		if room == All || allows(room, to, seen) {
			return true
		}
	}
	return false
}
