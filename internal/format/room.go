package format

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/assaylab/assay/internal/memory"
)

// room is memory that all goroutines of the process share: who is about to take some asks first and waits until the others
// have given enough back. What is more than all of it is given to one at a time, so that every picture that may be read at all
// (MaxPixels) can be.
type room struct {
	once  sync.Once
	share int64 // 1/share of the memory that is free when it is first asked for
	mu    sync.Mutex
	freed *sync.Cond
	all   int64
	taken int64
}

// Decoding and the bytes of files that wait for it have a room each: a file that waits must not keep the one before it, which
// would make it go on, from being decoded.
var (
	decoding = &room{share: 4}
	waiting  = &room{share: 8}
)

// leastRoom is what there is where the system does not say how much is free, or next to nothing; more than mostRoom helps
// nobody but files that are made to fill the memory.
const (
	leastRoom = 256 << 20
	mostRoom  = 4 << 30
)

// take waits for n bytes of room and returns what gives them back.
func (r *room) take(n int64) (release func()) {
	r.once.Do(func() {
		r.freed = sync.NewCond(&r.mu)
		if r.all == 0 {
			r.all = min(mostRoom, max(leastRoom, memory.Free()/r.share))
		}
	})
	r.mu.Lock()
	for r.taken > 0 && r.taken+n > r.all {
		r.freed.Wait()
	}
	r.taken += n
	r.mu.Unlock()
	return sync.OnceFunc(func() {
		r.mu.Lock()
		r.taken -= n
		r.mu.Unlock()
		r.freed.Broadcast()
	})
}

// ReadFile reads a picture file of the given size, as [Tree.Each] tells it, once there is room for it beside the others that
// wait to be read; release gives the room back, when the bytes are dropped. It needs no call after an error. Whoever holds a
// file must be able to go on without the next one. A file of more than [MaxFileBytes] is a [Fault]; one of a negative size, a
// pipe, is read up to there.
func ReadFile(r io.Reader, size int64) (file []byte, release func(), err error) {
	if size > MaxFileBytes {
		return nil, nil, tooLarge()
	}
	if size < 0 {
		file, err = ReadAll(r, MaxFileBytes)
		return file, func() {}, err
	}
	give := waiting.take(size)
	defer func() {
		if err != nil {
			give()
		}
	}()
	file = make([]byte, size+1) // +1: to see that there is no more
	switch n, err := io.ReadFull(r, file); {
	case err == nil:
		return nil, nil, &Fault{"it has grown since it was listed", "run again"}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return file[:n], give, nil
	default:
		return nil, nil, err
	}
}

func tooLarge() error {
	return &Fault{fmt.Sprintf("more than %d MiB", MaxFileBytes>>20), mendSize}
}
