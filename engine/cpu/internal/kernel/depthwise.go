package kernel

import "math"

// Depthwise convolution: a channel sees itself alone (multiplier 1), so vectors run over channels. The gradient of the input is
// the forward kernel over dy with the taps reversed, at stride s a call for each of the s·s phases of dx.

// DepthwiseArgs says: for r < Rows, p < Pixels, c < C
//
//	y[r,p,c] = act(start + Σ_{i<KH} Σ_{j<KW} x[r·X.Row + p·X.Pix + i·KRow + j·KPix + c] · w[(i·KW+j)·C + c])
//
// or, where Four, in groups of four channels, C being a multiple of it: Σ_{g<4} of x[... + ⌊c/4⌋·4 + g] · w[((i·KW+j)·4 + g)·C + c].
//
// The stride is in the pitches of X, the dilation in those of the taps. start is Bias[c], or 0 where Bias is nil, and if Add y's own
// value. With no tap y is act(start).
//
// DepthwiseGrad reads y and adds to w: w[(i·KW+j)·C + c] += Σ_r Σ_p x[as above] · y[r,p,c], or what Four makes of it.
type DepthwiseArgs struct {
	Block
	X, Y       Map
	W, Bias    []float32
	KH, KW     int
	KRow, KPix int  // elements from a tap to the one below it, and to its right
	Four       bool // groups of four channels, not of one
	Add        bool // start from y
	Act        Func // Identity, ReLU or ReLU6
}

// x is what tap i, j of pixel p in row r sees.
func (a *DepthwiseArgs) x(r, p, i, j int) []float32 {
	o := r*a.X.Row + p*a.X.Pix + i*a.KRow + j*a.KPix
	return a.X.Data[o : o+a.C : o+a.C]
}

// w is the weights at tap i, j of the g'th channel of a group.
func (a *DepthwiseArgs) w(i, j, g int) []float32 { return a.W[((i*a.KW+j)*a.group()+g)*a.C:][:a.C] }

func (a *DepthwiseArgs) group() int {
	if a.Four {
		return 4
	}
	return 1
}

func depthwise(a *DepthwiseArgs) {
	for r := range a.Rows {
		for p := range a.Pixels {
			y := a.Y.at(r, p, a.C)
			if !a.Add {
				clear(y)
			}
			for c, v := range a.Bias {
				y[c] += v
			}
			for i := range a.KH {
				for j := range a.KW {
					x, w := a.x(r, p, i, j), a.w(i, j, 0)
					if !a.Four {
						for c := range y {
							y[c] += x[c] * w[c]
						}
						continue
					}
					for g := range 4 {
						w := a.w(i, j, g)
						for c := range y {
							y[c] += x[c&^3+g] * w[c]
						}
					}
				}
			}
			if a.Act == Identity {
				continue
			}
			high := a.Act.high()
			for c, v := range y {
				y[c] = min(max(v, 0), high)
			}
		}
	}
}

// high is where a ReLU ends.
func (f Func) high() float32 {
	if f == ReLU6 {
		return 6
	}
	return float32(math.Inf(1))
}

func depthwiseGrad(a *DepthwiseArgs) {
	for i := range a.KH {
		for j := range a.KW {
			for g := range a.group() {
				w := a.w(i, j, g)
				for r := range a.Rows {
					for p := range a.Pixels {
						x, y := a.x(r, p, i, j), a.Y.at(r, p, a.C)
						if !a.Four {
							for c := range w {
								w[c] += x[c] * y[c]
							}
							continue
						}
						for c := range w {
							w[c] += x[c&^3+g] * y[c]
						}
					}
				}
			}
		}
	}
}
