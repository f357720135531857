package cpu

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"math"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// The maker of table_data.go. It times kernels, fits what the costs leave open to convolutions of real networks, and tries blocks
// of other sizes on single steps, at each level that this processor has; figures of other levels stay. What is compared is
// timed in turns and judged by medians of ratios, a cost is rounded to a twentieth, and the figure of the table stays unless
// another is better by more than noise: so a second run on the same machine changes nothing. docs/planner.md tells how to run it.

var (
	times   = flag.Bool("times", false, "time the kernels and rewrite table_data.go (with -v: print what was measured)")
	machine = flag.String("machine", "", "with -times: the processor's name for the table")
)

func TestTimes(t *testing.T) {
	if !*times {
		t.Skip("it takes minutes; -times runs it")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for _, s := range kernel.Levels() {
		t.Run(s.Name, func(t *testing.T) {
			m := &maker{t: t, e: newEngine(t, Options{Threads: 1, Level: s.Name, Profile: true}), table: tables[s.Name], memory: map[string][]float32{}}
			m.tiles()
			if m.table.winogradExtra > 0 {
				m.transforms()
				m.extras()
			}
			m.blocks()
			m.table.made = fmt.Sprintf("%s, %s", *machine, time.Now().Format(time.DateOnly))
			if same(m.table, tables[s.Name]) {
				m.table.made = tables[s.Name].made
			}
			tables[s.Name] = m.table
			m.report()
		})
	}
	write(t, "table_data.go", string(printed()))
	if got := digest(); got != tableDigest {
		t.Logf("the figures have changed: raise TableVersion (table.go) and write the digest that TestTheTableAndItsVersionChangeTogether then asks for")
	}
}

// maker makes the table of one level.
type maker struct {
	t      *testing.T
	e      *Engine
	table  table
	memory map[string][]float32 // operands by name: the same for all trials, so that none has the luckier pages
}

// operand is memory for an operand.
func (m *maker) operand(name string, n int) []float32 {
	if len(m.memory[name]) < n {
		m.memory[name] = make([]float32, max(n, 8<<20))
	}
	return m.memory[name][:n]
}

// twentieth rounds a cost, and leaves what the table has where the measured one is hardly another.
func twentieth(had, got float64) float64 {
	if math.Abs(had-got) < 0.05 {
		return had
	}
	return math.Round(20*got) / 20
}

// ratios calls the functions in turns and returns the median, over the rounds, of each one's time to the first's.
func ratios(budget time.Duration, fs ...func() time.Duration) []float64 {
	out := make([]float64, len(fs))
	rounds := make([][]float64, len(fs))
	for start, n := time.Now(), 0; n < 5 || time.Since(start) < budget && n < 101; n++ {
		first := 0.0
		for i, f := range fs {
			d := f().Seconds()
			if i == 0 {
				first = d
			}
			if n > 0 { // the first round warms up
				rounds[i] = append(rounds[i], d/first)
			}
		}
	}
	for i, r := range rounds {
		slices.Sort(r)
		out[i] = r[len(r)/2]
	}
	return out
}

// timing makes of a function one that is long enough for the clock and tells its time.
func timing(f func()) func() time.Duration {
	n := 1
	run := func() time.Duration {
		start := time.Now()
		for range n {
			f()
		}
		return time.Since(start)
	}
	for d := run(); d < 200*time.Microsecond && n < 1<<20; d = run() {
		n *= 2
	}
	return func() time.Duration { return run() / time.Duration(n) }
}

// Costs of tiles, of two products together: one that reads what it has near, 192 pixels of 3x3 by 64 channels or 128 pixels of 3x3 by 16 channels
// for gradients, and one that reads on and on from the second-level cache, 96 pixels of 256 channels, or a plane of 64 channels for gradients.

func (m *maker) tiles() {
	const wide = 256 + 16
	x, y, w := make([]float32, 64<<10), make([]float32, 64<<10), make([]float32, 64<<10)
	costs := func(had map[string]float64, names []string, fs []func() time.Duration) map[string]float64 { // of 192 columns each
		r := ratios(600*time.Millisecond, fs...)
		least := math.Inf(1)
		for i := range r {
			least = min(least, r[i])
		}
		out := map[string]float64{}
		for i, name := range names {
			out[name] = twentieth(had[name], r[i]/least)
			m.t.Logf("tile %s: %.3f of the best's time a lane", name, r[i]/least)
		}
		return out
	}
	var names []string
	var fs []func() time.Duration
	both := func(name string, nr int, near, far func()) {
		n, f := timing(near), timing(func() {
			for range 192 / nr {
				far()
			}
		})
		names, fs = append(names, name), append(fs, func() time.Duration { return n()*time.Duration(192/nr) + f() })
	}
	for _, tile := range m.e.set.Conv {
		near := kernel.ConvArgs{X: x, W: w, Y: y, XOff: steps(192, 64), YOff: steps(192, tile.NR), Taps: []int32{0, 194 * 64, 2 * 194 * 64}, Run: 3 * 64, Cols: tile.NR}
		far := kernel.ConvArgs{X: x, W: w, Y: y, XOff: steps(96, wide), YOff: steps(96, 192), Taps: []int32{0}, Run: 256, Cols: tile.NR}
		both(tile.Name, tile.NR, func() { tile.Run(&near) }, func() { tile.Run(&far) })
	}
	m.table.conv = costs(m.table.conv, names, fs)

	// What reading x once more costs: as above, and with all pixels in one place.
	tile := &m.e.set.Conv[0]
	far := kernel.ConvArgs{X: x, W: w, Y: y, XOff: steps(96, wide), YOff: steps(96, 192), Taps: []int32{0}, Run: 256, Cols: tile.NR}
	near := far
	near.XOff = make([]int32, 96)
	r := ratios(200*time.Millisecond, timing(func() { tile.Run(&near) }), timing(func() { tile.Run(&far) }))
	pass := (r[1] - 1) * float64(tile.NR)
	m.t.Logf("a panel's way over a pixel costs as much as %.2f lanes", pass)
	if math.Abs(pass-m.table.panelPass) > 0.25 { // 0 to 0.2 on a Zen 4: it decides ties
		m.table.panelPass = max(math.Round(10*pass)/10, 0)
	}

	names, fs = nil, nil
	rows := steps(9*16, 1)
	for i := range rows {
		rows[i] += int32(i / 48 * 128 * 16)
	}
	for _, tile := range m.e.set.Wgrad {
		near := kernel.WgradArgs{X: x, DY: y, DW: w, XOff: steps(128, 16), YOff: steps(128, tile.NR), Rows: rows, LD: tile.NR, Cols: tile.NR}
		far := kernel.WgradArgs{X: x, DY: y, DW: w, XOff: steps(96, 80), YOff: steps(96, wide), Rows: steps(64, 1), LD: wide, Cols: tile.NR}
		both(tile.Name, tile.NR, func() { tile.Run(&near) }, func() { tile.Run(&far) })
	}
	m.table.wgrad = costs(m.table.wgrad, names, fs)
}

// Transforms: of 64 squares of 64 channels, in multiply-adds of the level's best tile.

func (m *maker) transforms() {
	const squares, c = 64, 64
	plane := apart(squares * c)
	x, y := make([]float32, 16*plane), make([]float32, 16*plane)
	in := kernel.Transform{X: x, XOff: steps(squares, 2*c), XRow: 130 * c, XCol: c, Y: y, YOff: steps(squares, c), YRow: 4 * plane, YCol: plane, C: c}
	out := kernel.Transform{X: x, XOff: steps(squares, c), XRow: 4 * plane, XCol: plane, Y: y, YOff: steps(squares, 2*c), YRow: 130 * c, YCol: c, C: c}
	product := func(depth int) func() time.Duration {
		ts := (&planner{k: &m.e.set, t: &m.table}).tilesFor(c)
		tile := ts.main
		a := kernel.ConvArgs{X: x, W: make([]float32, depth*tile.NR), Y: y, XOff: steps(24, 160), YOff: steps(24, tile.NR), Taps: []int32{0}, Run: depth, Cols: tile.NR}
		f := timing(func() { tile.Run(&a) })
		return func() time.Duration { return f() * 1000 / time.Duration(24*tile.NR) } // of a thousand outputs
	}
	r := ratios(500*time.Millisecond, product(144), product(16), timing(func() { m.e.set.WinogradIn(&in) }), timing(func() { m.e.set.WinogradOut(&out) }))
	unit := (1 - r[1]) / (144 - 16) // a thousand multiply-adds
	start := r[1]/unit - 16
	per := func(r float64) float64 { return r / unit * 1000 / (squares * c) }
	m.t.Logf("in multiply-adds: start of a sum %.1f, transform in %.1f, out %.1f", start, per(r[2]), per(r[3]))
	m.table.tileStart, m.table.winogradIn, m.table.winogradOut = whole(m.table.tileStart, start), whole(m.table.winogradIn, per(r[2])), whole(m.table.winogradOut, per(r[3]))
}

// whole rounds a cost in multiply-adds, and leaves what the table has where the measured one is within a fifth, or two.
func whole(had, got float64) float64 {
	if math.Abs(had-got) <= max(0.2*had, 2) {
		return had
	}
	return math.Round(got)
}

// shape is a convolution of a network.
type shape struct {
	net                                          string
	n, h, kernel, stride, pad, cin, cout, groups int
}

func (s shape) String() string {
	g := ""
	if s.groups > 1 {
		g = fmt.Sprintf(" in %d groups", s.groups)
	}
	return fmt.Sprintf("%s: %dx%d/%d, %d of %dx%d, %d to %d%s", s.net, s.kernel, s.kernel, s.stride, s.n, s.h, s.h, s.cin, s.cout, g)
}

// shapes reads testdata/shapes.txt.
func shapes(t *testing.T) (out []shape) {
	f, err := os.Open("testdata/shapes.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			var s shape
			if _, err := fmt.Sscan(line, &s.net, &s.n, &s.h, &s.kernel, &s.stride, &s.pad, &s.cin, &s.cout, &s.groups); err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
	}
	return out
}

// passes of a convolution.
var passes = []string{"forward", "by input", "by weights"}

// trial is a compiled program and which of its steps are timed.
type trial struct {
	x    *executable
	feed engine.Feed
}

// run executes it and tells the time of its steps, those that bring in what is fed excepted.
func (r trial) run() time.Duration {
	before := r.spent()
	if err := r.x.Run(r.feed); err != nil {
		panic(err)
	}
	return r.spent() - before
}

func (r trial) spent() (d time.Duration) {
	for _, s := range r.x.steps {
		if s.what != "feed" && s.what != "pad" {
			d += s.spent[0]
		}
	}
	return d
}

// kernels names what was chosen.
func (r trial) kernels() string {
	var out []string
	for _, s := range r.x.steps {
		if s.kernel != "" {
			out = append(out, s.kernel)
		}
	}
	return strings.Join(out, ", ")
}

// trial compiles what write writes by the given table. With train the program writes the state, so that weights are packed in every run.
func (m *maker) trial(t table, train bool, write func(b *program.Builder) *program.Value) trial {
	b := program.NewBuilder("trial")
	b.Output("out", write(b))
	if train {
		v := b.Held("other", tensor.Of(1))
		b.EmitAll(program.Blend{Scale: 1}, v, v, b.Scalar("keep"))
	}
	p, err := b.Build()
	if err != nil {
		m.t.Fatal(err)
	}
	state := program.NewState()
	r := trial{feed: engine.Feed{Real: map[string][]float32{}, Scalars: map[string]float32{"keep": 1}}}
	for _, v := range p.Inputs(program.Held) {
		held, err := state.Add(v.Name, v.Shape())
		if err != nil {
			m.t.Fatal(err)
		}
		held.Data = m.operand(v.Name, len(held.Data))
	}
	for _, v := range p.Inputs(program.Input) { // zeros: kernels take as long for one number as for another
		r.feed.Real[v.Name] = m.operand(v.Name, v.Shape().Elems())
	}
	m.e.table = t
	x, err := m.e.Compile(p, state)
	if err != nil {
		m.t.Fatal(err)
	}
	r.x = x.(*executable)
	return r
}

// conv compiles a pass of a convolution.
func (m *maker) conv(t table, s shape, pass string, train bool) trial {
	return m.trial(t, train, func(b *program.Builder) *program.Value {
		in := (s.h-1)*s.stride + s.kernel - 2*s.pad
		c := program.Conv{Window: program.Square(s.kernel, s.stride, s.pad), Groups: s.groups}
		x := func() *program.Value { return b.Input("x", program.Real, tensor.Of(s.n, in, in, s.cin)) }
		dy := func() *program.Value { return b.Input("dy", program.Real, tensor.Of(s.n, s.h, s.h, s.cout)) }
		w := func() *program.Value { return b.Held("w", tensor.Of(s.kernel, s.kernel, s.cin/s.groups, s.cout)) }
		switch pass {
		case "by input":
			return b.Emit(program.ConvGradInput{Window: c.Window, Groups: c.Groups, Input: tensor.Of(s.n, in, in, s.cin)}, dy(), w())
		case "by weights":
			return b.Emit(program.ConvGradWeight(c), x(), dy())
		}
		return b.Emit(c, x(), w())
	})
}

// few makes a level without vectors time less.
func (m *maker) few(s shape) shape {
	if m.e.Level() == "generic" {
		s.n = min(s.n, 2)
	}
	return s
}

// direct and minimal are the table with that choice made for every convolution that allows it.
func (m *maker) direct() table {
	t := m.table
	t.winogradExtra, t.winogradGradExtra = math.Inf(1), math.Inf(1)
	return t
}

func (m *maker) minimal() table {
	t := m.table
	t.winogradExtra, t.winogradGradExtra, t.fewestInAll = 1e-9, 1e-9, 0
	return t
}

// minimals are the convolutions that minimal filtering is for.
func minimals(all []shape) (out []shape) {
	for _, s := range all {
		if s.kernel == 3 && s.stride == 1 {
			out = append(out, s)
		}
	}
	return out
}

// extras fits what the costs of transforms and tiles leave open: the median, over convolutions of networks, of the time measured by that
// which the costs alone foretell.
func (m *maker) extras() {
	var extra [2][]float64
	for _, s := range minimals(shapes(m.t)) {
		for i, pass := range passes {
			d, w := m.conv(m.direct(), s, pass, true), m.conv(m.minimal(), s, pass, true)
			one := m.table
			one.winogradExtra, one.winogradGradExtra = 1, 1
			cin, cout := s.cin/s.groups, s.cout/s.groups
			if pass == "by input" {
				cin, cout = cout, cin
			}
			direct, minimal := (&planner{k: &m.e.set, t: &one}).costs(s.h, s.h, cin, cout, pass == "by weights")
			r := ratios(60*time.Millisecond, d.run, w.run)[1] / (minimal / direct)
			extra[i/2] = append(extra[i/2], r)
		}
	}
	for i := range extra {
		slices.Sort(extra[i])
		m.t.Logf("minimal filtering takes %.2f (%.2f to %.2f) of what its costs foretell %s", extra[i][len(extra[i])/2], extra[i][len(extra[i])/10], extra[i][len(extra[i])*9/10], []string{"forward and by input", "by weights"}[i])
	}
	for i, figure := range []*float64{&m.table.winogradExtra, &m.table.winogradGradExtra} {
		if got := extra[i][len(extra[i])/2]; math.Abs(got-*figure) > 0.1 {
			*figure = math.Round(20*got) / 20
		}
	}
}

// blocks tries figures of blocks and thresholds, one after the other, each on the steps that it is for, and takes the best value where that
// is better by a twenty-fifth than what the table has, twice.
func (m *maker) blocks() {
	products := []shape{{"", 8, 28, 3, 2, 1, 64, 128, 1}, {"", 8, 14, 1, 1, 0, 256, 512, 1}, {"", 8, 8, 1, 1, 0, 512, 512, 1}, {"", 8, 15, 5, 1, 2, 96, 256, 2}, {"", 32, 16, 1, 1, 0, 304, 304, 1}}
	heavy := []shape{{"", 32, 4, 1, 1, 0, 1024, 1024, 1}, {"", 16, 7, 3, 2, 1, 256, 512, 1}, {"", 32, 8, 5, 1, 2, 48, 128, 1}, {"", 32, 8, 1, 1, 0, 512, 512, 1}}
	squares := []shape{{"", 16, 32, 3, 1, 1, 16, 16, 1}, {"", 16, 16, 3, 1, 1, 76, 12, 1}, {"", 16, 16, 3, 1, 1, 96, 128, 1}, {"", 32, 8, 3, 1, 1, 128, 256, 1}, {"", 32, 7, 3, 1, 1, 256, 384, 1}}
	conv := func(pass string, of []shape) func(t table) []trial {
		return func(t table) (out []trial) {
			for _, s := range of {
				out = append(out, m.conv(t, m.few(s), pass, true))
			}
			return out
		}
	}
	product := func(rows ...int) func(t table) []trial {
		return func(t table) (out []trial) {
			for _, r := range rows {
				out = append(out, m.trial(t, true, func(b *program.Builder) *program.Value {
					return b.Emit(program.MatMul{}, b.Input("x", program.Real, tensor.Of(r, 1024)), b.Held("w", tensor.Of(1024, 1024)))
				}))
			}
			return out
		}
	}
	net := func(t table) []trial {
		n := residualNet{batch: 32, size: 32, width: 16, blocks: 1}
		m.e.table = t
		s := program.NewState()
		x, err := m.e.Compile(n.program(m.t, s, true), s)
		if err != nil {
			m.t.Fatal(err)
		}
		return []trial{{x.(*executable), n.feed()}}
	}
	k := func(ns ...int) []int {
		for i := range ns {
			ns[i] <<= 10
		}
		return ns
	}
	t := &m.table
	m.choose("cutBytes", &t.cutBytes, k(12, 20, 28), conv("forward", products))
	m.choose("panelsBytes", &t.panelsBytes, k(64, 128, 256, 512), conv("forward", products))
	m.choose("blockBytes", &t.blockBytes, k(12, 24, 48), conv("forward", products))
	m.choose("tablePixels", &t.tablePixels, []int{96, 192, 384}, conv("forward", products))
	m.choose("heavyBytes", &t.heavyBytes, k(256, 512, 1024), conv("forward", heavy))
	m.choose("sliceBytes", &t.sliceBytes, k(320, 640, 1280), conv("forward", heavy))
	m.choose("taskPixels", &t.taskPixels, []int{192, 384, 768}, conv("forward", heavy))
	m.choose("wgradPixels", &t.wgradPixels, []int{64, 128, 192, 256}, conv("by weights", products))
	m.choose("ownBytes", &t.ownBytes, k(256, 512, 1024), conv("by weights", heavy))
	if t.winogradExtra > 0 {
		m.choose("squaresBytes", &t.squaresBytes, k(1024, 2048, 4096), conv("forward", squares))
		m.choose("fewestSquares", &t.fewestSquares, []int{32, 48, 64}, conv("forward", squares))
		m.choose("mostSquares", &t.mostSquares, []int{64, 96, 144}, conv("forward", squares))
		m.choose("minimalHeavy", &t.minimalHeavy, k(512, 1024, 2048), conv("forward", squares))
		m.choose("minimalPart", &t.minimalPart, k(4, 8, 16), conv("by weights", squares))
	}
	m.choose("matRows", &t.matRows, []int{256, 512, 1024}, product(256, 512))
	m.choose("matPanels", &t.matPanels, []int{4, 8, 16}, product(256, 512))
	m.choose("streamedRows", &t.streamedRows, []int{0, 8, 16, 32, 64, 128}, product(12, 24, 48, 96))
	m.choose("streamedColumns", &t.streamedColumns, []int{256, 512, 1024}, product(4, 8))
	m.choose("streamedDepth", &t.streamedDepth, []int{64, 128, 256}, product(4, 8))
	m.choose("chunkBytes", &t.chunkBytes, k(128, 256, 512), net)
}

// choose sets a figure to the best of the given values.
func (m *maker) choose(name string, figure *int, values []int, trials func(t table) []trial) {
	had := *figure
	against := func(values ...int) []float64 { // the time by each value relative to the one that the table has
		runs := [][]trial{trials(m.table)}
		for _, v := range values {
			*figure = v
			runs = append(runs, trials(m.table))
		}
		*figure = had
		mean := make([]float64, len(values))
		for i := range runs[0] {
			var fs []func() time.Duration
			for _, r := range runs {
				fs = append(fs, r[i].run)
			}
			for j, r := range ratios(60*time.Millisecond, fs...)[1:] {
				mean[j] += math.Log(r) / float64(len(runs[0]))
			}
		}
		return mean
	}
	values = slices.DeleteFunc(values, func(v int) bool { return v == had })
	scores := against(values...)
	log, best := "", 0
	for i, s := range scores {
		log += fmt.Sprintf(", %d %+.1f %%", values[i], 100*(math.Exp(s)-1))
		if s < scores[best] {
			best = i
		}
	}
	if scores[best] < -0.04 && against(values[best])[0] < -0.04 { // twice, so not by chance
		*figure = values[best]
	}
	m.t.Logf("%s %d; of %d%s", name, *figure, had, log)
}

// report holds the choices of the table made against what is the best when timed.
func (m *maker) report() {
	var all []verdict
	for _, s := range shapes(m.t) {
		for _, batch := range []int{1, s.n} {
			c := m.few(s)
			c.n = min(batch, c.n)
			if batch == s.n || m.e.Level() != "generic" {
				for _, pass := range passes {
					if batch > 1 || pass == "forward" {
						all = append(all, m.judge(c, pass, batch > 1))
					}
				}
			}
		}
	}
	m.summary(all)
}

// verdict is what a choice lost against the best, 0 if it is that.
type verdict struct {
	pass          string
	few           bool // one picture
	loss          float64
	chosen, wiser string
}

// judge times the plans that the table could have made of a convolution.
func (m *maker) judge(s shape, pass string, train bool) verdict {
	plans := map[string]trial{}
	chosen := m.conv(m.table, s, pass, train)
	for _, t := range m.others(pass) {
		r := m.conv(t, s, pass, train)
		plans[r.kernels()] = r
	}
	delete(plans, chosen.kernels())
	names := slices.Sorted(maps.Keys(plans))
	fs := []func() time.Duration{chosen.run}
	for _, n := range names {
		fs = append(fs, plans[n].run)
	}
	v := verdict{pass: pass, few: s.n == 1, chosen: chosen.kernels()}
	least, best := 1.0, 0
	for i, r := range ratios(25*time.Millisecond, fs...) {
		if r < least {
			least, best = r, i
		}
	}
	if best > 0 { // once more, those two alone: the least of many is flattered
		v.wiser = names[best-1]
		v.loss = max(0, 1/ratios(40*time.Millisecond, fs[0], fs[best])[1]-1)
	}
	if v.loss > 0.04 {
		m.t.Logf("%v, %s: %s, but %s takes %.0f %% less", s, pass, v.chosen, v.wiser, 100*(1-1/(1+v.loss)))
	}
	return v
}

// others is the tables that force each choice: direct and minimal, with each tile for most columns and each for the rest.
func (m *maker) others(pass string) (out []table) {
	kinds := []table{m.direct()}
	if m.table.winogradExtra > 0 {
		kinds = append(kinds, m.minimal())
	}
	for _, t := range kinds {
		costs := t.conv
		if pass == "by weights" {
			costs = t.wgrad
		}
		for a := range costs {
			for b := range costs {
				only := map[string]float64{}
				for name := range costs {
					if only[name] = 1e6; name == a || name == b {
						only[name] = costs[name]
					}
				}
				if pass == "by weights" {
					t.wgrad = only
				} else {
					t.conv = only
				}
				out = append(out, t)
			}
		}
	}
	return out
}

// summary prints the rows of docs/planner.md.
func (m *maker) summary(all []verdict) {
	for _, few := range []bool{false, true} {
		for _, pass := range passes {
			n, wrong, sum, worst := 0, 0, 0.0, 0.0
			for _, v := range all {
				if v.few == few && v.pass == pass {
					n++
					sum += v.loss
					worst = max(worst, v.loss)
					if v.loss > 0.05 {
						wrong++
					}
				}
			}
			if n > 0 {
				batch := "training"
				if few {
					batch = "one picture"
				}
				m.t.Logf("| %s | %s | %s | %d | %d | %.1f %% | %.0f %% |", m.e.Level(), batch, pass, n, wrong, 100*sum/float64(n), 100*worst)
			}
		}
	}
}

// same reports whether two tables have the same figures, whoever made them when.
func same(a, b table) bool {
	a.made = b.made
	return reflect.DeepEqual(a, b)
}

// printed is table_data.go.
func printed() []byte {
	var b bytes.Buffer
	b.WriteString("// Code generated by go test ./engine/cpu -run TestTimes -times; see docs/planner.md. DO NOT EDIT.\n\npackage cpu\n\n// tables is the figures by level.\nvar tables = map[string]table{\n")
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		fmt.Fprintf(&b, "%q: {\n", name)
		t := tables[name]
		v := reflect.ValueOf(t)
		for i := range v.NumField() {
			f := v.Field(i)
			fmt.Fprintf(&b, "%s: ", v.Type().Field(i).Name)
			switch f.Kind() {
			case reflect.Map:
				b.WriteString("map[string]float64{")
				keys := f.MapKeys()
				slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
				for _, k := range keys {
					fmt.Fprintf(&b, "%q: %v, ", k, f.MapIndex(k).Float())
				}
				b.WriteString("}")
			case reflect.String:
				fmt.Fprintf(&b, "%q", f.String())
			case reflect.Float64:
				fmt.Fprint(&b, f.Float())
			default:
				if n := f.Int(); n > 0 && n%1024 == 0 {
					fmt.Fprintf(&b, "%d << 10", n>>10)
				} else {
					fmt.Fprint(&b, n)
				}
			}
			b.WriteString(",\n")
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
	out, err := format.Source(b.Bytes())
	if err != nil {
		panic(err)
	}
	return out
}
