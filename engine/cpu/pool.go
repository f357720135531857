package cpu

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// spins is how often an idle worker looks for work before it sleeps: some 100 µs, longer than the serial pieces between two
// forks, of the inference of one picture too, and short enough that an idle engine costs nothing. Sleeping and waking through the
// runtime takes 5 to 50 µs: with 20 µs, mobilenet at 128 pixels inferred 322 single images/s on two threads of a Zen 4, so 372.
const spins = 40000

// pool is a fork-join over persistent goroutines; the caller is worker 0. A fork costs some 0.3 µs while the workers spin.
//
// Tasks are dealt out in order, to each worker as many, so that of two forks of as many tasks a worker has the same ones: what it
// wrote in the first is in its cache in the second. Whoever is through takes what others have not begun. Who does a task is so
// decided at run time; what a task computes is fixed before, and it owns its outputs. So the number of workers cannot be seen in
// the bits. A fork ends when its tasks are done, not when all workers have looked in: one that sleeps, or that the system has put
// aside, holds nobody up.
type pool struct {
	n     int // workers, the caller included
	run   func(worker, task int)
	hands []hand
	_     [64]byte
	done  atomic.Int32 // tasks finished by others than the caller
	_     [64]byte
	end   sync.Once
	ended atomic.Bool
}

// hand is what a worker has been dealt, and how it is woken. Each has two cache lines of its own: one alone would be fetched by who
// looks at its neighbour.
//
// A worker sleeps in a read from a pipe of its own, not on a channel: whoever waits for a channel, a mutex or a condition does so in a
// record that the runtime keeps in a stock for each processor, and allocates where it woke on another one than it went to sleep on.
// That were a few allocations in a hundred steps, for ever. It is the quicker too, as the system wakes a thread that waits for
// the pipe, where a channel's reader must be taken over from the waker's processor: 5 µs for 71, two threads of a busy Zen 4.
type hand struct {
	tasks  atomic.Uint64 // end of its tasks << 32 | the next to claim: one word, so that a late worker sees both or neither
	asleep atomic.Bool
	rung   atomic.Bool // and has not been heard yet
	bell   *os.File    // a pipe's ends: who sleeps reads from it
	rope   *os.File
	heard  [1]byte // what came through
	_      [95]byte
}

func newPool(n int) (*pool, error) {
	p := &pool{n: n, hands: make([]hand, n)}
	for i := 1; i < n; i++ {
		h := &p.hands[i]
		var err error
		if h.bell, h.rope, err = os.Pipe(); err != nil {
			p.n = i // those that are there
			p.Close()
			return nil, fmt.Errorf("threads: no pipe for worker %d of %d: %w; give fewer", i, n, err)
		}
		go p.help(i)
	}
	return p, nil
}

// Run calls run(worker, task) for every task below tasks, each once, and returns when all are done. worker is below p.n and
// no two calls of one worker overlap. Only one Run at a time.
func (p *pool) Run(tasks int, run func(worker, task int)) {
	if p.n == 1 || tasks <= 1 {
		for t := range tasks {
			run(0, t)
		}
		return
	}
	p.run = run
	p.done.Store(0)
	for i := p.n - 1; i >= 0; i-- {
		h := &p.hands[i]
		h.tasks.Store(uint64((i+1)*tasks/p.n)<<32 | uint64(i*tasks/p.n))
		if h.asleep.Load() && h.left() {
			h.wake()
		}
	}
	others := int32(tasks - p.work(0))
	for i := 0; p.done.Load() != others; i++ {
		if i > spins {
			runtime.Gosched()
		}
	}
	p.run = nil // it holds the engine, which could never be collected while its own pool holds it
}

// left reports whether there is something to claim.
func (h *hand) left() bool {
	s := h.tasks.Load()
	return s&(1<<32-1) < s>>32
}

// claim takes the next task, if there is one.
func (h *hand) claim() (task int, ok bool) {
	if !h.left() { // a look is cheaper than a claim, and leaves the line with its owner
		return 0, false
	}
	s := h.tasks.Add(1)
	t := s&(1<<32-1) - 1
	return int(t), t < s>>32
}

var stroke = []byte{0} // of a bell

// wake calls a worker that sleeps. One that is about to sleep sees its tasks after it has said so.
func (h *hand) wake() {
	if !h.rung.Swap(true) {
		_, _ = h.rope.Write(stroke) // fails only where the worker has ended
	}
}

// sleep waits for wake.
func (h *hand) sleep() {
	_, _ = h.bell.Read(h.heard[:])
	h.rung.Store(false)
}

// work does the worker's tasks, then those that others have not begun, and returns how many those were. While a claimed task is
// not counted its fork cannot end, so run is that fork's.
func (p *pool) work(worker int) int {
	n := 0
	for i := range p.n {
		h := &p.hands[(worker+i)%p.n]
		for t, ok := h.claim(); ok; t, ok = h.claim() {
			p.run(worker, t)
			n++
		}
	}
	return n
}

// help is the life of a worker other than the caller.
func (p *pool) help(worker int) {
	h := &p.hands[worker]
	for {
		for i := 0; !h.left() && !p.ended.Load(); i++ {
			if i < spins {
				continue
			}
			h.asleep.Store(true)
			if !h.left() && !p.ended.Load() {
				h.sleep()
			}
			h.asleep.Store(false)
			i = 0
		}
		if p.ended.Load() {
			h.rope.Close()
			h.bell.Close()
			return
		}
		if n := p.work(worker); n > 0 { // none if others were faster
			p.done.Add(int32(n))
		}
	}
}

// Close ends the workers; a pool is not used again. It may be called twice.
func (p *pool) Close() {
	p.end.Do(func() {
		p.ended.Store(true)
		for i := 1; i < p.n; i++ {
			p.hands[i].wake()
		}
	})
}
