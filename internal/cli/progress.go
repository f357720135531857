package cli

import (
	"fmt"
	"math"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/assaylab/assay/train"
)

// bar is one line of progress on Stderr, redrawn while a command works: "[####----]  13 of 21 trials ...". Off a terminal, and
// with -q or --json, it draws nothing; commands then write lines of their own where a log wants them.
type bar struct {
	e    *Env
	p    *mpb.Progress
	b    *mpb.Bar
	mu   sync.Mutex
	text string
	over bool
}

// bar makes one; it appears with the first set. end must be called.
func (e *Env) bar() *bar { return &bar{e: e} }

func (b *bar) begin() {
	b.p = mpb.New(mpb.WithOutput(b.e.Stderr), mpb.WithWidth(barWidth+2), mpb.WithRefreshRate(100*time.Millisecond))
	b.b = b.p.New(grain+1, mpb.BarStyle().Lbound("[").Filler("#").Tip("#").Padding("-").Rbound("]"), // end alone completes it
		mpb.BarFillerTrim(),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.text
		})))
}

// drawing reports whether progress is drawn: a person watches.
func (e *Env) drawing() bool { return e.Watched && !e.Quiet && !e.JSON }

const (
	barWidth = 20
	grain    = 10_000 // steps that the bar knows
)

// set shows how much is done, a share from 0 to 1, and what.
func (b *bar) set(share float64, format string, args ...any) {
	if b.over || !b.e.drawing() {
		return
	}
	printable(args)
	b.mu.Lock()
	b.text = "  " + fit(fmt.Sprintf(format, args...), b.room())
	b.mu.Unlock()
	if b.b == nil {
		b.begin()
	}
	b.b.SetCurrent(int64(min(max(share, 0), 1) * grain))
}

// room is the columns for words behind the bar.
func (b *bar) room() int { return b.e.Width - barWidth - 6 }

// line writes a line above the bar, or plainly where there is none.
func (b *bar) line(format string, args ...any) {
	if b.p == nil {
		b.e.note(format, args...)
		return
	}
	printable(args)
	fmt.Fprintf(b.p, format+"\n", args...)
}

// end takes the bar away.
func (b *bar) end() {
	b.over = true
	if b.b != nil {
		b.b.Abort(true)
		b.p.Wait()
		b.b, b.p = nil, nil
	}
}

// fit cuts a line that a terminal would wrap.
func fit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n, 0)])
}

// left guesses the time that is left from the share that took so long.
func left(share float64, since time.Duration) string {
	rest := time.Duration(float64(since) * (1 - share) / share)
	if share <= 0.01 || since < time.Second || rest < time.Second {
		return ""
	}
	return about(rest) + " left"
}

// epochOf is where a training stands: "epoch 2/4".
func epochOf(p train.Progress) string {
	all := int(math.Ceil(p.Epochs - 1e-9))
	return fmt.Sprintf("epoch %d/%d", min(int(p.Epoch)+1, all), all)
}
