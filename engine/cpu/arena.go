package cpu

import (
	"math"
	"slices"
)

// The arena: one array of float32, shared by the executables of an engine, in which every value has its place from the phase
// that writes it first to the phase that reads it last. Places are found before anything runs.

// alias lets outputs take the bytes of inputs that are read for the last time, and gives all that share bytes one layout. It
// is called when the order of the steps is known.
func (b *planner) alias() {
	for _, v := range b.values {
		r := v.base()
		for _, s := range v.uses {
			r.end = max(r.end, s.pos)
		}
		r.keep = r.keep || v.keep
	}
	for _, s := range b.steps {
		out := s.writes[0]
		for _, in := range s.inPlace {
			r := in.base()
			if out.root != out || in.slice || in != r && r.sliced || r.home != arena || r.keep || r.end != s.pos || in.perChunk ||
				in.n != out.n || in.h != out.h || in.w != out.w || in.c != out.c ||
				(!in.dense() || !out.dense() || r.sliced || out.sliced) && (r.mixed || out.mixed) {
				continue
			}
			out.root = r
			r.uses = append(r.uses, out.uses...)
			r.end = max(r.end, out.end)
			r.keep = out.keep
			r.mixed = r.mixed || out.mixed
			r.sliced = r.sliced || out.sliced
			break
		}
	}
	for _, v := range b.values {
		switch {
		case v.slice:
			v.base().need(v.halo)
		case v.root != v:
			v.base().like(v)
		}
	}
	for _, v := range b.values {
		switch r := v.base(); {
		case v.slice:
			v.within(r)
		case v != r && !r.dense():
			v.like(r)
		}
	}
}

// settle finds a place for every value, in the arena or in the memory of a worker. It returns the arena's length, and how much of it
// is alive at once, at most: what no placing could undercut.
func (b *planner) settle() (length, live int) {
	number := map[*phase]int{}
	for i, ph := range b.phases {
		number[ph] = i
	}
	var shared []*value
	private := map[*phase][]*value{}
	for _, v := range b.values {
		if v.root != v || v.home == host || v.home == fixed || len(v.uses) == 0 {
			continue
		}
		v.start, v.end = math.MaxInt, 0
		v.phases = [2]int{math.MaxInt, 0}
		for _, s := range v.uses {
			v.start, v.end = min(v.start, s.pos), max(v.end, s.pos)
			i := number[s.ph]
			v.phases[0], v.phases[1] = min(v.phases[0], i), max(v.phases[1], i)
		}
		first := b.steps[v.start]
		if v.haloed() {
			first.clears = append(first.clears, v)
		}
		if v.keep {
			v.phases[1] = len(b.phases)
		}
		if v.phases[0] == v.phases[1] && first.ph.n > 0 && first.ph.n == v.n && !v.perChunk {
			v.home = chunk
			private[first.ph] = append(private[first.ph], v)
		} else {
			shared = append(shared, v)
		}
	}
	for _, ph := range b.phases {
		ph.own = pack(private[ph], func(v *value) int { return ph.group * v.img }, func(v *value) (int, int) { return v.start, v.end })
	}
	length = pack(shared, (*value).size, func(v *value) (int, int) { return v.phases[0], v.phases[1] })
	alive := make([]int, len(b.phases)+1)
	for _, v := range shared {
		for i := v.phases[0]; i <= v.phases[1]; i++ {
			alive[i] += v.size()
		}
	}
	for _, v := range shared {
		if v.phases[1] < len(b.phases) {
			ph := b.phases[v.phases[1]]
			ph.dead = append(ph.dead, v)
		}
	}
	for _, v := range b.values {
		v.home, v.at = v.base().home, v.base().at
	}
	return length, slices.Max(alive)
}

// pack gives each value the lowest offset where nothing lies that lives at the same time, the largest first, and returns the
// length of the whole. Offsets are multiples of 64 bytes.
func pack(vs []*value, size func(*value) int, life func(*value) (int, int)) int {
	order := slices.Clone(vs)
	slices.SortStableFunc(order, func(a, b *value) int { return size(b) - size(a) })
	length := 0
	var placed []*value // by offset
	for _, v := range order {
		from, to := life(v)
		at := 0
		for _, o := range placed {
			f, t := life(o)
			if t < from || f > to {
				continue
			}
			if at+size(v) <= o.at {
				break
			}
			at = max(at, (o.at+size(o)+15)&^15)
		}
		v.at = at
		length = max(length, at+size(v))
		i, _ := slices.BinarySearchFunc(placed, at, func(o *value, at int) int { return o.at - at })
		placed = slices.Insert(placed, i, v)
	}
	return length
}

// fillNaN poisons memory whose content nobody may read any more.
func fillNaN(d []float32) {
	nan := float32(math.NaN())
	for i := range d {
		d[i] = nan
	}
}
