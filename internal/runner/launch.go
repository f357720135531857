package runner

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/train"
)

// Launcher runs one trial somewhere and waits for it. What the trial leaves is the file that its request names; why says why
// there may be none, "" where it ended by itself. When ctx ends the trial keeps its checkpoint and ends.
type Launcher interface {
	Launch(ctx context.Context, r trial.Request, on func(train.Progress)) (why string)
}

// Processes launches trials as processes of this machine: `PROGRAM trial` with the request on standard input. So a crash, or the
// system ending it for its memory, is one trial's outcome. Standard input stays open behind the request, and says that the parent
// lives; standard output is progress, a JSON object a line, and a sign of life every second or so.
type Processes struct {
	Program string
	Grace   time.Duration // between asking a process to end and ending it; 0: a minute, in which any checkpoint is written
	Silence time.Duration // without a sign of life before it counts as hung; 0: five minutes
}

// Launch implements [Launcher].
func (p Processes) Launch(ctx context.Context, r trial.Request, on func(train.Progress)) (why string) {
	cmd := exec.Command(p.Program, "trial")
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(r.Threads+1))
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
	hung := time.AfterFunc(p.silence(), func() { cmd.Process.Kill() })
	defer hung.Stop()
	stop := context.AfterFunc(ctx, func() {
		in.Close()
		hung.Reset(p.grace())
	})
	defer stop()
	go func() { // a child that ends early does not read it
		_ = r.Write(in)
	}()
	silent := true
	for lines := bufio.NewScanner(out); lines.Scan(); {
		silent = false
		if ctx.Err() == nil {
			hung.Reset(p.silence())
		}
		var now train.Progress
		if json.Unmarshal(lines.Bytes(), &now) == nil && now.Steps > 0 {
			on(now)
		}
	}
	err = cmd.Wait()
	ended := !hung.Stop() // by us
	in.Close()
	line := complaint.last()
	exit, _ := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return ""
	case line != "":
		return strings.TrimPrefix(line, "assay: ")
	case ended && ctx.Err() == nil:
		return fmt.Sprintf("the trial's process gave no sign of life for %v and was ended; the same command tries again", p.silence())
	case exit != nil && exit.ExitCode() < 0: // a signal
		return fmt.Sprintf("the trial's process was ended (%v); where memory ran out, use a smaller batch or fewer threads", err)
	case silent:
		return fmt.Sprintf("the trial's process did not start (%v); check that %s can be run", err, p.Program)
	}
	return fmt.Sprintf("the trial's process ended (%v); run the study again", err)
}

func (p Processes) grace() time.Duration {
	if p.Grace > 0 {
		return p.Grace
	}
	return time.Minute
}

func (p Processes) silence() time.Duration {
	if p.Silence > 0 {
		return p.Silence
	}
	return 5 * time.Minute
}

// Here launches trials in this process, for programs that have no command to start: a crash of one ends them all.
type Here struct{ Open Opener }

// Launch implements [Launcher].
func (h Here) Launch(ctx context.Context, r trial.Request, on func(train.Progress)) (why string) {
	if err := run(ctx, r, h.Open, on); err != nil {
		return err.Error()
	}
	return ""
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 8<<10 {
		t.b = bytes.Clone(t.b[len(t.b)-4<<10:])
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

// Serve is the whole of the command `trial`: it reads one request from in, runs it, and tells progress and signs of life on out.
// It ends, with its checkpoint kept, when in does.
func Serve(ctx context.Context, in io.Reader, out io.Writer, open Opener) error {
	d := json.NewDecoder(io.LimitReader(in, trial.MaxRequest))
	r, err := trial.ReadRequest(d)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a parent that died reads no progress: telling it must not end the process before its checkpoint is kept
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		io.Copy(io.Discard, io.MultiReader(d.Buffered(), in))
		cancel()
	}()
	lines := make(chan train.Progress, 1)
	go func() { // where nobody listens any more, the end of standard input says so too
		encoder, alive := json.NewEncoder(out), time.NewTicker(time.Second)
		defer alive.Stop()
		for {
			select {
			case p := <-lines:
				_ = encoder.Encode(p)
			case <-alive.C:
				fmt.Fprintln(out, "{}")
			case <-ctx.Done():
				return
			}
		}
	}()
	last := time.Time{}
	return run(ctx, r, open, func(p train.Progress) {
		if now := time.Now(); now.Sub(last) > 100*time.Millisecond || p.Step == p.Steps {
			last = now
			select {
			case lines <- p:
			default:
			}
		}
	})
}
