package format

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoAsksForRoomWaitsUntilThereIsSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &room{share: 1, all: 100}
		var taken, most atomic.Int64
		var all sync.WaitGroup
		for _, n := range []int64{60, 60, 30, 10, 100, 5, 250} { // the last is more than all, and comes alone
			all.Go(func() {
				release := r.take(n)
				now := taken.Add(n)
				for {
					m := most.Load()
					if now <= m || most.CompareAndSwap(m, now) {
						break
					}
				}
				if now > 100 && now != 250 {
					t.Errorf("%d taken of 100", now)
				}
				time.Sleep(time.Second)
				taken.Add(-n)
				release()
				release() // twice does no harm
			})
		}
		all.Wait()
		if most.Load() != 250 || r.taken != 0 {
			t.Errorf("at most %d at a time, %d kept", most.Load(), r.taken)
		}
	})
}

func TestAFileIsReadWholeOrRefused(t *testing.T) {
	for _, c := range []struct {
		size       int64
		want, what string
	}{
		{5, "hello", ""}, {9, "hello", ""}, {-1, "hello", ""},
		{4, "", "it has grown since it was listed"},
		{MaxFileBytes + 1, "", "more than 256 MiB"},
	} {
		got, release, err := ReadFile(strings.NewReader("hello"), c.size)
		f, _ := errors.AsType[*Fault](err)
		if string(got) != c.want || (err == nil) != (c.what == "") || f != nil && f.What != c.what {
			t.Errorf("size %d: %q, %v", c.size, got, err)
		}
		if err == nil {
			release()
		}
	}
	if waiting.taken != 0 {
		t.Errorf("%d bytes of room are kept", waiting.taken)
	}
}
