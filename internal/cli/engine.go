package cli

import (
	"cmp"
	"fmt"
	"os"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
)

// The one place that turns --device into an engine.

// deviceCPU is the device that every build has, and the default.
const deviceCPU = "cpu"

// device settles which device is asked for, and refuses one that this build has not.
func (e *Env) device() error {
	from := "--device"
	if e.Device == "" {
		from = "ASSAY_DEVICE"
		e.Device = cmp.Or(os.Getenv(from), deviceCPU)
	}
	if e.Device != deviceCPU {
		return misuse(fmt.Errorf("%s: no device %q; this assay has cpu alone (assay devices)", from, e.Device))
	}
	return nil
}

// engine opens the device's engine. Who opens it closes it.
func (e *Env) engine(threads int) (engine.Engine, error) {
	eng, err := cpu.New(cpu.Options{Threads: threads})
	if err != nil {
		return nil, misuse(err)
	}
	return eng, nil
}

// processor opens the engine of the processor, for commands that measure it; with profile it times its steps.
func (e *Env) processor(profile bool) (*cpu.Engine, error) {
	eng, err := cpu.New(cpu.Options{Threads: e.Threads, Profile: profile})
	if err != nil {
		return nil, misuse(err)
	}
	return eng, nil
}

// opener opens the engine of a device that a request names.
func (e *Env) opener(device string, threads int) (engine.Engine, error) {
	if device != "" && device != deviceCPU {
		return nil, misuse(fmt.Errorf("no device %q; this assay has cpu alone (assay devices)", device))
	}
	return e.engine(threads)
}
