package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// spins is how often an idle worker looks for work before it sleeps: some 100 µs, longer than the serial pieces between two
// forks, of the inference of one picture too, and short enough that an idle engine costs nothing. Sleeping and waking through the
// runtime takes 5 to 50 µs: with 20 µs, mobilenet at 128 pixels inferred 322 single images/s on two threads of a Zen 4, so 372.
const spins = 40000

// pool is a fork-join over persistent goroutines; the caller is worker 0. A fork costs 1 to 2 µs while the workers spin.
//
// Who does a task is decided by who is free; what a task computes is fixed before, and it owns its outputs. So the number of
// workers cannot be seen in the bits. A fork ends when its tasks are done, not when all workers have looked in: one that
// sleeps, or that the system has put aside, holds nobody up.
type pool struct {
	n     int // workers, the caller included
	run   func(worker, task int)
	_     [64]byte
	state atomic.Uint64 // tasks of the fork under way << 32 | the next to claim: one word, so that a late worker sees both or neither
	_     [64]byte
	done  atomic.Int32 // tasks finished
	_     [64]byte
	fork  atomic.Uint32 // counts forks
	_     [64]byte
	bells []bell
	end   sync.Once
	ended atomic.Bool
}

// bell wakes one worker.
type bell struct {
	asleep atomic.Bool
	ring   chan struct{}
	_      [64]byte
}

func newPool(n int) *pool {
	p := &pool{n: n, bells: make([]bell, n)}
	for i := 1; i < n; i++ {
		p.bells[i].ring = make(chan struct{}, 1)
		go p.help(i)
	}
	return p
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
	p.state.Store(uint64(tasks) << 32)
	p.fork.Add(1)
	p.wake()
	p.claim(0)
	for i := 0; p.done.Load() != int32(tasks); i++ {
		if i > spins {
			runtime.Gosched()
		}
	}
}

// wake calls the workers that sleep. One that is about to sleep sees the new fork after it has said so.
func (p *pool) wake() {
	for i := 1; i < p.n; i++ {
		if b := &p.bells[i]; b.asleep.Load() {
			select {
			case b.ring <- struct{}{}:
			default: // it has been rung already
			}
		}
	}
}

// claim does tasks until none is left. While a claimed task is not done its fork cannot end, so run is that fork's.
func (p *pool) claim(worker int) {
	for {
		s := p.state.Add(1)
		if tasks, t := s>>32, s&(1<<32-1)-1; t >= tasks {
			return
		} else {
			p.run(worker, int(t))
			p.done.Add(1)
		}
	}
}

// help is the life of a worker other than the caller.
func (p *pool) help(worker int) {
	b := &p.bells[worker]
	seen := p.fork.Load()
	for {
		for i := 0; p.fork.Load() == seen && !p.ended.Load(); i++ {
			if i < spins {
				continue
			}
			b.asleep.Store(true)
			if p.fork.Load() == seen && !p.ended.Load() {
				<-b.ring
			}
			b.asleep.Store(false)
			i = 0
		}
		if p.ended.Load() {
			return
		}
		seen = p.fork.Load()
		p.claim(worker)
	}
}

// Close ends the workers; a pool is not used again. It may be called twice.
func (p *pool) Close() {
	p.end.Do(func() {
		p.ended.Store(true)
		p.wake()
	})
}
