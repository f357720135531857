package approach_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain prints what a whole walk came to, behind its last test.
func TestMain(m *testing.M) {
	code := m.Run()
	if everything && len(table.rows) > 0 {
		fmt.Print(table.String())
		if *write {
			if err := os.WriteFile("../docs/results/walk.md", []byte(table.String()), 0o644); err != nil {
				fmt.Println(err)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// table is what the walks of this run came to.
var table walkTable

type walkTable struct {
	mu     sync.Mutex
	rows   []walkRow
	engine string
	part   string
	began  time.Time
}

type walkRow struct {
	what                           string
	stepped, same, refused, failed int
	took                           moment
}

// end adds what a walk came to.
func (w *stepping) end() {
	r := walkRow{w.what, w.stepped, w.same, w.refused, w.failed, now().since(w.began)}
	of := ""
	if *only != "" {
		of = " (on " + *only + ")"
	}
	if w.every > 1 {
		of += fmt.Sprintf(" (part %d of %d)", w.first, w.every)
	}
	w.t.Logf("%s, %s%s: %d tried, %d steps taken, %d of networks that had been stepped already, %d refused with a reason, %d failed; %v, %v of processor time on %s, %d at a time",
		w.began.wall.Format(time.DateOnly), r.what, of, r.tried(), r.stepped, r.same, r.refused, r.failed, r.took.elapsed.Round(time.Second), r.took.cpu.Round(time.Second), w.engine, *lanes)
	table.mu.Lock()
	defer table.mu.Unlock()
	if table.rows = append(table.rows, r); len(table.rows) == 1 {
		table.began, table.part = w.began.wall, of
		table.engine = fmt.Sprintf("%s, one thread a step, %d steps at a time, %s", w.engine, *lanes, runtime.Version())
	}
}

func (r walkRow) tried() int { return r.stepped + r.same + r.refused }

// String is the table as a page.
func (w *walkTable) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, `# The walk

Training steps of every network of the zoo, of every approach of the catalogue on every network, and of every ordered pair of
approaches on three networks, as `+"`go test -tags walk -timeout 24h -v -run TakesAStep ./approach -write`"+` prints them%s.
Begun on %s, %s.

A trial builds a network, changed by its approaches, at 64 pixels (less where that is its own size, more where it does not fit), and
takes a step of two images of noise: the loss and every weight have to be numbers behind it. A network that equals one that has
been stepped is not stepped again. Or it is refused in one line that says why, with a mend, and of two approaches names both; a walk
checks that too. Anything else is a failure.

| trials of | tried | steps taken | stepped already | refused with a reason | failures | processor seconds | wall seconds |
|---|--:|--:|--:|--:|--:|--:|--:|
`, w.part, w.began.Format(time.DateOnly), w.engine)
	sum := walkRow{what: "all"}
	line := func(r walkRow) {
		fmt.Fprintf(&s, "| %s | %d | %d | %d | %d | %d | %.0f | %.0f |\n", r.what, r.tried(), r.stepped, r.same, r.refused, r.failed, r.took.cpu.Seconds(), r.took.elapsed.Seconds())
	}
	for _, r := range w.rows {
		line(r)
		sum.stepped, sum.same, sum.refused, sum.failed = sum.stepped+r.stepped, sum.same+r.same, sum.refused+r.refused, sum.failed+r.failed
		sum.took.cpu, sum.took.elapsed = sum.took.cpu+r.took.cpu, sum.took.elapsed+r.took.elapsed
	}
	line(sum)
	return s.String()
}

// moment is a time of day and what this process has computed until then, or the difference of two.
type moment struct {
	wall         time.Time
	elapsed, cpu time.Duration
}

func now() moment { return moment{wall: time.Now(), cpu: processorTime()} }

func (m moment) since(began moment) moment {
	return moment{elapsed: m.wall.Sub(began.wall), cpu: m.cpu - began.cpu}
}
