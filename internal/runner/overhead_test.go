//go:build torture && unix

package runner

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/train"
)

// TestTortureWhatATrialsProcessSpends holds what a trial's process takes beside data, compiling and steps under a tenth of a second of
// processor time, in a study of 41 arms. The process is this test's own binary, asked for the first steps of the last arm; the same work
// is then done here, and taken off. Both are the least of five.
func TestTortureWhatATrialsProcessSpends(t *testing.T) {
	var text strings.Builder
	text.WriteString("base:\n  data: fashion-mini\n  net: resnet20\n  optimization: [{batch: 32}]\n  learning: [{epochs: 2}]\nrepeats: 5\nvariants:\n")
	for i := range 40 {
		fmt.Fprintf(&text, "  - {name: v%02d, with: [{lr: %.4f}]}\n", i, 0.021+0.0005*float64(i))
	}
	file := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	s := opened(t, file)
	st, err := store.Open(s.request.Store, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	id, err := s.engineID()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.ask(t.Context(), st, 40, 5, id.String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	r.Begin = 1e-9
	var request bytes.Buffer
	if err := r.Write(&request); err != nil {
		t.Fatal(err)
	}
	process, work := math.Inf(1), math.Inf(1)
	for range 5 {
		c := exec.Command(os.Args[0], "trial")
		c.Env = append(os.Environ(), "GOMAXPROCS=2")
		in, err := c.StdinPipe() // which stays open, as a study's does
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		c.Stderr = &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		in.Write(request.Bytes())
		if err := c.Wait(); err != nil {
			t.Fatalf("%v %s", err, said.String())
		}
		process = min(process, (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds())
		if left, err := trial.Load(r.Result); err != nil || left.Status != trial.Done {
			t.Fatalf("%+v %v", left, err)
		}
		work = min(work, spent(t, func() { begun(t, r) }))
	}
	t.Logf("a trial's process: %.3f s of processor time; data, compiling and steps of it: %.3f s; a request of %d bytes", process, work, request.Len())
	if over := process - work; over > 0.1 {
		t.Errorf("%.3f s beside them, want at most 0.1", over)
	}
}

// begun does what a process does for a request but for all that is not data, compiling and steps.
func begun(t *testing.T, r trial.Request) {
	t.Helper()
	graph, err := nn.Read("network", []byte(r.Network))
	if err != nil {
		t.Fatal(err)
	}
	o, l, err := experiment.DecodeSettings([]byte(r.Settings))
	if err != nil {
		t.Fatal(err)
	}
	set, err := data.Open(t.Context(), r.Data, data.Options{Cache: r.Cache, Size: l.Window(), Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	e, err := onCPU("", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	_, err = train.Begin(t.Context(), train.Job{
		Graph: graph, Optimization: o, Learning: l, Set: set, Cut: set.Cut(r.Spec.Seeds.Split, 1+r.Fold), Seeds: train.Seeds(r.Spec.Seeds), Engine: e, Loaders: 1,
	}, 1, time.Duration(r.Begin*float64(time.Second)))
	if err != nil {
		t.Fatal(err)
	}
}

// spent is the processor time of all threads that something takes, in seconds.
func spent(t *testing.T, do func()) float64 {
	t.Helper()
	used := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	}
	before := used()
	do()
	return used() - before
}
