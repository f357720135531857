//go:build unix

package runner

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/internal/store"
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

// lives reports whether a process is there and no zombie.
func lives(pid string) bool {
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
	cmd, lines := started(t, file, slow+"=50ms", pids+"="+dir)
	ended := map[string]bool{}
	for lines.Scan() {
		if trial, ok := strings.CutPrefix(lines.Text(), "ended "); ok {
			ended[trial] = true
		}
		if len(ended) >= 3 && strings.HasPrefix(lines.Text(), "step ") && !strings.HasSuffix(lines.Text(), " 12") { // which not, is chance: some are told
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
			if lives(p.Name()) {
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
	if kept, err := filepath.Glob(filepath.Join(filepath.Dir(file), "store", "trials", "*.[rs]*")); err != nil || len(kept) == 0 { // a checkpoint, or a result where the end came first
		t.Errorf("no trial kept what it had (%v)", err)
	}
	r, err := running(t, opened(t, file), func(e Event) {
		if name := fmt.Sprintf("%s %d", e.Arm, e.Repeat); ended[name] && (e.Step != nil || e.Ended != nil) {
			t.Errorf("%s was run again", name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.Trials)
}

func TestATrialThatNobodyListensToKeepsWhatItHas(t *testing.T) {
	file := studyFile(t, "epochs: 3", "epochs: {steps: 10000}")
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
	r, err := s.ask(t.Context(), st, 0, 1, id.String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(processes(t).Program, "trial")
	cmd.Env = append(os.Environ(), slow+"=5ms")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(in); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the trial did not begin")
	}
	out.Close()
	time.Sleep(300 * time.Millisecond) // in which it tells its progress to nobody
	in.Close()
	cmd.Wait()
	if _, err := os.Stat(r.Checkpoint); err != nil {
		t.Errorf("no checkpoint: %v, %v", err, cmd.ProcessState)
	}
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
	if counts[0]+counts[1] != 7 {
		t.Errorf("the processes ran %v trials, in all 7 are wanted", counts)
	}
	r, err := running(t, opened(t, file), func(e Event) {
		if e.Ended != nil {
			t.Errorf("left to do: %+v", e)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.Trials[:min(7, len(r.Trials))])
}
