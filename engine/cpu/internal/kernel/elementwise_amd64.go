//go:build !purego

package kernel

import "unsafe"

// elements names the kernels to which channels mean nothing.
type elements uint8

const (
	addElements elements = iota
	mulElements
	scaleElements
	axpyElements
	sgdElements
	sgdNesterovElements
	adamElements
	lambMomentsElements
	lambStepElements
	blendElements
	lionElements
	adaDeltaElements
	rmspropElements
	rmspropInsideElements
	rmspropMomentumElements
	rmspropInsideMomentumElements
	larsElements
	larsNesterovElements
	addProductElements
	powScaleElements
	powLogElements
	rootElements
	rootGradElements
	creluElements
	creluGradElements
	dropElements
	rreluElements
	activationElements     // + Func
	activationGradElements = activationElements + elements(funcs)
)

// elements runs a kernel on the merged rows of a block: whole, or one row after the other, its pixels then being the rows.
func (w wide) elements(e elements, b Block, scalar [4]float32, maps ...Map) {
	var third Map
	if len(maps) > 2 {
		third = maps[2]
	}
	b = b.merged(maps[0], maps[1], third)
	s, ok := b.sweep(maps...)
	if !ok {
		return
	}
	s.scalar = scalar
	whole := b.Pixels == 1
	s.rows, s.pixels = b.Pixels, b.C
	if whole {
		s.rows = b.Rows
	}
	for i, m := range maps {
		s.skip[i] = 4 * m.Pix
		if whole {
			s.skip[i] = 4 * m.Row
		}
	}
	w.run(e, &s)
	for r := 1; r < b.Rows && !whole; r++ {
		for i, m := range maps {
			s.data[i] = unsafe.Pointer(&m.Data[r*m.Row])
		}
		w.run(e, &s)
	}
}

func (w wide) run(e elements, s *sweep) {
	if w {
		switch e {
		case addElements:
			addAVX512(s.bytes())
		case mulElements:
			mulAVX512(s.bytes())
		case scaleElements:
			scaleAVX512(s.bytes())
		case axpyElements:
			axpyAVX512(s.bytes())
		case sgdElements:
			sgdAVX512(s.bytes())
		case sgdNesterovElements:
			sgdNesterovAVX512(s.bytes())
		case adamElements:
			adamAVX512(s.bytes())
		case lambMomentsElements:
			lambMomentsAVX512(s.bytes())
		case lambStepElements:
			lambStepAVX512(s.bytes())
		case blendElements:
			blendAVX512(s.bytes())
		case lionElements:
			lionAVX512(s.bytes())
		case adaDeltaElements:
			adaDeltaAVX512(s.bytes())
		case rmspropElements:
			rmspropAVX512(s.bytes())
		case rmspropInsideElements:
			rmspropInsideAVX512(s.bytes())
		case rmspropMomentumElements:
			rmspropMomentumAVX512(s.bytes())
		case rmspropInsideMomentumElements:
			rmspropInsideMomentumAVX512(s.bytes())
		case larsElements:
			larsAVX512(s.bytes())
		case larsNesterovElements:
			larsNesterovAVX512(s.bytes())
		case addProductElements:
			addProductAVX512(s.bytes())
		case powScaleElements:
			powScaleAVX512(s.bytes())
		case powLogElements:
			powLogAVX512(s.bytes())
		case rootElements:
			rootAVX512(s.bytes())
		case rootGradElements:
			rootGradAVX512(s.bytes())
		case creluElements:
			creluAVX512(s.bytes())
		case creluGradElements:
			creluGradAVX512(s.bytes())
		case dropElements:
			dropAVX512(s.bytes())
		case rreluElements:
			rreluAVX512(s.bytes())
		case activationElements + elements(ReLU):
			reluAVX512(s.bytes())
		case activationElements + elements(Leaky):
			leakyAVX512(s.bytes())
		case activationElements + elements(ELU), activationElements + elements(SELU), activationElements + elements(CELU):
			eluAVX512(s.bytes())
		case activationElements + elements(Tanh), activationElements + elements(ScaledTanh):
			tanhAVX512(s.bytes())
		case activationElements + elements(Sigmoid):
			sigmoidAVX512(s.bytes())
		case activationElements + elements(ReLU6), activationElements + elements(HardSigmoid):
			clampAVX512(s.bytes())
		case activationElements + elements(Softplus):
			softplusAVX512(s.bytes())
		case activationElements + elements(Softsign):
			softsignAVX512(s.bytes())
		case activationElements + elements(Arcsinh):
			arcsinhAVX512(s.bytes())
		case activationElements + elements(Swish):
			swishAVX512(s.bytes())
		case activationElements + elements(HardSwish):
			hardSwishAVX512(s.bytes())
		case activationElements + elements(GELU):
			geluAVX512(s.bytes())
		case activationElements + elements(Mish):
			mishAVX512(s.bytes())
		case activationElements + elements(Power):
			powerAVX512(s.bytes())
		case activationGradElements + elements(ReLU):
			reluGradAVX512(s.bytes())
		case activationGradElements + elements(Leaky):
			leakyGradAVX512(s.bytes())
		case activationGradElements + elements(ELU), activationGradElements + elements(SELU), activationGradElements + elements(CELU):
			eluGradAVX512(s.bytes())
		case activationGradElements + elements(Tanh), activationGradElements + elements(ScaledTanh):
			tanhGradAVX512(s.bytes())
		case activationGradElements + elements(Sigmoid):
			sigmoidGradAVX512(s.bytes())
		case activationGradElements + elements(ReLU6), activationGradElements + elements(HardSigmoid):
			clampGradAVX512(s.bytes())
		case activationGradElements + elements(Softplus):
			softplusGradAVX512(s.bytes())
		case activationGradElements + elements(Softsign):
			softsignGradAVX512(s.bytes())
		case activationGradElements + elements(Arcsinh):
			arcsinhGradAVX512(s.bytes())
		case activationGradElements + elements(Swish):
			swishGradAVX512(s.bytes())
		case activationGradElements + elements(HardSwish):
			hardSwishGradAVX512(s.bytes())
		case activationGradElements + elements(GELU):
			geluGradAVX512(s.bytes())
		case activationGradElements + elements(Mish):
			mishGradAVX512(s.bytes())
		case activationGradElements + elements(Power):
			powerGradAVX512(s.bytes())
		}
		return
	}
	switch e {
	case addElements:
		addAVX2(s.bytes())
	case mulElements:
		mulAVX2(s.bytes())
	case scaleElements:
		scaleAVX2(s.bytes())
	case axpyElements:
		axpyAVX2(s.bytes())
	case sgdElements:
		sgdAVX2(s.bytes())
	case sgdNesterovElements:
		sgdNesterovAVX2(s.bytes())
	case adamElements:
		adamAVX2(s.bytes())
	case lambMomentsElements:
		lambMomentsAVX2(s.bytes())
	case lambStepElements:
		lambStepAVX2(s.bytes())
	case blendElements:
		blendAVX2(s.bytes())
	case lionElements:
		lionAVX2(s.bytes())
	case adaDeltaElements:
		adaDeltaAVX2(s.bytes())
	case rmspropElements:
		rmspropAVX2(s.bytes())
	case rmspropInsideElements:
		rmspropInsideAVX2(s.bytes())
	case rmspropMomentumElements:
		rmspropMomentumAVX2(s.bytes())
	case rmspropInsideMomentumElements:
		rmspropInsideMomentumAVX2(s.bytes())
	case larsElements:
		larsAVX2(s.bytes())
	case larsNesterovElements:
		larsNesterovAVX2(s.bytes())
	case addProductElements:
		addProductAVX2(s.bytes())
	case powScaleElements:
		powScaleAVX2(s.bytes())
	case powLogElements:
		powLogAVX2(s.bytes())
	case rootElements:
		rootAVX2(s.bytes())
	case rootGradElements:
		rootGradAVX2(s.bytes())
	case creluElements:
		creluAVX2(s.bytes())
	case creluGradElements:
		creluGradAVX2(s.bytes())
	case dropElements:
		dropAVX2(s.bytes())
	case rreluElements:
		rreluAVX2(s.bytes())
	case activationElements + elements(ReLU):
		reluAVX2(s.bytes())
	case activationElements + elements(Leaky):
		leakyAVX2(s.bytes())
	case activationElements + elements(ELU), activationElements + elements(SELU), activationElements + elements(CELU):
		eluAVX2(s.bytes())
	case activationElements + elements(Tanh), activationElements + elements(ScaledTanh):
		tanhAVX2(s.bytes())
	case activationElements + elements(Sigmoid):
		sigmoidAVX2(s.bytes())
	case activationElements + elements(ReLU6), activationElements + elements(HardSigmoid):
		clampAVX2(s.bytes())
	case activationElements + elements(Softplus):
		softplusAVX2(s.bytes())
	case activationElements + elements(Softsign):
		softsignAVX2(s.bytes())
	case activationElements + elements(Arcsinh):
		arcsinhAVX2(s.bytes())
	case activationElements + elements(Swish):
		swishAVX2(s.bytes())
	case activationElements + elements(HardSwish):
		hardSwishAVX2(s.bytes())
	case activationElements + elements(GELU):
		geluAVX2(s.bytes())
	case activationElements + elements(Mish):
		mishAVX2(s.bytes())
	case activationElements + elements(Power):
		powerAVX2(s.bytes())
	case activationGradElements + elements(ReLU):
		reluGradAVX2(s.bytes())
	case activationGradElements + elements(Leaky):
		leakyGradAVX2(s.bytes())
	case activationGradElements + elements(ELU), activationGradElements + elements(SELU), activationGradElements + elements(CELU):
		eluGradAVX2(s.bytes())
	case activationGradElements + elements(Tanh), activationGradElements + elements(ScaledTanh):
		tanhGradAVX2(s.bytes())
	case activationGradElements + elements(Sigmoid):
		sigmoidGradAVX2(s.bytes())
	case activationGradElements + elements(ReLU6), activationGradElements + elements(HardSigmoid):
		clampGradAVX2(s.bytes())
	case activationGradElements + elements(Softplus):
		softplusGradAVX2(s.bytes())
	case activationGradElements + elements(Softsign):
		softsignGradAVX2(s.bytes())
	case activationGradElements + elements(Arcsinh):
		arcsinhGradAVX2(s.bytes())
	case activationGradElements + elements(Swish):
		swishGradAVX2(s.bytes())
	case activationGradElements + elements(HardSwish):
		hardSwishGradAVX2(s.bytes())
	case activationGradElements + elements(GELU):
		geluGradAVX2(s.bytes())
	case activationGradElements + elements(Mish):
		mishGradAVX2(s.bytes())
	case activationGradElements + elements(Power):
		powerGradAVX2(s.bytes())
	}
}

func (w wide) add(b Block, z, x, y Map) { w.elements(addElements, b, [4]float32{}, z, x, y) }

func (w wide) mul(b Block, z, x, y Map) { w.elements(mulElements, b, [4]float32{}, z, x, y) }

func (w wide) scale(b Block, y, x Map, k float32) { w.elements(scaleElements, b, [4]float32{k}, y, x) }

func (w wide) axpy(b Block, y, x Map, k float32) { w.elements(axpyElements, b, [4]float32{k}, y, x) }

func (w wide) activation(b Block, f Func, alpha float32, y, x Map) {
	switch {
	case f == Identity:
		copyMap(b, y, x)
		return
	case f == Power && alpha == 2:
		w.mul(b, y, x, x)
		return
	case f == Power && alpha == 0.5:
		w.elements(rootElements, b, [4]float32{}, y, x)
		return
	}
	w.elements(activationElements+elements(f), b, f.factors(alpha), y, x)
}

func (w wide) activationGrad(b Block, f Func, alpha float32, dx, z, dy Map) {
	switch {
	case f == Identity:
		copyMap(b, dx, dy)
		return
	case f == Power && alpha == 2:
		w.mul(b, dx, z, dy)
		w.scale(b, dx, dx, 2)
		return
	case f == Power && alpha == 0.5:
		w.elements(rootGradElements, b, [4]float32{}, dx, z, dy)
		return
	}
	w.elements(activationGradElements+elements(f), b, f.gradFactors(alpha), dx, z, dy)
}

func (w wide) sgd(p, v, g []float32, lr, momentum, l2 float32, nesterov bool) {
	e := sgdElements
	if nesterov {
		e = sgdNesterovElements
	}
	b, mp := Flat(p)
	_, mv := Flat(v)
	_, mg := Flat(g)
	w.elements(e, b, [4]float32{lr, momentum, l2}, mp, mv, mg)
}

func (w wide) allFinite(x []float32) bool {
	if len(x) == 0 {
		return true
	}
	var found [16]float32
	s := sweep{rows: 1, pixels: len(x)}
	s.data[0], s.vec[0] = unsafe.Pointer(&x[0]), unsafe.Pointer(&found)
	if w {
		notFiniteAVX512(s.bytes())
	} else {
		notFiniteAVX2(s.bytes())
	}
	return found == [16]float32{}
}
