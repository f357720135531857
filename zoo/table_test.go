package zoo

import (
	"slices"
	"testing"
)

// layer is weights a filter, filters, and what comes with each filter: 1 bias or shift of a norm, 2 values of a norm, or 0.
type layer struct{ weights, filters, with int64 }

// worked is the layers of networks whose sources print rounded figures at most, from the papers' tables.
func worked() map[string][]layer {
	k := func(kernel, in int64) int64 { return kernel * kernel * in }
	repeat := func(n int, ls ...layer) (all []layer) {
		for range n {
			all = append(all, ls...)
		}
		return all
	}
	// basics is what 2n convolutions of 3x3 hold, the first of which reads the stage in front: a stage of n basic blocks.
	basics := func(n int, in, out int64) []layer {
		return append(repeat(2*n-1, layer{k(3, out), out, 2}), layer{k(3, in), out, 2})
	}
	cifar := func(n int) []layer { // depth 6n+2, shortcuts without parameters
		return slices.Concat([]layer{{k(3, 3), 16, 2}, {64, 10, 1}}, basics(n, 16, 16), basics(n, 16, 32), basics(n, 32, 64))
	}
	// preBasic is what a stage of n pre-activation basic blocks holds: a norm of the maps that a convolution reads in front of it.
	preBasic := func(n int, in, out int64) (all []layer) {
		all = append(all, layer{in, out, 0}) // the projection
		for range n {
			all = append(all, layer{0, in, 2}, layer{k(3, in), out, 2}, layer{k(3, out), out, 0})
			in = out
		}
		return all
	}
	// dense is a block of n layers of growth 12 without bottlenecks, and the norm behind it.
	dense := func(n int, in int64) (all []layer) {
		for range n {
			all = append(all, layer{0, in, 2}, layer{k(3, in), 12, 0})
			in += 12
		}
		return append(all, layer{0, in, 2})
	}
	// preBottleneck is what a stage of n pre-activation bottlenecks holds: in each a norm a convolution, of the maps that it reads.
	preBottleneck := func(n int, in, out int64) (all []layer) {
		all = append(all, layer{in, out, 0}) // the projection
		for range n {
			all = append(all, layer{0, in, 2}, layer{in, out / 4, 2}, layer{k(3, out/4), out / 4, 2}, layer{out / 4, out, 0})
			in = out
		}
		return all
	}
	// enet is a bottleneck: 1x1 or 2x2 to a quarter, a 3x3 or a 1x5 and a 5x1, 1x1; norms, and slopes of the PReLUs.
	enet := func(reduce, in, out int64, wide bool) []layer {
		inner := []layer{{k(3, out/4), out / 4, 4}}
		if wide {
			inner = []layer{{5 * out / 4, out / 4, 0}, {5 * out / 4, out / 4, 4}}
		}
		return slices.Concat([]layer{{k(reduce, in), out / 4, 3}}, inner, []layer{{out / 4, out, 2}, {0, out, 1}})
	}
	section := func(width int64) []layer {
		return slices.Concat(repeat(5, enet(1, width, width, false)...), repeat(2, enet(1, width, width, true)...),
			enet(1, width, 2*width, false), enet(2, 2*width, 2*width, false))
	}
	// inception is a module of arXiv:1409.4842: 1x1 a | 1x1 b, 3x3 c | 1x1 d, 5x5 e | pool, 1x1 f.
	inception := func(in, a, b, c, d, e, f int64) []layer {
		return []layer{{in, a, 1}, {in, b, 1}, {k(3, b), c, 1}, {in, d, 1}, {k(5, d), e, 1}, {in, f, 1}}
	}
	// darknet19 is its convolutions but the last: 3x3 and 1x1 by turns.
	darknet19 := slices.Concat(
		[]layer{{k(3, 3), 32, 2}, {k(3, 32), 64, 2}, {k(3, 64), 128, 2}, {128, 64, 2}, {k(3, 64), 128, 2}},
		[]layer{{k(3, 128), 256, 2}, {256, 128, 2}, {k(3, 128), 256, 2}},
		repeat(2, layer{k(3, 256), 512, 2}, layer{512, 256, 2}), []layer{{k(3, 256), 512, 2}},
		repeat(2, layer{k(3, 512), 1024, 2}, layer{1024, 512, 2}), []layer{{k(3, 512), 1024, 2}},
	)
	return map[string][]layer{
		"enet": slices.Concat([]layer{{k(3, 3), 13, 1}, {0, 16, 3}, {512, 1000, 1}}, enet(2, 16, 64, false), repeat(4, enet(1, 64, 64, false)...),
			enet(2, 64, 128, false), section(128), section(256)),
		"flattened": slices.Concat(
			[]layer{{3, 96, 1}, {5, 96, 1}, {5, 96, 1}, {96, 96, 1}, {5, 96, 1}, {5, 96, 1}},
			[]layer{{96, 128, 1}, {5, 128, 1}, {5, 128, 1}, {128, 128, 1}, {5, 128, 1}, {5, 128, 1}},
			[]layer{{128, 256, 1}, {5, 256, 1}, {5, 256, 1}, {256, 256, 1}, {5, 256, 1}, {5, 256, 1}},
			[]layer{{4 * 4 * 256, 256, 1}, {256, 10, 1}},
		),
		"caffenet": { // conv2, conv4 and conv5 in two groups
			{k(11, 3), 96, 1}, {k(5, 48), 256, 1}, {k(3, 256), 384, 1}, {k(3, 192), 384, 1}, {k(3, 192), 256, 1},
			{k(6, 256), 4096, 1}, {4096, 4096, 1}, {4096, 1000, 1},
		},
		"ciresan":  {{29 * 29, 2500, 1}, {2500, 2000, 1}, {2000, 1500, 1}, {1500, 1000, 1}, {1000, 500, 1}, {500, 10, 1}},
		"overfeat": {{k(11, 3), 96, 1}, {k(5, 96), 256, 1}, {k(3, 256), 512, 1}, {k(3, 512), 1024, 1}, {k(3, 1024), 1024, 1}, {k(6, 1024), 3072, 1}, {3072, 4096, 1}, {4096, 1000, 1}},
		"nin-imagenet": {
			{k(11, 3), 96, 1}, {96, 96, 1}, {96, 96, 1}, {k(5, 96), 256, 1}, {256, 256, 1}, {256, 256, 1},
			{k(3, 256), 384, 1}, {384, 384, 1}, {384, 384, 1}, {k(3, 384), 1024, 1}, {1024, 1024, 1}, {1024, 1000, 1},
		},
		"all-cnn-c": {
			{k(3, 3), 96, 1}, {k(3, 96), 96, 1}, {k(3, 96), 96, 1}, {k(3, 96), 192, 1}, {k(3, 192), 192, 1}, {k(3, 192), 192, 1},
			{k(3, 192), 192, 1}, {192, 192, 1}, {192, 10, 1},
		},
		"caffenet128": {
			{k(11, 3), 96, 1}, {k(5, 48), 256, 1}, {k(3, 256), 384, 1}, {k(3, 192), 384, 1}, {k(3, 192), 256, 1},
			{k(3, 256), 2048, 1}, {2048, 2048, 1}, {2048, 1000, 1},
		},
		"googlenet": slices.Concat(
			[]layer{{k(7, 3), 64, 1}, {64, 64, 1}, {k(3, 64), 192, 1}},
			inception(192, 64, 96, 128, 16, 32, 32), inception(256, 128, 128, 192, 32, 96, 64),
			inception(480, 192, 96, 208, 16, 48, 64), inception(512, 160, 112, 224, 24, 64, 64), inception(512, 128, 128, 256, 24, 64, 64),
			inception(512, 112, 144, 288, 32, 64, 64), inception(528, 256, 160, 320, 32, 128, 128),
			inception(832, 256, 160, 320, 32, 128, 128), inception(832, 384, 192, 384, 48, 128, 128), []layer{{1024, 1000, 1}},
		),
		"mini": {{k(3, 1), 16, 1}, {k(3, 16), 16, 1}, {k(3, 16), 16, 1}, {k(3, 16), 32, 1}, {k(3, 32), 32, 1}, {3 * 3 * 32, 10, 1}},
		"resnet9": {
			{k(3, 3), 64, 2}, {k(3, 64), 128, 2}, {k(3, 128), 128, 2}, {k(3, 128), 128, 2}, {k(3, 128), 256, 2}, {k(3, 256), 512, 2},
			{k(3, 512), 512, 2}, {k(3, 512), 512, 2}, {512, 10, 0},
		},
		"airbench94": { // of a norm the shift alone
			{2 * 2 * 3, 24, 1}, {k(3, 24), 64, 1}, {k(3, 64), 64, 1}, {k(3, 64), 256, 1}, {k(3, 256), 256, 1}, {k(3, 256), 256, 1}, {k(3, 256), 256, 1},
			{256, 10, 0},
		},
		"lenet5":   {{k(5, 1), 6, 1}, {k(5, 6), 16, 1}, {k(5, 16), 120, 1}, {120, 84, 1}, {84, 10, 1}},
		"resnet20": cifar(3), "resnet32": cifar(5), "resnet44": cifar(7), "resnet56": cifar(9), "resnet110": cifar(18),
		"wrn-16-4": slices.Concat(
			[]layer{{k(3, 3), 16, 0}, {0, 256, 2}, {256, 10, 1}}, preBasic(2, 16, 64), preBasic(2, 64, 128), preBasic(2, 128, 256),
		),
		"densenet40-12": slices.Concat( // 1x1 convolutions between blocks keep all maps
			[]layer{{k(3, 3), 16, 0}}, dense(12, 16), []layer{{160, 160, 0}}, dense(12, 160), []layer{{304, 304, 0}}, dense(12, 304),
			[]layer{{448, 10, 1}},
		),
		"darknet19": append(slices.Clip(darknet19), layer{1024, 1000, 1}),
		"yolov2":    append(slices.Clip(darknet19), layer{k(3, 1024), 1024, 2}, layer{k(3, 1024), 1024, 2}, layer{512, 64, 2}, layer{k(3, 256+1024), 1024, 2}, layer{1024, 5 * 25, 1}),
		"yolov2-tiny": {
			{k(3, 3), 16, 2}, {k(3, 16), 32, 2}, {k(3, 32), 64, 2}, {k(3, 64), 128, 2}, {k(3, 128), 256, 2}, {k(3, 256), 512, 2}, {k(3, 512), 1024, 2},
			{k(3, 1024), 1024, 2}, {1024, 5 * 25, 1},
		},
		"resnet50_v2": slices.Concat(
			[]layer{{k(7, 3), 64, 2}, {0, 2048, 2}, {2048, 1000, 1}},
			preBottleneck(3, 64, 256), preBottleneck(4, 256, 512), preBottleneck(6, 512, 1024), preBottleneck(3, 1024, 2048),
		),
		"renet": { // of each sweep 3·320 gates that read a patch and 320 units, both ways, with two biases
			{2*2*3 + 320, 2 * 960, 2}, {640 + 320, 2 * 960, 2}, // 2x2 patches of the image, then what the columns gave
			{2*2*640 + 320, 2 * 960, 2}, {640 + 320, 2 * 960, 2},
			{2*2*640 + 320, 2 * 960, 2}, {640 + 320, 2 * 960, 2},
			{4 * 4 * 640, 4096, 1}, {4096, 10, 1},
		},
		"fractalnet": slices.Concat( // three convolutions of a block of three columns read its input, four the block's own width
			repeat(3, layer{k(3, 3), 64, 2}), repeat(4, layer{k(3, 64), 64, 2}), repeat(3, layer{k(3, 64), 128, 2}), repeat(4, layer{k(3, 128), 128, 2}),
			repeat(3, layer{k(3, 128), 256, 2}), repeat(4, layer{k(3, 256), 256, 2}), repeat(3, layer{k(3, 256), 512, 2}), repeat(11, layer{k(3, 512), 512, 2}),
			[]layer{{512, 10, 1}},
		),
	}
}

func TestCountsThatNoSourcePrintsAreThoseOfTheTable(t *testing.T) {
	for name, layers := range worked() {
		var sum int64
		for _, l := range layers {
			sum += (l.weights + l.with) * l.filters
		}
		if n, err := Find(name); err != nil || n.Published.Params != sum {
			t.Errorf("%s: %d parameters by the table, listed with %d (%v)", name, sum, n.Published.Params, err)
		}
	}
}
