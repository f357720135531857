package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// pieces adds the step of one parameter: tasks of updatePiece elements, each of which reads the unit's inputs, changes p and slots, and
// is handed the scalars behind the tensors.
func (b *planner) pieces(u unit, what string, tensors int, f func(fr *frame, from, to int, in, scalars []*value)) error {
	in := make([]*value, len(u.In))
	for i, v := range u.In {
		in[i] = b.val(v)
	}
	var outs []*value
	for _, i := range u.Op.(program.Writer).Writes() {
		outs = append(outs, in[i])
	}
	size := in[0].size()
	s := b.bag(u.Node, what, (size+updatePiece-1)/updatePiece, outs...).knowing(in...)
	s.build = func() {
		s.task = func(w *worker, t int) {
			f(w.f, t*updatePiece, min(t*updatePiece+updatePiece, size), in[:tensors], in[tensors:])
		}
	}
	return nil
}

func bindAdam(b *planner, u unit) error {
	return b.pieces(u, "adam", 4, func(f *frame, from, to int, in, s []*value) {
		b.k.Adam(f.part(in[0], from, to), f.part(in[2], from, to), f.part(in[3], from, to), f.part(in[1], from, to), f.adam(s))
	})
}

// adam reads the coefficients of Adam in the order of its scalars.
func (f *frame) adam(s []*value) kernel.Adam {
	return kernel.Adam{Step: f.scalar(s[0]), Direct: f.scalar(s[1]), Root: f.scalar(s[2]), Eps: f.scalar(s[3]), Beta1: f.scalar(s[4]), Beta2: f.scalar(s[5]), L2: f.scalar(s[6]), Decay: f.scalar(s[7])}
}

func bindRMSProp(b *planner, u unit) error {
	op := u.Op.(program.RMSProp)
	tensors := 3
	if op.Momentum {
		tensors = 4
	}
	return b.pieces(u, "rmsprop", tensors, func(f *frame, from, to int, in, s []*value) {
		k := kernel.RMSProp{LR: f.scalar(s[0]), Keep: f.scalar(s[1]), Add: f.scalar(s[2]), Eps: f.scalar(s[3]), L2: f.scalar(s[4]), EpsInside: op.EpsInside}
		var buffer []float32
		if op.Momentum {
			buffer, k.Momentum = f.part(in[3], from, to), f.scalar(s[5])
		}
		b.k.RMSProp(f.part(in[0], from, to), f.part(in[2], from, to), buffer, f.part(in[1], from, to), k)
	})
}

func bindAdaDelta(b *planner, u unit) error {
	return b.pieces(u, "adadelta", 4, func(f *frame, from, to int, in, s []*value) {
		b.k.AdaDelta(f.part(in[0], from, to), f.part(in[2], from, to), f.part(in[3], from, to), f.part(in[1], from, to), f.scalar(s[0]), f.scalar(s[1]), f.scalar(s[2]), f.scalar(s[3]))
	})
}

func bindLion(b *planner, u unit) error {
	return b.pieces(u, "lion", 3, func(f *frame, from, to int, in, s []*value) {
		b.k.Lion(f.part(in[0], from, to), f.part(in[2], from, to), f.part(in[1], from, to), f.scalar(s[0]), f.scalar(s[1]), f.scalar(s[2]), f.scalar(s[3]), f.scalar(s[4]))
	})
}

// part is some elements of a dense value.
func (f *frame) part(v *value, from, to int) []float32 { return f.whole(v)[from:to] }
