package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/study/trial"
)

func TestLeasesFollowTheOrderAskedForAndRunOut(t *testing.T) {
	s, c := opened(t)
	ids := []string{id("baseline", 1), id("elu", 1), id("baseline", 2)}
	lease := func(owner string) *Lease {
		t.Helper()
		l, err := s.Lease(ids, owner, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first, second := lease("a"), lease("b")
	if first.Trial != ids[0] || second.Trial != ids[1] || first.Attempt != 1 {
		t.Errorf("leased %+v, %+v", first, second)
	}
	c.pass(50 * time.Second)
	if ended, err := s.Heartbeat(second, time.Minute); ended || err != nil {
		t.Error(ended, err)
	}
	c.pass(20 * time.Second) // a is silent: its trial goes to another, its late heartbeat is told so
	again := lease("c")
	if again.Trial != ids[0] || again.Attempt != 2 {
		t.Errorf("after the lease ran out: %+v", again)
	}
	_, err := s.Heartbeat(first, time.Minute)
	refused(t, "heartbeat of a lost lease", err, ErrLost, "another has it")
	refused(t, "failure of a lost lease", s.Complete(failedOf("baseline", 1, "killed"), first), ErrLost, "another has it")
	if err := s.Release(first); err != nil { // touches nobody's
		t.Error(err)
	}
	if ended, err := s.Heartbeat(again, time.Minute); ended || err != nil {
		t.Error(ended, err)
	}
	third := lease("c")
	if third.Trial != ids[2] {
		t.Errorf("leased %+v", third)
	}
	if l := lease("d"); l != nil {
		t.Errorf("a fourth of three: %+v", l)
	}
	if err := s.Release(again); err != nil { // of one owner's two, this one alone
		t.Error(err)
	}
	states, err := s.States(ids)
	if err != nil || states[ids[0]].Owner != "" || states[ids[0]].Attempts != 2 || states[ids[2]].Owner != "c" || !states[ids[2]].Expires.Equal(third.Expires) {
		t.Errorf("states %+v, %v", states, err)
	}
	for _, bad := range []time.Duration{0, -1, MaxLease + 1} {
		_, err := s.Lease(ids, "a", bad)
		refused(t, fmt.Sprint(bad), err, nil, "lease")
		_, err = s.Heartbeat(third, bad)
		refused(t, fmt.Sprint(bad), err, nil, "lease")
	}
}

func TestAHeartbeatTellsEndedFromLost(t *testing.T) {
	s, c := opened(t)
	for name, end := range map[string]struct {
		do    func(l *Lease) error
		ended bool
		err   error
	}{
		"its result is in":  {func(l *Lease) error { return s.Complete(finished("its result is in", 1), l) }, true, nil},
		"its failure is in": {func(l *Lease) error { return s.Complete(failedOf("its failure is in", 1, "x"), l) }, true, nil},
		"nothing happened":  {func(l *Lease) error { return nil }, false, nil},
		"it was released":   {s.Release, false, ErrLost},
		"another has it": {func(l *Lease) error {
			c.pass(2 * time.Minute)
			_, err := s.Lease([]string{l.Trial}, "b", time.Minute)
			return err
		}, false, ErrLost},
		"another has it and failed": {func(l *Lease) error {
			c.pass(2 * time.Minute)
			m, _ := s.Lease([]string{l.Trial}, "b", time.Minute)
			return s.Complete(failedOf("another has it and failed", 1, "x"), m)
		}, false, ErrLost},
		"another has it and is done": {func(l *Lease) error {
			c.pass(2 * time.Minute)
			m, _ := s.Lease([]string{l.Trial}, "b", time.Minute)
			return s.Complete(finished("another has it and is done", 1), m)
		}, true, nil},
	} {
		l, err := s.Lease([]string{id(name, 1)}, "a", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := end.do(l); err != nil {
			t.Fatal(name, err)
		}
		if ended, err := s.Heartbeat(l, time.Minute); ended != end.ended || !errors.Is(err, end.err) {
			t.Errorf("%s: ended %v, %v", name, ended, err)
		}
	}
}

func TestWhatHasAResultIsNotLeasedAndWhatFailedIs(t *testing.T) {
	s, _ := opened(t)
	diverged := finished("diverged", 1)
	diverged.Status, diverged.Reason, diverged.Scores, diverged.Images = trial.Diverged, "the loss is not finite at step 7", nil, nil
	for _, r := range []*trial.Result{finished("done", 1), diverged, failedOf("failed", 1, "killed")} {
		if err := s.Complete(r, nil); err != nil {
			t.Fatal(err)
		}
	}
	ids := []string{id("done", 1), id("diverged", 1), id("failed", 1)}
	l, err := s.Lease(ids, "a", time.Minute)
	if err != nil || l == nil || l.Trial != ids[2] {
		t.Errorf("leased %+v, %v", l, err)
	}
	if l, err := s.Lease(ids, "a", time.Minute); l != nil || err != nil {
		t.Errorf("leased %+v, %v", l, err)
	}
	if l, err := s.LeaseAgain(ids[0], "a", time.Minute); err != nil || l == nil || l.Trial != ids[0] {
		t.Errorf("again: %+v, %v", l, err)
	}
	if ended, err := s.Heartbeat(&Lease{Trial: ids[0], Owner: "a", Attempt: 1}, time.Minute); ended || err != nil {
		t.Errorf("of what is leased again: %v, %v", ended, err)
	}
	if l, err := s.LeaseAgain(ids[0], "b", time.Minute); err != nil || l != nil {
		t.Errorf("again, twice: %+v, %v", l, err)
	}
}

func TestALeaseFromAClockThatWasSetBackRunsOut(t *testing.T) {
	s, c := opened(t)
	c.pass(24 * time.Hour)
	ahead, err := s.Lease([]string{"x"}, "another host", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.pass(-24 * time.Hour)
	states, err := s.States([]string{"x"})
	if st := states["x"]; err != nil || st.Owner == "" || st.Expires.After(c.now().Add(MaxLease)) {
		t.Errorf("%+v, %v", states, err)
	}
	if l, err := s.Lease([]string{"x"}, "me", time.Minute); l != nil || err != nil {
		t.Errorf("at once: %+v, %v", l, err)
	}
	c.pass(50 * time.Second)
	if ended, err := s.Heartbeat(ahead, time.Minute); ended || err != nil { // it lives
		t.Errorf("%v, %v", ended, err)
	}
	c.pass(50 * time.Second)
	if l, err := s.Lease([]string{"x"}, "me", time.Minute); l != nil || err != nil {
		t.Errorf("of one that lives: %+v, %v", l, err)
	}
	c.pass(11 * time.Second)
	if l, err := s.Lease([]string{"x"}, "me", time.Minute); l == nil || err != nil {
		t.Errorf("of one that is silent: %+v, %v", l, err)
	}
}

func TestALeaseThatIsWaitedForRunsOutToo(t *testing.T) {
	s, c := opened(t)
	if _, err := s.Put(planned("photos")); err != nil {
		t.Fatal(err)
	}
	c.pass(24 * time.Hour)
	if _, err := s.Lease([]string{"x"}, "another host", time.Minute); err != nil {
		t.Fatal(err)
	}
	c.pass(-24 * time.Hour)
	leased := func() (owner string) {
		t.Helper()
		l, err := s.Claim("photos", "me", time.Minute, func(v View) (Claim, error) {
			states, err := v.States([]string{"x"})
			owner = states["x"].Owner
			return Claim{}, err
		})
		if l != nil || err != nil {
			t.Errorf("%+v, %v", l, err)
		}
		return owner
	}
	if owner := leased(); owner != "another host" {
		t.Errorf("at once: %q", owner)
	}
	c.pass(61 * time.Second)
	if owner := leased(); owner != "" {
		t.Errorf("a minute later: %q", owner)
	}
}

func TestOwnersAreUniqueInTime(t *testing.T) {
	if a, b := NewOwner(), NewOwner(); a == b {
		t.Errorf("%s twice", a)
	}
	me := self()
	if me.start == "" || me.boot == "" || me.namespace == "" {
		if runtime.GOOS != "linux" {
			t.Skip("this system does not tell when a process began")
		}
		t.Errorf("%+v", me)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "STORE_TEST_WORK=sleep")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	name := make([]byte, 200)
	n, err := out.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.TrimSpace(string(name[:n]))
	if Gone(theirs) {
		t.Errorf("%s lives", theirs)
	}
	child.Process.Kill()
	for deadline := time.Now().Add(10 * time.Second); !Gone(theirs) && time.Now().Before(deadline); { // a zombie is gone too
		time.Sleep(time.Millisecond)
	}
	if !Gone(theirs) {
		t.Errorf("%s is a zombie", theirs)
	}
	child.Wait()
	if !Gone(theirs) {
		t.Errorf("%s is dead", theirs)
	}
	mine := []string{me.host, me.boot, me.namespace, me.pid, me.start, "x"}
	for i, c := range []struct {
		part int
		is   string
		gone bool
	}{{4, me.start, false}, {4, "1", true}, {4, "", false}, {3, "0", false}, {3, "x", false}, {0, "other", false}, {1, "other", false}, {2, "other", false}, {2, "", false}} {
		o := slices.Clone(mine)
		o[c.part] = c.is
		if got := Gone(strings.Join(o, "/")); got != c.gone {
			t.Errorf("%d: %v: gone %v", i, o, got)
		}
	}
	for _, o := range []string{"", "host:1", "////", "//////"} {
		if Gone(o) {
			t.Errorf("%q is gone", o)
		}
	}
}

func TestReclaimGivesBackWhatTheDeadHad(t *testing.T) {
	s, _ := opened(t)
	for _, id := range []string{"1", "2", "3"} {
		if _, err := s.Lease([]string{id}, "owner"+id, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := s.Reclaim(func(owner string) bool { return owner == "owner2" })
	if err != nil || !slices.Equal(ids, []string{"2"}) {
		t.Errorf("%v, %v", ids, err)
	}
	if l, err := s.Lease([]string{"1", "2", "3"}, "me", time.Minute); err != nil || l == nil || l.Trial != "2" || l.Attempt != 2 {
		t.Errorf("%+v, %v", l, err)
	}
	if ids, err := s.Reclaim(nil); ids != nil || err != nil { // of names that say nothing
		t.Errorf("%v, %v", ids, err)
	}
}
