package kernel

// Winograd's minimal filtering F(2x2, 3x3): Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308,
// section 4.1. Four outputs of a 3x3 convolution cost 16 multiplications a pair of channels in place of 36: y = Aᵀ[(G g Gᵀ) ⊙
// (Bᵀ d B)]A. Over channels these are 16 products of matrices, which conv.go and wgrad.go do; here are the transforms, vectors
// over channels, and those of the gradients, which are their transposes. All constants are 0, ±1 and ±½, so rounding is that of
// the direct sum within a small factor; F(4x4) saves more and multiplies by 8, and was left out for that.

// Transform says: for each i < len(XOff) take the square of vectors of C channels whose element (r, s) is
// X[XOff[i]+r·XRow+s·XCol:][:C], multiply it by the transform's matrix from the left and its transpose from the right, and put
// element (r, s) of what comes out at Y[YOff[i]+r·YRow+s·YCol:][:C].
type Transform struct {
	X, Y                   []float32
	XOff, YOff             []int32 // of each square, of one length
	XRow, XCol, YRow, YCol int
	C                      int

	// Of WinogradOut alone.
	Bias []float32 // a channel, nil for none
	Add  bool      // go on from y
	ReLU bool
	Edge []uint8 // of each square: 1 without its right column, 2 without its lower row, 3 without both: not written. nil: all whole
}

// The matrices, rows of outputs.
var (
	winogradB  = [][]float32{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}} // Bᵀ: 4x4 of x to 4x4
	winogradG  = [][]float32{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}}         // G: 3x3 of w to 4x4
	winogradA  = [][]float32{{1, 1, 1, 0}, {0, 1, -1, -1}}                              // Aᵀ: 4x4 to 2x2 of y
	winogradAT = [][]float32{{1, 0}, {1, 1}, {1, -1}, {0, -1}}                          // A: 2x2 of dy to 4x4
	winogradGT = [][]float32{{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}}           // Gᵀ: 4x4 to 3x3 of dw
)

func winogradIn(t *Transform)         { t.by(winogradB) }
func winogradWeight(t *Transform)     { t.by(winogradG) }
func winogradOut(t *Transform)        { t.by(winogradA) }
func winogradOutGrad(t *Transform)    { t.by(winogradAT) }
func winogradWeightGrad(t *Transform) { t.by(winogradGT) }

// by is y = m·x·mᵀ.
func (t *Transform) by(m [][]float32) {
	n := len(m[0])
	for i, xo := range t.XOff {
		edge := uint8(0)
		if t.Edge != nil {
			edge = t.Edge[i]
		}
		for r := range m {
			for s := range m {
				if edge&2 != 0 && r > 0 || edge&1 != 0 && s > 0 {
					continue
				}
				y := t.Y[int(t.YOff[i])+r*t.YRow+s*t.YCol:][:t.C]
				for c := range y {
					sum := float32(0)
					for p := range n {
						row := float32(0)
						for q := range n {
							if k := m[s][q]; k != 0 {
								row += float32(k * t.X[int(xo)+p*t.XRow+q*t.XCol+c])
							}
						}
						sum += float32(m[r][p] * row)
					}
					if t.Bias != nil {
						sum += t.Bias[c]
					}
					if t.Add {
						sum += y[c]
					}
					if t.ReLU {
						sum = max(sum, 0)
					}
					y[c] = sum
				}
			}
		}
	}
}
