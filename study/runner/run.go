package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/train"
)

// Event is news of a run.
type Event struct {
	Arm     string
	Repeat  int
	Worker  int             // which of the trials at once, from 0
	Step    *train.Progress // of a trial under way
	Ended   *study.Trial    // how a trial ended
	Done    int             // trials ended, of all
	Total   int
	Left    time.Duration // expected; 0 while unknown
	Message string        // anything else worth a line
}

// Lease times: a process that dies gives its trial back after leaseTime at the latest.
const (
	leaseTime = 20 * time.Second
	heartbeat = 5 * time.Second
)

// Run runs the trials that are still to be run, as child processes of executable, and judges what there is. Trials that ended
// before are not repeated. A trial that fails does not stop the others; it is tried again by the next Run. When ctx is
// cancelled, trials under way write their checkpoints, and the error wraps train.ErrInterrupted. on is called from one
// goroutine at a time.
func (s *Session) Run(ctx context.Context, executable string, on func(Event)) (*study.Result, error) {
	if err := os.MkdirAll(s.Dir(), 0o755); err != nil {
		return nil, err
	}
	st, err := store.Open(s.request.Store, time.Now)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	resumed, err := s.record(st)
	if err != nil {
		return nil, err
	}
	w := &work{Session: s, st: st, executable: executable, on: on, began: time.Now(), owner: owner(), total: len(s.Plan.Entries)}
	if err := w.reclaim(resumed); err != nil {
		return nil, err
	}
	if w.done < w.total {
		if err := s.Calibrate(ctx, st); err != nil {
			return nil, err
		}
		if err := st.SetArms(s.Name, s.Plan.Plain()); err != nil {
			return nil, err
		}
		if !resumed {
			if err := s.sameBits(ctx); err != nil {
				return nil, err
			}
		}
		if err := w.runAll(ctx); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w after %d of %d trials; all that ended is kept, the same command goes on", train.ErrInterrupted, w.done, w.total)
	}
	r, err := Result(st, s.Name)
	if err == nil {
		r.Threads = s.request.Threads
	}
	return r, err
}

// work is a run under way.
type work struct {
	*Session
	st         *store.Store
	executable string
	on         func(Event)
	began      time.Time
	owner      string

	mu      sync.Mutex
	done    int // trials ended
	total   int
	started int // how many had ended when this run began
	stop    error
}

func (w *work) tell(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Done, e.Total = w.done, w.total
	if n := w.done - w.started; n > 0 {
		e.Left = time.Since(w.began) / time.Duration(n) * time.Duration(w.total-w.done)
	}
	if w.on != nil {
		w.on(e)
	}
}

// owner names this process on this machine.
func owner() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// reclaim counts what has ended, lets failed trials wait again, and takes back what dead processes of this machine held.
func (w *work) reclaim(resumed bool) error {
	if resumed {
		if _, err := w.st.Retry(w.Name); err != nil {
			return err
		}
	}
	states, err := w.st.States(w.Name)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	for _, t := range states {
		switch t.Status {
		case string(study.Done), string(study.Diverged):
			w.done++
		case "leased":
			if pid, ok := strings.CutPrefix(t.Owner, host+":"); ok {
				if n, err := strconv.Atoi(pid); err == nil && !alive(n) {
					if _, err := w.st.Release(w.Name, t.Owner); err != nil {
						return err
					}
				}
			}
		}
	}
	w.started = w.done
	return nil
}

// atOnce is how many trials run side by side. Two trainings on a core each do more than one on two, as long as memory and
// trials last: nothing waits for anything.
func (w *work) atOnce() int {
	n := min(w.request.Threads, w.total-w.done)
	if free := freeMemory(); free > 0 && w.memory > 0 {
		n = min(n, int(free*3/4/(w.memory+64<<20)))
	}
	return max(n, 1)
}

func (w *work) runAll(ctx context.Context) error {
	n := w.atOnce()
	threads := max(1, w.request.Threads/n)
	w.tell(Event{Message: fmt.Sprintf("%d trials, %d at once on %d threads each", w.total-w.done, n, threads)})
	var group sync.WaitGroup
	for worker := range n {
		group.Go(func() {
			for ctx.Err() == nil {
				more, err := w.next(ctx, worker, threads)
				if err != nil {
					w.mu.Lock()
					w.stop = errors.Join(w.stop, err)
					w.mu.Unlock()
					return
				}
				if !more {
					return
				}
			}
		})
	}
	group.Wait()
	return w.stop
}

// next leases and runs one trial; false where none is left.
func (w *work) next(ctx context.Context, worker, threads int) (bool, error) {
	if w.Study.Budget > 0 && time.Since(w.began) > w.Study.Budget {
		return false, nil
	}
	l, err := w.st.Lease(w.Name, w.owner, leaseTime)
	if err != nil {
		return false, err
	}
	if l == nil {
		return false, nil
	}
	beat, stopBeat := context.WithCancel(ctx)
	defer stopBeat()
	go func() {
		for tick := time.Tick(heartbeat); ; {
			select {
			case <-beat.Done():
				return
			case <-tick:
				if err := w.st.Heartbeat(l, leaseTime); err != nil {
					return
				}
			}
		}
	}()
	reason := w.child(ctx, l, worker, threads)
	if ctx.Err() != nil {
		_, err := w.st.Release(w.Name, w.owner)
		return false, err
	}
	ended, err := w.ended(l)
	if err != nil {
		return false, err
	}
	if ended == nil {
		if reason == "" {
			reason = "the trial's process ended without a result"
		}
		ended = &study.Trial{Arm: l.Arm, Repeat: l.Repeat, Status: study.Failed, Reason: reason}
		if err := w.st.Complete(w.Name, *ended); err != nil {
			return false, err
		}
	}
	w.mu.Lock()
	w.done++
	w.mu.Unlock()
	w.tell(Event{Arm: l.Arm, Repeat: l.Repeat, Worker: worker, Ended: ended})
	if ended.Status == study.Diverged && l.Arm == study.BaselineName {
		return false, fmt.Errorf("study %s: the baseline diverged (%s); lower its learning rate or give it a warm-up", w.Name, ended.Reason)
	}
	return true, nil
}

// ended is the stored result of a leased trial, nil if there is none.
func (w *work) ended(l *store.Lease) (*study.Trial, error) {
	trials, err := w.st.Trials(w.Name)
	if err != nil {
		return nil, err
	}
	for _, t := range trials {
		if t.Arm == l.Arm && t.Repeat == l.Repeat && t.Status != study.Failed {
			return &t, nil
		}
	}
	return nil, nil
}

// child runs one trial in a process of its own and returns why it failed, "" if it did not. The process lives as long as its
// standard input is open, so it writes its checkpoint and goes when this one ends, however that happens.
func (w *work) child(ctx context.Context, l *store.Lease, worker, threads int) string {
	cmd := exec.Command(w.executable, "trial", "--store", w.request.Store, "--study", w.Name, "--arm", l.Arm,
		"--repeat", strconv.Itoa(l.Repeat), "--threads", strconv.Itoa(threads))
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(threads+1))
	var complaint tail
	cmd.Stderr = &complaint
	in, err := cmd.StdinPipe()
	if err != nil {
		return err.Error()
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err.Error()
	}
	if err := cmd.Start(); err != nil {
		return err.Error()
	}
	stop := context.AfterFunc(ctx, func() { in.Close() })
	defer stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var p train.Progress
		if json.Unmarshal(lines.Bytes(), &p) == nil {
			w.tell(Event{Arm: l.Arm, Repeat: l.Repeat, Worker: worker, Step: &p})
		}
	}
	err = cmd.Wait()
	in.Close()
	if err == nil {
		return ""
	}
	if line := complaint.last(); line != "" {
		return strings.TrimPrefix(line, "assay: ")
	}
	return "the trial's process ended: " + err.Error()
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 8<<10 {
		t.b = t.b[len(t.b)-4<<10:]
	}
	return len(p), nil
}

// last is the last line that is not blank, or of a crash the line that says what it was.
func (t *tail) last() string {
	found := ""
	for line := range strings.Lines(string(t.b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return line
		}
		if line != "" {
			found = line
		}
	}
	return found
}

// Watch returns a context that ends when the standard input of a trial's process does.
func Watch(ctx context.Context, stdin io.Reader) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, stdin)
		cancel()
	}()
	return ctx, cancel
}

// checkedSteps is how much of the baseline is run twice before the first trial.
const checkedSteps = 50

// sameBits runs the beginning of the baseline twice: unequal bits would make pairing worthless.
func (s *Session) sameBits(ctx context.Context) error {
	var digests [2]string
	for i := range digests {
		e, err := cpu.New(cpu.Options{Threads: s.request.Threads})
		if err != nil {
			return err
		}
		job, err := s.job(ctx, s.Plan.Arms[0], 1)
		if err != nil {
			return err
		}
		job.Engine = e
		digests[i], err = train.Begin(ctx, job, checkedSteps)
		e.Close()
		if err != nil {
			return err
		}
	}
	if digests[0] != digests[1] {
		return fmt.Errorf("study %s: the same %d steps gave different bits twice; the machine is faulty or the engine is, no study is possible", s.Name, checkedSteps)
	}
	return nil
}
