package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/study/trial"
)

// worker leases and completes 24 trials until nothing is left, a line a trial.
func worker(dir string) {
	s, err := Open(dir, nil)
	owner := NewOwner()
	var ids []string
	results := map[string]*trial.Result{}
	for repeat := 1; repeat <= 12; repeat++ {
		for _, arm := range []string{"baseline", "elu"} {
			ids = append(ids, id(arm, repeat))
			results[id(arm, repeat)] = finished(arm, repeat)
		}
	}
	for err == nil {
		var l *Lease
		if l, err = s.Lease(ids, owner, time.Minute); l == nil {
			break
		}
		if err = s.Complete(results[l.Trial], l); err == nil {
			fmt.Println("done", l.Trial)
		}
	}
	if err != nil {
		fmt.Println("error", err)
	}
}

func TestProcessesShareAStoreAndAKillLosesNothingThatEnded(t *testing.T) {
	dir := t.TempDir()
	var workers []*exec.Cmd
	var outs []*strings.Builder
	for range 3 { // all make the store at the same moment
		c, out := other("trials", dir), new(strings.Builder)
		c.Stdout = out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		workers, outs = append(workers, c), append(outs, out)
	}
	var ids []string
	for repeat := 1; repeat <= 12; repeat++ {
		ids = append(ids, id("baseline", repeat), id("elu", repeat))
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if s, err := OpenReading(dir, nil); err == nil {
			trials, _, _ := s.Trials(ids)
			s.Close()
			if len(trials) >= 2 {
				break
			}
		}
	}
	workers[0].Process.Kill() // SIGKILL, in the midst of it
	ended := map[string]bool{}
	for i, c := range workers {
		c.Wait()
		for line := range strings.Lines(outs[i].String()) {
			id, ok := strings.CutPrefix(strings.TrimSpace(line), "done ")
			if !ok || ended[id] {
				t.Errorf("worker %d: %s", i, line)
			}
			ended[id] = true
		}
	}
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	trials, damaged, err := s.Trials(ids)
	if err != nil || damaged != nil || len(trials) < len(ended) {
		t.Fatalf("%d trials ended, the store has %d, damaged %v (%v)", len(ended), len(trials), damaged, err)
	}
	if _, err := s.Reclaim(nil); err != nil { // what the killed one had is free at once
		t.Fatal(err)
	}
	for range ids {
		l, err := s.Lease(ids, "last", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if l == nil {
			break
		}
		for repeat := 1; repeat <= 12; repeat++ {
			for _, arm := range []string{"baseline", "elu"} {
				if id(arm, repeat) == l.Trial {
					if err := s.Complete(finished(arm, repeat), l); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	if trials, _, err = s.Trials(ids); err != nil || len(trials) != 24 {
		t.Errorf("%d trials in the end, want 24 (%v)", len(trials), err)
	}
	if problems, err := s.Check(); err != nil || len(problems) != 0 {
		t.Errorf("check finds %v, %v", problems, err)
	}
}

func TestNothingThatEndedIsLostByAKillAtAnyMoment(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		dir := t.TempDir()
		c := other("trials", dir)
		out := new(strings.Builder)
		c.Stdout = out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		wait := time.Duration(random.IntN(150)) * time.Millisecond
		time.Sleep(wait)
		c.Process.Kill()
		c.Wait()
		s, err := Open(dir, nil)
		if err != nil {
			t.Fatalf("round %d, after %v: %v", round, wait, err)
		}
		if problems, err := s.Check(); err != nil || len(problems) != 0 {
			t.Errorf("round %d, after %v: check finds %v, %v", round, wait, problems, err)
		}
		for line := range strings.Lines(out.String()) {
			id, _ := strings.CutPrefix(strings.TrimSpace(line), "done ")
			if trials, _, err := s.Trials([]string{id}); len(trials) != 1 || err != nil {
				t.Errorf("round %d, after %v: %s: %d trials, %v", round, wait, line, len(trials), err)
			}
		}
		s.Close()
	}
}

func TestGoroutinesShareAStore(t *testing.T) {
	s, _ := opened(t)
	arms := []string{"a", "b", "c", "d", "e", "f"}
	var ids []string
	results := map[string]*trial.Result{}
	for _, arm := range arms {
		ids = append(ids, id(arm, 1))
		results[id(arm, 1)] = finished(arm, 1)
	}
	var mu sync.Mutex
	done := map[string]int{}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				l, err := s.Lease(ids, NewOwner(), time.Minute)
				if err != nil {
					t.Error(err)
				}
				if l == nil || err != nil {
					return
				}
				if _, err := s.Heartbeat(l, time.Minute); err != nil {
					t.Error(err)
				}
				if err := s.Complete(results[l.Trial], l); err != nil {
					t.Error(err)
				}
				if _, err := s.States(ids); err != nil {
					t.Error(err)
				}
				mu.Lock()
				done[l.Trial]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for _, id := range ids {
		if done[id] != 1 {
			t.Errorf("%d times: %s of %v", done[id], id, slices.Collect(maps.Keys(done)))
		}
	}
}
