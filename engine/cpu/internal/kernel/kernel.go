// Package kernel holds the inner loops of the CPU engine: functions of float32 slices and plan-time tables, nothing of
// Assay's imported but internal/elementary. Start at [Set], the functions of one level, then [Levels].
//
// The generic Go function in each file is the contract; assembly of that name matches it within rounding (other orders of
// summation, fused multiply-adds), and exactly in what it reads and writes: a kernel never stores outside the block that it
// was given, whatever the widths. Offsets, pitches and lengths count float32 elements, not bytes; nothing need be aligned.
// The generic functions give the same bits on every processor and in every build: a product that is added to something is rounded
// first, by an explicit conversion (internal/elementary says why, its test proves it).
//
// Kernels trust their tables: generic code panics on a wrong offset, assembly does not look (maps and vectors that are too
// short panic at every level). Results are a function of the arguments and the level alone, so the bits do not depend on
// threads. No kernel allocates.
//
// The level avx2 needs AVX2, FMA and BMI2; avx512 needs AVX-512 F, VL, BW and DQ besides. Both come out of _asm, a module of
// its own, by go generate; the build tag purego leaves them out.
package kernel

// Set is the functions of one level, a value: two levels may race in one program. A level copies the one below and overrides
// what it does better.
type Set struct {
	Name string // "generic", "avx2" or "avx512"

	// Tiles of multiply-adds, widest first. A convolution is packed for one tile's NR (see Pack) and runs on that tile.
	Conv  []ConvTile
	Wgrad []WgradTile

	Depthwise     func(a *DepthwiseArgs) // depthwise.go
	DepthwiseGrad func(a *DepthwiseArgs)

	// Weights [K][Cout] into panels, conv.go.
	Pack          func(dst, w []float32, k, cols, ld, nr int)
	PackTranspose func(dst, w []float32, taps []int32, cin, cout, ld, nr int)

	// Transforms of minimal filtering, winograd.go.
	WinogradIn, WinogradWeight, WinogradOut, WinogradOutGrad, WinogradWeightGrad func(t *Transform)

	// Per channel, norm.go.
	Moments      func(b Block, x Map, pivot, sum, sq []float32)
	ColSums      func(b Block, x Map, sum []float32)
	Affine       func(b Block, relu bool, y, x, res Map, scale, shift []float32)
	NormGradSums func(b Block, dy, x, y Map, mean, sum, dot []float32)
	NormGrad     func(b Block, dx, dres, dy, x, y Map, mean, kdy, kx, k0 []float32)
	PReLU        func(b Block, y, x Map, a []float32)
	PReLUGrad    func(b Block, dx, x, dy Map, a, da []float32)
	APL          func(b Block, y, x Map, a, h []float32)
	APLGrad      func(b Block, dx, x, dy Map, a, h, da, dh []float32)
	Spread       func(b Block, y Map, v []float32, k float32)
	Gate         func(b Block, y, x Map, g []float32)
	ColDots      func(b Block, x, y Map, dot []float32)

	// Per pixel, rows.go.
	RowSums       func(b Block, y, x Map, k float32)
	RowDots       func(b Block, d, x, y Map)
	RowMax        func(b Block, y, x Map)
	RowMaxGrad    func(b Block, dx, x, y, dy Map)
	SpreadRows    func(b Block, x, y Map, k float32)
	GateRows      func(b Block, y, x, g Map)
	Softmax       func(b Block, y, x Map)
	SoftmaxGrad   func(b Block, dx, y, dy Map)
	LayerNorm     func(b Block, y, x Map, gamma, beta []float32, eps float32)
	LayerNormGrad func(b Block, dx, x, dy Map, gamma, dgamma, dbeta []float32, eps float32)

	// Element by element, elementwise.go and activation.go.
	Add            func(b Block, z, x, y Map)
	Mul            func(b Block, z, x, y Map)
	Scale          func(b Block, y, x Map, k float32)
	Axpy           func(b Block, y, x Map, k float32)
	Copy           func(b Block, y, x Map)
	Permute        func(b Block, y, x Map, from []int32)
	Fill           func(b Block, y Map, k float32)
	Activation     func(b Block, f Func, alpha float32, y, x Map)
	ActivationGrad func(b Block, f Func, alpha float32, dx, z, dy Map)
	CReLU          func(b Block, y, x Map)
	CReLUGrad      func(b Block, dx, y, dy Map)
	RReLU          func(b Block, y, x, dy Map, first uint64, low, high float32, step uint32, key [2]uint32)
	Dropout        func(b Block, y, x Map, first uint64, rate float32, step uint32, key [2]uint32)

	// Windows, pool.go, and across channels, lrn.go.
	MaxPool     func(p *Pool, y, x Map)
	MaxPoolGrad func(p *Pool, dx, x, y, dy Map)
	AvgPool     func(p *Pool, y, x Map)
	AvgPoolGrad func(p *Pool, dx, dy Map)
	LRN         func(b Block, y, x Map, l LRN)
	LRNGrad     func(b Block, dx, x, dy Map, l LRN)
	PowLog      func(b Block, y, x Map, p, k, l float32) // powlog.go

	StochasticPool          func(p *Pool, y, x Map, first uint64, step uint32, key [2]uint32)
	StochasticPoolInference func(p *Pool, y, x Map)

	// Steps of recurrent sweeps, recurrent.go.
	LSTM     func(a *Cell)
	LSTMGrad func(a *Cell)
	GRU      func(a *Cell)
	GRUGrad  func(a *Cell)

	// Rows of logits, loss.go.
	LogSoftmax       func(y, x []float32, k int)
	CrossEntropy     func(loss, logits []float32, labels []int32, k int, smoothing float32)
	CrossEntropyGrad func(dlogits, logits []float32, labels []int32, dloss []float32, k int, smoothing float32)

	SoftCrossEntropy     func(loss, logits, shares []float32, k int, smoothing float32)
	SoftCrossEntropyGrad func(dlogits, logits, shares, dloss []float32, k int, smoothing float32)

	// losses.go.
	BinaryCrossEntropy     func(loss, logits []float32, t Targets, k int)
	BinaryCrossEntropyGrad func(dlogits, logits, dloss []float32, t Targets, k int)
	Focal                  func(loss, logits []float32, t Targets, gamma float32, k int)
	FocalGrad              func(dlogits, logits, dloss []float32, t Targets, gamma float32, k int)
	Entropy                func(h, logits []float32, k int)
	EntropyGrad            func(dlogits, logits, dh []float32, k int)

	// Parameters, update.go.
	SGD       func(p, v, g []float32, lr, momentum, l2 float32, nesterov bool)
	Blend     func(to, x []float32, keep, by float32)
	SquareSum func(x []float32) float64
	AllFinite func(x []float32) bool

	// Parameters, adaptive.go.
	Adam        func(p, m, v, g []float32, k Adam)
	RMSProp     func(p, v, b, g []float32, k RMSProp)
	AdaDelta    func(p, v, u, g []float32, lr, rho, eps, l2 float32)
	Lion        func(p, m, g []float32, lr, beta1, beta2, l2, decay float32)
	LARS        func(p, v, g []float32, lr, momentum, l2, ratio float32, nesterov bool)
	LAMBMoments func(p, m, v, g []float32, k Adam) (pp, uu float64)
	LAMBStep    func(p, m, v []float32, rate float32, k Adam)

	// Peak runs n rounds of multiply-adds in registers alone and returns how many floating-point operations those were (two
	// a multiply-add): what the other kernels are measured against.
	Peak func(n int) int
}

// Map is a feature map or a part of one, as it lies in memory: the C channels of pixel p in row r are
// Data[r*Row+p*Pix:][:C]. A dense one has Pix = C; with a halo Row is more than the row's pixels. The zero Map stands for an
// operand that is not there, where a kernel allows that.
type Map struct {
	Data []float32
	Row  int // elements from a row to the next
	Pix  int // elements from a pixel to the next
}

// Block is the extent that a kernel covers of each of its maps. Outputs may be the very map of an input (in place), but
// must not overlap one otherwise.
type Block struct {
	Rows, Pixels, C int // Pixels in a row, C channels in a pixel
}

// Flat is the block and the map of n contiguous elements.
func Flat(x []float32) (Block, Map) {
	return Block{Rows: 1, Pixels: 1, C: len(x)}, Map{Data: x, Row: len(x), Pix: len(x)}
}

// Generic is the level in portable Go, and the contract of the others.
func Generic() Set {
	return Set{
		Name:  "generic",
		Conv:  []ConvTile{{Name: "1x8", MR: 1, NR: 8, Run: conv1x8}},
		Wgrad: []WgradTile{{Name: "1x8", MR: 1, NR: 8, Rows: 1, Run: wgrad1x8}},

		Depthwise:     depthwise,
		DepthwiseGrad: depthwiseGrad,
		Pack:          pack,

		WinogradIn: winogradIn, WinogradWeight: winogradWeight, WinogradOut: winogradOut,
		WinogradOutGrad: winogradOutGrad, WinogradWeightGrad: winogradWeightGrad,

		PackTranspose: packTranspose,

		Moments:      moments,
		ColSums:      colSums,
		Affine:       affine,
		NormGradSums: normGradSums,
		NormGrad:     normGrad,
		PReLU:        prelu,
		PReLUGrad:    preluGrad,
		APL:          apl,
		APLGrad:      aplGrad,
		Spread:       spread,
		Gate:         gate,
		ColDots:      colDots,

		RowSums:       rowSums,
		RowDots:       rowDots,
		RowMax:        rowMax,
		RowMaxGrad:    rowMaxGrad,
		SpreadRows:    spreadRows,
		GateRows:      gateRows,
		Softmax:       softmax,
		SoftmaxGrad:   softmaxGrad,
		LayerNorm:     layerNorm,
		LayerNormGrad: layerNormGrad,

		Add:            add,
		Mul:            mul,
		Scale:          scale,
		Axpy:           axpy,
		Copy:           copyMap,
		Permute:        permute,
		Fill:           fill,
		Activation:     activation,
		ActivationGrad: activationGrad,
		CReLU:          crelu,
		CReLUGrad:      creluGrad,
		RReLU:          rrelu,
		Dropout:        dropout,

		MaxPool:     maxPool,
		MaxPoolGrad: maxPoolGrad,
		AvgPool:     avgPool,
		AvgPoolGrad: avgPoolGrad,
		LRN:         lrn,
		LRNGrad:     lrnGrad,
		PowLog:      powLog,

		StochasticPool:          stochasticPool,
		StochasticPoolInference: stochasticPoolInference,

		LSTM:     lstm,
		LSTMGrad: lstmGrad,
		GRU:      gru,
		GRUGrad:  gruGrad,

		LogSoftmax:           logSoftmax,
		CrossEntropy:         crossEntropy,
		CrossEntropyGrad:     crossEntropyGrad,
		SoftCrossEntropy:     softCrossEntropy,
		SoftCrossEntropyGrad: softCrossEntropyGrad,

		BinaryCrossEntropy:     binaryCrossEntropy,
		BinaryCrossEntropyGrad: binaryCrossEntropyGrad,
		Focal:                  focal,
		FocalGrad:              focalGrad,
		Entropy:                entropy,
		EntropyGrad:            entropyGrad,

		SGD:       sgd,
		Blend:     blend,
		SquareSum: squareSum,
		AllFinite: allFinite,

		Adam:        adam,
		RMSProp:     rmsprop,
		AdaDelta:    adaDelta,
		Lion:        lion,
		LARS:        lars,
		LAMBMoments: lambMoments,
		LAMBStep:    lambStep,

		Peak: peak,
	}
}

// at is pixel p of row r.
func (m Map) at(r, p, c int) []float32 {
	o := r*m.Row + p*m.Pix
	return m.Data[o : o+c : o+c]
}

// merged is the same extent of elements with as few rows and pixels as the maps' pitches allow, for kernels to which channels
// mean nothing: a dense block is one long pixel, one with halos a long pixel a row. A map without data does not count.
func (b Block) merged(x, y, z Map) Block {
	row := b.Pixels * b.C
	whole, dense := true, true // each row is contiguous, and the rows too
	for _, m := range [...]Map{x, y, z} {
		if m.Data != nil {
			whole = whole && (m.Pix == b.C || b.Pixels == 1)
			dense = dense && m.Row == row
		}
	}
	switch {
	case whole && (dense || b.Rows == 1):
		return Block{Rows: 1, Pixels: 1, C: b.Rows * row}
	case whole:
		return Block{Rows: b.Rows, Pixels: 1, C: row}
	}
	return b
}
