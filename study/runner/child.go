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
	"time"

	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/train"
)

// A trial is a process of its own, so that a crash, or the system ending it for its memory, is one trial's outcome. Its standard
// input, which nobody writes to, says that the parent lives; its standard output is its progress, a JSON object a line.

// grace is the time that a trial's process has to write its checkpoint and go; then it hangs, and is killed.
var grace = time.Minute

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
	stop := context.AfterFunc(ctx, func() {
		in.Close()
		time.AfterFunc(grace, func() { cmd.Process.Kill() }) // nothing, where it has ended
	})
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
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() < 0 { // a signal
		return fmt.Sprintf("the trial's process was ended (%v); where memory ran out, use a smaller batch or fewer threads", err)
	}
	return fmt.Sprintf("the trial's process ended (%v); run it alone to see why", err)
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
