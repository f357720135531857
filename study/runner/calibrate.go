package runner

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/tensor"
)

// calibrationTime bounds the timing of all networks of a study together.
const calibrationTime = 10 * time.Second

// Calibrate times a step of every distinct network on random batches, with the machine to itself: at most three steps each,
// ten seconds in all. What the store knows of this machine is not timed again. Arms get their seconds. st may be nil.
func (s *Session) Calibrate(ctx context.Context, st *store.Store) error {
	e, err := cpu.New(cpu.Options{Threads: s.request.Threads})
	if err != nil {
		return err
	}
	defer e.Close()
	machine := fmt.Sprintf("%s %s %d threads", processor(), e.Name(), e.Threads())
	distinct := map[string][]int{}
	var order []string
	for i, a := range s.Plan.Arms {
		sum := sha256.Sum256(fmt.Appendf(a.Built.Graph.YAML(), "%+v", a.Built.Optimization))
		key := hex.EncodeToString(sum[:16])
		if distinct[key] == nil {
			order = append(order, key)
		}
		distinct[key] = append(distinct[key], i)
	}
	deadline := time.Now().Add(calibrationTime)
	for n, key := range order {
		if err := ctx.Err(); err != nil {
			return err
		}
		arms := distinct[key]
		seconds := 0.0
		if st != nil {
			if c, err := st.Calibration(key, machine); err == nil && c != nil {
				seconds = c.SecondsPerStep
			}
		}
		if seconds == 0 || s.memory == 0 {
			share := time.Until(deadline) / time.Duration(len(order)-n)
			timed, steps, bytes, err := timeStep(e, s.Plan.Arms[arms[0]], share)
			if err != nil {
				return err
			}
			s.memory = max(s.memory, bytes)
			if seconds == 0 {
				seconds = timed
				if st != nil {
					if err := st.SetCalibration(key, machine, store.Calibration{SecondsPerStep: timed, Steps: steps}); err != nil {
						return err
					}
				}
			}
		}
		for _, i := range arms {
			s.Plan.Arms[i].TrainSeconds = seconds * float64(s.Plan.Arms[i].Steps)
		}
	}
	return nil
}

// timeStep is the least time of up to three steps after a first one, which counts only where the time is up; and the memory
// that a trial of the arm takes.
func timeStep(e *cpu.Engine, a study.PlannedArm, limit time.Duration) (seconds float64, steps int, bytes int64, err error) {
	f, err := compile.New(a.Built.Graph, a.Built.Optimization, 1)
	if err != nil {
		return 0, 0, 0, err
	}
	if err := f.Initialize(a.Built.Optimization.Init, 1); err != nil {
		return 0, 0, 0, err
	}
	batch := a.Built.Optimization.Batch.Size
	p, err := f.Step(batch)
	if err != nil {
		return 0, 0, 0, err
	}
	exe, err := e.Compile(p, f.State)
	if err != nil {
		return 0, 0, 0, err
	}
	x, labels := RandomBatch(a.Images.Images.Size.H, a.Images.Images.Size.W, a.Images.Images.Size.C, batch, a.Built.Graph.Classes)
	feed := engine.Feed{
		Real: map[string][]float32{compile.Images: x}, Index: map[string][]int32{compile.Labels: labels},
		Scalars: map[string]float32{},
	}
	f.Scalars(feed.Scalars, 1e-4, 0)
	began := time.Now()
	for steps = 0; steps <= 3; steps++ {
		at := time.Now()
		if err := exe.Run(feed); err != nil {
			return 0, 0, 0, err
		}
		if d := time.Since(at).Seconds(); steps <= 1 || d < seconds {
			seconds = d
		}
		if time.Since(began) > limit {
			break
		}
	}
	plan := exe.Plan()
	return seconds, max(steps, 1), plan.ArenaBytes + plan.ScratchBytes + f.State.Bytes(), nil
}

// RandomBatch is a batch of standard normal images with labels in turn: what speed is measured on.
func RandomBatch(h, w, c, batch, classes int) ([]float32, []int32) {
	x, labels := make([]float32, batch*h*w*c), make([]int32, batch)
	r := tensor.NewStream(1, "random batch").At(0, 0)
	for i := range x {
		x[i] = float32(r.Normal())
	}
	for i := range labels {
		labels[i] = int32(i % classes)
	}
	return x, labels
}

// processor names the machine's processor, as far as the system tells.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	name := runtime.GOARCH
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok {
			switch strings.TrimSpace(key) {
			case "model name":
				name = strings.TrimSpace(value)
			case "model":
				name += " " + strings.TrimSpace(value)
			}
		}
		if lines.Text() == "" {
			break
		}
	}
	return name
}

// freeMemory is what the system can give, in bytes; 0 where it does not tell.
func freeMemory() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	return 0
}
