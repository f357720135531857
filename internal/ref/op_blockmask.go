package ref

import (
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// blockMask: 0 in the squares that begin at a place, else elements over elements that are not 0.
func blockMask(op program.BlockMask, rate, step, m array) {
	side, down, across := op.Places()
	gamma := op.Gamma(float32(rate.v[0]))
	n, c := op.Shape[0], op.Shape[3]
	for i := range m.v {
		m.v[i] = 1
	}
	for j := range n * down * across * c {
		r := tensor.Philox4x32([4]uint32{uint32((op.First + j) / 4), uint32(step.v[0]), 0, 0}, op.Key)
		if tensor.UnitFloat32(r[(op.First+j)%4]) >= gamma {
			continue
		}
		for h := range side {
			for w := range side {
				m.v[m.at(j/c/across/down, j/c/across%down+h, j/c%across+w, j%c)] = 0
			}
		}
	}
	kept := 0.0
	for _, v := range m.v {
		kept += v
	}
	for i := range m.v {
		if m.v[i] != 0 {
			m.v[i] = float64(len(m.v)) / kept
		}
	}
}
