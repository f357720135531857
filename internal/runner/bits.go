package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/train"
)

// checkTime bounds the check of bits.
const checkTime = 30 * time.Second

// sameBits has the first steps of a trial that the store holds run again, the baseline's where it can: unequal bits would make all
// pairing worthless. Where there is no trial of this engine yet, the baseline's are run twice and held against each other.
func (w *work) sameBits(ctx context.Context) error {
	cell, id := study.Cell{}, ""
	states, err := w.st.States(slices.Collect(func(yield func(string) bool) {
		for _, id := range w.ids {
			if !yield(id) {
				return
			}
		}
	}))
	if err != nil {
		return err
	}
	for repeat := 1; repeat <= w.Study.Repeats && id == ""; repeat++ {
		for _, key := range w.Keys {
			c := study.Cell{Arm: key, Repeat: repeat}
			if s := states[w.ids[c]]; s.Status == trial.Done && len(s.Begun) > 0 {
				cell, id = c, w.ids[c]
				break
			}
		}
	}
	name := w.Keys[0]
	if id != "" {
		name = cell.Arm
	} else {
		cell = study.Cell{Arm: w.Keys[0], Repeat: 1}
	}
	w.tell(Event{Note: fmt.Sprintf("checking that %s #%d begins in the same bits, for at most %v", w.name(name), cell.Repeat, checkTime)})
	want := states[id].Begun
	if id == "" {
		if want, err = w.begin(ctx, cell); err != nil {
			return err
		}
	}
	got, err := w.begin(ctx, cell)
	if err != nil {
		return err
	}
	compared := 0
	for _, step := range train.BegunSteps {
		a, b := want[step], got[step]
		if a == "" || b == "" {
			continue
		}
		if a != b {
			return fmt.Errorf("study %s: %s #%d has other bits after %d steps than when it was trained; the machine is faulty or the engine is, and nothing new can be compared with what is kept", w.Name, w.name(name), cell.Repeat, step)
		}
		compared++
	}
	if compared == 0 {
		return fmt.Errorf("study %s: the bits of %s #%d could not be compared; run it again", w.Name, w.name(name), cell.Repeat)
	}
	return nil
}

// begin runs the first steps of a trial in a process of its own.
func (w *work) begin(ctx context.Context, c study.Cell) (map[int]string, error) {
	r, err := w.ask(ctx, w.st, w.arm(c.Arm), c.Repeat, w.engine, w.request.Threads)
	if err != nil {
		return nil, err
	}
	r.Begin, r.Result = checkTime.Seconds(), strings.TrimSuffix(r.Result, ".result")+".begun"
	defer os.Remove(r.Result)
	var why string
	var result *trial.Result
	for range 5 { // another process that checks the same may have read the file, and removed it
		why = w.launcher.Launch(ctx, r, func(train.Progress) {})
		if result, err = trial.Load(r.Result); ctx.Err() != nil || why != "" || !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && why != "":
		return nil, fmt.Errorf("study %s: %s: %s", w.Name, r.Name, why)
	case err != nil:
		return nil, err
	case result.Status == trial.Failed:
		return nil, fmt.Errorf("study %s: %s: %s", w.Name, r.Name, result.Reason)
	}
	return result.Begun, nil
}
