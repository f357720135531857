//go:build torture && linux

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is here takes minutes, kills processes and mounts file systems; docs/reliability.md has the commands and the counts.

var (
	kills  = flag.Int("kills", 100, "how often a study is killed")
	seed   = flag.Uint64("seed", 1, "of the moments and ways")
	binary = flag.String("binary", "", "the program to try; default: it is built")
)

// stages are the edits that a study goes through: it grows twice, loses a variant and gets it back.
var stages = []struct {
	repeats  int
	variants []string
}{
	{1, []string{"elu", "bn"}},
	{2, []string{"elu", "bn"}},
	{2, []string{"elu", "bn", "avg"}},
	{2, []string{"bn", "avg"}},
	{3, []string{"elu", "bn", "avg"}},
}

// studyText is a study of short trainings on the built-in set.
func studyText(repeats, epochs int, variants ...string) string {
	known := map[string]string{
		"elu": "{name: elu, with: [{activation: elu}]}", "bn": "{name: bn, with: [batchnorm]}", "avg": "{name: avg, with: [{pool: avg}]}",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "question: Does it hold?\nbase:\n  data: fashion-mini\n  net: mini\n  optimization: [{lr: 0.02}, {batch: 32}]\n  learning: [{epochs: %d}, {subset: {images: 1600}}]\nrepeats: %d\nvariants:\n", epochs, repeats)
	for _, v := range variants {
		fmt.Fprintf(&b, "  - %s\n", known[v])
	}
	return b.String()
}

// program builds the program, under a name that no other process has.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "assay")
	if *binary != "" {
		text, err := os.ReadFile(*binary)
		if err == nil {
			err = os.WriteFile(path, text, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// alive are the processes of a program that have not ended.
func alive(assay string) []string {
	var pids []string
	files, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, file := range files {
		if is, err := os.Readlink(file); err == nil && is == assay {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}

// found is what a store shows of a study: how each trial ended, in which weights and with which metrics; complete says that nothing lacks.
func found(t *testing.T, assay, store, name string) (trials map[string]string, complete bool) {
	t.Helper()
	out, err := exec.Command(assay, "study", "show", name, "--json", "--store", store).Output()
	if err != nil {
		t.Fatalf("study show: %v", err)
	}
	var s struct {
		Complete bool
		Trials   []struct {
			Arm           string
			Repeat        int
			Status        string
			WeightsDigest string `json:"weights_digest"`
			Metrics       map[string]float64
		}
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	trials = map[string]string{}
	for _, tr := range s.Trials {
		trials[fmt.Sprintf("%s #%d", tr.Arm, tr.Repeat)] = fmt.Sprintf("%s %s %v", tr.Status, tr.WeightsDigest, tr.Metrics)
	}
	return trials, s.Complete
}

// differ says where two stores show other trials, "" where nowhere.
func differ(got, want map[string]string) string {
	var lines []string
	for cell, w := range want {
		if got[cell] != w {
			lines = append(lines, fmt.Sprintf("%s: %s, undisturbed %s", cell, got[cell], w))
		}
	}
	if len(got) != len(want) {
		lines = append(lines, fmt.Sprintf("%d trials, undisturbed %d", len(got), len(want)))
	}
	return strings.Join(lines, "\n")
}

// leftBehind are files of a store that belong to nothing once its studies have ended.
func leftBehind(store string) []string {
	partials, _ := filepath.Glob(filepath.Join(store, "*", ".*.partial"))
	trials, _ := filepath.Glob(filepath.Join(store, "trials", "*"))
	return append(partials, trials...)
}

// exitCode is that of a command that has ended.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// TestTortureKills lives through lives of a study until it has been killed often enough: each stage is run and killed at random until a
// run of it ends by itself.
func TestTortureKills(t *testing.T) {
	assay, dir := program(t), t.TempDir()
	file := filepath.Join(dir, "t.yaml")
	write := func(stage int) {
		s := stages[stage]
		if err := os.WriteFile(file, []byte(studyText(s.repeats, 12, s.variants...)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(store string, threads int) *exec.Cmd {
		c := exec.Command(assay, "study", "run", file, "--store", store, "--threads", strconv.Itoa(threads), "-q")
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return c
	}
	last := len(stages) - 1
	write(last)
	began := time.Now()
	if out, err := run(filepath.Join(dir, "calm"), 2).CombinedOutput(); err != nil {
		t.Fatalf("undisturbed: %v\n%s", err, out)
	}
	whole := time.Since(began)
	want, complete := found(t, assay, filepath.Join(dir, "calm"), "t")
	if !complete {
		t.Fatal("undisturbed, and not complete")
	}

	r := rand.New(rand.NewPCG(*seed, 0))
	ways := []string{"parent", "child", "group", "parent stopped first", "child stopped, parent killed", "interrupt", "interrupt twice", "interrupt to the group", "terminate"}
	count, lives, late, killed := 0, 0, 0, map[string]int{}
	for count < *kills {
		store := filepath.Join(dir, fmt.Sprintf("torn%d", lives))
		lives++
		for stage := range stages {
			write(stage)
			for runs := 0; ; runs++ {
				if runs > 10**kills {
					t.Fatalf("stage %d does not come to its end", stage)
				}
				c := run(store, 1+count%2)
				var said strings.Builder
				c.Stderr = &said
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- c.Wait() }()
				var err error
				if count >= *kills { // the rest of the last life is quiet
					err = <-ended
				} else {
					select {
					case err = <-ended:
					case <-time.After(time.Duration(r.Float64() * float64(whole) / 10)):
						way := ways[r.IntN(len(ways))]
						strike(c.Process.Pid, way, time.Duration(r.Float64()*float64(time.Second)))
						select {
						case <-ended:
						case <-time.After(time.Minute):
							t.Fatalf("kill %d (%s): the process is still there after a minute", count, way)
						}
						count++
						killed[way]++
						continue
					}
				}
				if code := exitCode(err); code == 0 {
					break
				} else if code != 1 || !strings.Contains(said.String(), "failed; the same command tries again") {
					t.Fatalf("stage %d: exit %d: %s", stage, code, said.String())
				}
			}
		}
		got, complete := found(t, assay, store, "t")
		if d := differ(got, want); d != "" || !complete {
			t.Errorf("life %d, complete: %v\n%s", lives, complete, d)
		}
		for end := time.Now().Add(10 * time.Second); len(alive(assay)) > 0 && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond)
		}
		if pids := alive(assay); len(pids) > 0 {
			t.Errorf("life %d: processes left: %v", lives, pids)
		}
		if out, err := exec.Command(assay, "store", "check", "--store", store).CombinedOutput(); err != nil {
			t.Errorf("life %d: store check: %v\n%s", lives, err, out)
		}
		if left := leftBehind(store); len(left) > 0 { // by orphans that went on after the end: the next run removes it
			late += len(left)
			if out, err := run(store, 1).CombinedOutput(); err != nil {
				t.Errorf("life %d: run again: %v\n%s", lives, err, out)
			}
			if left := leftBehind(store); len(left) > 0 {
				t.Errorf("life %d: left behind: %v", lives, left)
			}
		}
	}
	t.Logf("%d checkpoints were left by orphans that outlived the last run, until the next", late)
	t.Logf("%d kills in %d lives of a study of %d trials: %v; undisturbed %v", count, lives, len(want), killed, whole.Round(time.Second))
}

// strike ends a study in one of several ways. later is for what happens after it.
func strike(pid int, way string, later time.Duration) {
	switch way {
	case "parent":
		syscall.Kill(pid, syscall.SIGKILL)
	case "child": // the study goes on without it, for a while
		for _, child := range children(pid) {
			syscall.Kill(child, syscall.SIGKILL)
			break
		}
		time.Sleep(later)
		syscall.Kill(-pid, syscall.SIGKILL)
	case "group":
		syscall.Kill(-pid, syscall.SIGKILL)
	case "parent stopped first":
		syscall.Kill(pid, syscall.SIGSTOP)
		time.Sleep(later)
		syscall.Kill(pid, syscall.SIGKILL)
	case "child stopped, parent killed": // it goes on when the next run has begun
		orphans := children(pid)
		for _, child := range orphans {
			syscall.Kill(child, syscall.SIGSTOP)
		}
		syscall.Kill(pid, syscall.SIGKILL)
		time.AfterFunc(time.Second+3*later, func() {
			for _, child := range orphans {
				syscall.Kill(child, syscall.SIGCONT)
			}
		})
	case "interrupt":
		syscall.Kill(pid, syscall.SIGINT)
	case "interrupt twice":
		syscall.Kill(pid, syscall.SIGINT)
		time.Sleep(later / 10)
		syscall.Kill(pid, syscall.SIGINT)
	case "interrupt to the group":
		syscall.Kill(-pid, syscall.SIGINT)
	case "terminate":
		syscall.Kill(-pid, syscall.SIGTERM)
	}
}

// children are the processes that a process has started, by the kernel's own list.
func children(pid int) []int {
	var pids []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for word := range strings.FieldsSeq(string(text)) {
			if n, err := strconv.Atoi(word); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}
