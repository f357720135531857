//go:build unix

package runner

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/study/store"
)

// started is a process that runs a study file, and what it tells, line by line.
func started(t *testing.T, file string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), whole+"="+file), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// running reports whether a process is there and no zombie.
func running(pid string) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

func TestAKillLosesNoTrialThatEndedAndChangesNoBit(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file, dir := studyFile(t), t.TempDir()
	cmd, lines := started(t, file, slow+"=10ms", pids+"="+dir)
	ended := map[string]bool{}
	for lines.Scan() {
		if trial, ok := strings.CutPrefix(lines.Text(), "ended "); ok {
			ended[trial] = true
		}
		if len(ended) >= 3 && strings.HasPrefix(lines.Text(), "step ") && strings.HasSuffix(lines.Text(), " 5") {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	trials, err := os.ReadDir(dir)
	if err != nil || len(trials) < 4 {
		t.Fatalf("%d trials were begun (%v)", len(trials), err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := 0
		for _, p := range trials {
			if running(p.Name()) {
				left++
			}
		}
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d trials outlived the process that began them", left)
		}
	}
	if checkpoints, err := filepath.Glob(filepath.Join(filepath.Dir(file), "store", "tiny", "trials", "*.safetensors")); err != nil || len(checkpoints) == 0 {
		t.Errorf("no trial kept what it had (%v)", err)
	}
	r, err := run(t, opened(t, file), func(e Event) {
		if name := fmt.Sprintf("%s %d", e.Arm, e.Repeat); ended[name] && (e.Step != nil || e.Ended != nil) {
			t.Errorf("%s was run again", name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.Trials)
}

func TestTwoProcessesShareTheTrialsOfAStudy(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file := studyFile(t)
	a, first := started(t, file, slow+"=5ms")
	b, second := started(t, file, slow+"=5ms")
	counts := [2]int{}
	done := make(chan int)
	for i, lines := range []*bufio.Scanner{first, second} {
		go func() {
			n := 0
			for lines.Scan() {
				if strings.HasPrefix(lines.Text(), "ended ") {
					n++
				}
			}
			counts[i] = n
			done <- i
		}()
	}
	<-done
	<-done
	if err := a.Wait(); err != nil {
		t.Error(err)
	}
	if err := b.Wait(); err != nil {
		t.Error(err)
	}
	for trial, n := range leases(t, file) {
		if n != 1 {
			t.Errorf("%s was leased %d times", trial, n)
		}
	}
	if counts[0]+counts[1] < 7 {
		t.Errorf("the processes ran %v trials", counts)
	}
	r, err := run(t, opened(t, file), func(e Event) { t.Errorf("left to do: %+v", e) })
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.Trials[:min(7, len(r.Trials))])
}

func TestATrialThatHangsIsEnded(t *testing.T) {
	defer func(d time.Duration) { grace = d }(grace)
	grace = 100 * time.Millisecond
	hung := filepath.Join(t.TempDir(), "hung")
	if err := os.WriteFile(hung, []byte("#!/bin/sh\nexec sleep 600\n"), 0o755); err != nil { // it never looks at its input
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, stop)
	w := &work{Session: &Session{Name: "s"}, executable: hung}
	if reason := w.child(ctx, &store.Lease{}, 0, 1); !strings.Contains(reason, "killed") {
		t.Errorf("got %q", reason)
	}
}
