package nn

import "fmt"

// ReorgKind says in which order a [Reorg] puts what it moves.
type ReorgKind string

// The kinds of reorg, for x [H,W,C] and stride s.
const (
	// Darknet is what the public darknet computes, with which YOLOv2's weights were trained: it takes the memory of the map
	// [C,H,W] for one [C/s²,H·s,W·s], moves the pixels of each s·s square there into channels [s,s,C/s²,H,W], and takes that for
	// [C·s²,H/s,W/s]. Neighbours of the result are not those of the map: reorg_cpu of src/blas.c at f6afaab.
	Darknet ReorgKind = "darknet"
	// Plain moves each square of s·s pixels into the channels of one: y[h,w,(u·s+v)·C+c] = x[h·s+u,w·s+v,c], space to depth.
	Plain ReorgKind = "plain"
)

// Reorg makes a map smaller and as much deeper, so that it can be concatenated with a coarser one: the passthrough of Redmon, Farhadi,
// arXiv:1612.08242, §2, fine-grained features.
type Reorg struct {
	Stride int       `yaml:"stride"` // default 2; divides height and width
	Type   ReorgKind `yaml:"type"`   // default darknet
}

// Kind is "reorg".
func (Reorg) Kind() string { return "reorg" }

// Normal makes it darknet's of stride 2.
func (l Reorg) Normal() Layer {
	if l.Stride == 0 {
		l.Stride = 2
	}
	if l.Type == "" {
		l.Type = Darknet
	}
	return l
}

// String prints "reorg /2 darknet".
func (l Reorg) String() string { return fmt.Sprintf("reorg /%d %s", l.Stride, l.Type) }

// Infer divides height and width by the stride and multiplies the channels by its square.
func (l Reorg) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	s := l.Stride
	switch {
	case err != nil:
		return x, err
	case l.Type != Darknet && l.Type != Plain:
		return x, fmt.Errorf("no reorg %q; choose darknet or plain", string(l.Type))
	case s < 1 || s > maxExtent:
		return x, fmt.Errorf("stride %d; give 1 or more", s)
	case x.H%s != 0 || x.W%s != 0:
		return x, fmt.Errorf("stride %d does not divide a map of %dx%d; give images whose sides are multiples of the network's stride", s, x.H, x.W)
	case l.Type == Darknet && x.C%(s*s) != 0:
		return x, fmt.Errorf("darknet's reorg of stride %d wants a multiple of %d channels, not %d; choose others or type: plain", s, s*s, x.C)
	}
	return Size{x.H / s, x.W / s, x.C * s * s}, nil
}
