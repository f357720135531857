package nn

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/spec"
)

// Size is the extents of one image or feature map; the batch is not part of it.
type Size struct{ H, W, C int }

// Elems is the number of values in it.
func (s Size) Elems() int { return s.H * s.W * s.C }

// String prints 32x32x16.
func (s Size) String() string { return fmt.Sprintf("%dx%dx%d", s.H, s.W, s.C) }

// MarshalText is String.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads HxWxC.
func (s *Size) UnmarshalText(text []byte) error {
	v, err := ParseSize(string(text))
	if err == nil && v.C == 0 {
		err = fmt.Errorf("%q: want HxWxC, such as 128x128x3", text)
	}
	*s = v
	return err
}

// ParseSize reads "128x128x3", or "128x128" with C zero: the network's own.
func ParseSize(text string) (Size, error) {
	parts := strings.Split(text, "x")
	var v [3]int
	ok := len(parts) == 2 || len(parts) == 3
	for i := 0; ok && i < len(parts); i++ {
		n, err := strconv.Atoi(parts[i])
		ok = err == nil && n > 0 && n <= maxExtent
		v[i] = n
	}
	if !ok {
		return Size{}, fmt.Errorf("%q: want HxW or HxWxC, such as 128x128x3", text)
	}
	return Size{v[0], v[1], v[2]}, nil
}

// maxExtent bounds every extent and hyper-parameter read from a file, so that no product of three overflows.
const maxExtent = 1 << 20

// MaxClasses is how many classes a network may tell apart.
const MaxClasses = maxExtent

// HW is a height and a width: of a kernel, a stride, a dilation. In text a square one is a number, another "1x3".
type HW [2]int

// Square is the same extent both ways.
func Square(k int) HW { return HW{k, k} }

// String prints 3x3.
func (p HW) String() string { return fmt.Sprintf("%dx%d", p[0], p[1]) }

// MarshalSpec writes 3 for a square, 1x3 for others.
func (p HW) MarshalSpec() (*spec.Node, error) {
	if p[0] == p[1] {
		return spec.NewInt(p[0]), nil
	}
	return spec.NewText(p.String()), nil
}

// UnmarshalText reads 3 or 1x3.
func (p *HW) UnmarshalText(text []byte) error {
	h, w, two := strings.Cut(string(text), "x")
	if !two {
		w = h
	}
	a, err1 := strconv.Atoi(h)
	b, err2 := strconv.Atoi(w)
	if err1 != nil || err2 != nil || a < 1 || b < 1 || a > maxExtent || b > maxExtent {
		return fmt.Errorf("%q: want a whole number above 0, or two as in 1x3", text)
	}
	*p = HW{a, b}
	return nil
}

// Padding is rows and columns of zeros added top, bottom, left and right. In a file a number when all are equal, else a list.
type Padding [4]int

// Pad is the same padding on every side.
func Pad(p int) Padding { return Padding{p, p, p, p} }

// Same is the padding that keeps the size at stride 1: (k-1)·dilation in all, the smaller half on top and left.
func Same(kernel, dilation HW) Padding {
	h, w := (kernel[0]-1)*dilation[0], (kernel[1]-1)*dilation[1]
	return Padding{h / 2, h - h/2, w / 2, w - w/2}
}

// String prints 1, or 0,1,0,1 where the sides differ.
func (p Padding) String() string {
	if p == Pad(p[0]) {
		return strconv.Itoa(p[0])
	}
	return fmt.Sprintf("%d,%d,%d,%d", p[0], p[1], p[2], p[3])
}

// MarshalSpec writes 1, or [0, 1, 0, 1].
func (p Padding) MarshalSpec() (*spec.Node, error) {
	if p == Pad(p[0]) {
		return spec.NewInt(p[0]), nil
	}
	return spec.Encode(p[:])
}

// UnmarshalSpec reads what MarshalSpec writes.
func (p *Padding) UnmarshalSpec(n *spec.Node) error {
	each := []*spec.Node{n, n, n, n}
	if n.Kind == spec.List && n.Len() == 4 {
		for i, item := range n.Items() {
			each[i] = item
		}
	}
	for i, item := range each {
		v, err := item.Int()
		if err != nil || v < 0 || v > maxExtent {
			return n.Errorf("padding: want a whole number from 0, or four (top, bottom, left, right) as in [0, 1, 0, 1]")
		}
		p[i] = v
	}
	return nil
}
