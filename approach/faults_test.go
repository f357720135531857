package approach_test

import (
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Every fault is one line at its place: the three lists stand in lines 3 to 5 of exp.yaml, behind "architecture: [",
// "optimization: [" and "learning: [".
func TestFaultsArePlacedWhereAPersonWroteThem(t *testing.T) {
	for _, c := range []struct{ net, architecture, optimization, learning, want string }{
		// names and sections
		{"mini", "actvation: elu", "", "", `3:16: no approach "actvation"; did you mean "activation"? (assay approach list)`},
		{"mini", "magic", "", "", `3:16: no approach "magic"; see assay approach list`},
		{"mini", "batchnorm", "", "", `3:16: batchnorm is an approach of optimization, not of architecture; move it to the list "optimization:"`},
		{"mini", "", "epochs: 3", "", `4:16: epochs is an approach of learning, not of optimization; move it to the list "learning:"`},
		{"mini", "", "", "pool: avg", `5:12: pool is an approach of architecture, not of learning; move it to the list "architecture:"`},
		// keys and words
		{"mini", "bottleneck: {reduc: 2}", "", "", `3:29: unknown key "reduc"; did you mean "reduce"?`},
		{"mini", "activation", "", "", `3:16: activation: the key "to" is missing; add it`},
		{"mini", "activation: {alpha: 1}", "", "", `3:28: activation: the key "to" is missing; add it`},
		{"mini", "activation: eluu", "", "", `3:28: activation: unknown value "eluu"; did you mean "elu"?`},
		{"mini", "activation: {to: eluu}", "", "", `3:33: to: unknown value "eluu"; did you mean "elu"?`},
		{"mini", "activation: {from: rellu, to: elu}", "", "", `3:35: from: unknown value "rellu"; did you mean "relu"?`},
		{"mini", "pool: mean", "", "", `3:22: pool: unknown value "mean"; choose one of max, avg, max+avg, mixed, gated, stochastic, lp, blur, none`},
		{"mini", "head: {kind: convavg}", "", "", `3:29: kind: unknown value "convavg"; did you mean "conv-avg"?`},
		{"mini", "head: {kind: conv-avg, pool: kep}", "", "", `3:45: pool: unknown value "kep"; did you mean "keep"?`},
		{"mini", "strided-conv: strid", "", "", `3:30: strided-conv: unknown value "strid"; did you mean "stride"?`},
		{"mini", "residual: {shortcut: D}", "", "", `3:37: shortcut: unknown value "D"; choose one of A, B, C`},
		{"mini", "separable: {order: depthwise}", "", "", `3:35: order: unknown value "depthwise"; choose one of depthwise-first, pointwise-first, inverted`},
		{"mini", "separable: {relu: betwen}", "", "", `3:34: relu: unknown value "betwen"; did you mean "between"?`},
		{"mini", "bottleneck: {stride_in: 2x2}", "", "", `3:40: stride_in: unknown value "2x2"; choose one of 3x3, 1x1`},
		{"mini", "recurrent: lst", "", "", `3:27: recurrent: unknown value "lst"; did you mean "lstm"?`},
		{"mini", "recurrent: {place: row}", "", "", `3:35: place: unknown value "row"; did you mean "rows"?`},
		{"mini", "attention: sef", "", "", `3:27: attention: unknown value "sef"; did you mean "se"?`},
		{"mini", "", "batchnorm: befor", "", `4:27: batchnorm: unknown value "befor"; did you mean "before"?`},
		{"mini", "", "dropout: {place: heads}", "", `4:33: place: unknown value "heads"; did you mean "head"?`},
		{"mini", "", "lr: {policy: cosin}", "", `4:29: policy: unknown value "cosin"; did you mean "cosine"?`},
		{"mini", "", "solver: sdg", "", `4:24: solver: unknown value "sdg"; did you mean "sgd"?`},
		{"mini", "", "init: hee", "", `4:22: init: unknown value "hee"; did you mean "he"?`},
		{"mini", "", "l2: {except: [bias, norms]}", "", `4:36: except[1]: unknown value "norms"; did you mean "norm"?`},
		{"mini", "", "lr: fast", "", `4:20: lr: want a number, got "fast"`},
		// numbers out of their range
		{"mini", "bottleneck: 1", "", "", `3:28: bottleneck: reduce 1; give 2 or more`},
		{"mini", "bottleneck: {reduce: -2}", "", "", `3:37: bottleneck: reduce -2; give 2 or more`},
		{"mini", "residual: 0", "", "", `3:26: residual: over 0; give 1 convolution or more`},
		{"mini", "residual: {over: 2, scale: 0}", "", "", `3:43: residual: scale 0; give a factor above 0 and at most 10`},
		{"mini", "separable: {multiplier: 0}", "", "", `3:40: separable: multiplier 0; give 1 to 1024`},
		{"mini", "separable: {order: inverted, multiplier: 2}", "", "", `3:45: separable: multiplier belongs to depthwise-first; take it out or write order: depthwise-first`},
		{"mini", "separable: {order: inverted, expand: 0}", "", "", `3:53: separable: expand 0; give 1 to 1024`},
		{"mini", "separable: {multiplier: 1152921504606846977}", "", "", `3:40: separable: multiplier 1152921504606846977; give 1 to 1024`},
		{"mini", "separable: {order: inverted, expand: 9223372036854775807}", "", "", `3:53: separable: expand 9223372036854775807; give 1 to 1024`},
		{"mini", "activation: {to: leaky, alpha: -1}", "", "", `3:47: activation: alpha -1; give one above 0`},
		{"mini", "activation: {to: leaky, alpha: 0}", "", "", `3:47: alpha: want a number other than 0; leave the key out for its default`},
		{"mini", "activation: {to: tanh, alpha: 1}", "", "", `3:39: activation: alpha belongs to leaky, very-leaky, prelu, elu, celu, swish; take it out or write to: leaky`},
		{"mini", "activation: {to: elu, pieces: 3}", "", "", `3:38: activation: pieces belongs to maxout, apl; take it out or write to: maxout`},
		{"mini", "activation: {to: maxout, pieces: 1}", "", "", `3:49: activation: 1 pieces of maxout; give 2 to 64`},
		{"mini", "activation: {to: apl, pieces: 65}", "", "", `3:46: activation: 65 pieces of apl; give 1 to 64`},
		{"mini", "pool: {kind: avg, mix: 0.5}", "", "", `3:34: pool: mix belongs to mixed; take it out or write kind: mixed`},
		{"mini", "pool: {kind: mixed, mix: 1.5}", "", "", `3:41: pool: mix 1.5; give a share above 0 and at most 1`},
		{"mini", "pool: {kind: mixed, mix: 0}", "", "", `3:41: mix: want a number other than 0; leave the key out for its default`},
		{"mini", "pool: {kind: max, power: 2}", "", "", `3:34: pool: power belongs to lp; take it out or write kind: lp`},
		{"mini", "pool: {kind: lp, power: 0.5}", "", "", `3:40: pool: power 0.5; give an exponent from 1 to 16`},
		{"mini", "pool: {kind: none, kernel: 2}", "", "", `3:35: pool: kernel decides nothing under kind: none; take it out or choose another kind`},
		{"mini", "pool: {kind: none, stride: 2}", "", "", `3:35: pool: stride decides nothing under kind: none; take it out or choose another kind`},
		{"mini", "pool: none", "", "", `3:16: pool: applies to none of the 3 poolings of mini (linear1 would read 7x7x32 and not 3x3x32: pool1, pool2, pool3); write head: avg in front of it, or strided-conv in its place, or drop it`},
		{"mini", "pool: {kernel: -1}", "", "", `3:31: pool: kernel -1; give the side of a window, 1 or more`},
		{"mini", "pool: {kind: avg, stride: -1}", "", "", `3:42: pool: stride -1; give the distance between windows, 1 or more`},
		{"mini", "head: {kind: fc, hidden: -1}", "", "", `3:41: head: hidden -1; give units, or 0 for none`},
		{"mini", "head: {kind: conv-avg, hidden: 10}", "", "", `3:39: head: hidden decides nothing under kind: conv-avg; take it out or choose another kind`},
		{"mini", "head: {kind: max, pool: keep}", "", "", `3:34: head: pool belongs to conv-avg, avg-conv, spp; take it out or write kind: conv-avg`},
		{"mini", "head: {kind: avg, levels: [2]}", "", "", `3:34: head: levels belongs to spp; take it out or write kind: spp`},
		{"mini", "head: {kind: spp, levels: []}", "", "", `3:42: head: no level; give the bins of one or more, such as [3, 2, 1]`},
		{"mini", "head: {kind: spp, levels: [3, 9]}", "", "", `3:46: head: 9 bins a side of the 7x7 map of conv5/act; give 1 to 7`},
		{"mini", "head: {kind: max, p: 3}", "", "", `3:34: head: p belongs to gem; take it out or write kind: gem`},
		{"mini", "head: {kind: gem, p: -1}", "", "", `3:37: head: p -1; give an exponent above 0 and at most 100`},
		{"mini", "kernel", "", "", `3:16: kernel: the key "to" is missing; add it, or a dilation`},
		{"mini", "kernel: {from: 3}", "", "", `3:24: kernel: the key "to" is missing; add it, or a dilation`},
		{"mini", "kernel: []", "", "", `3:24: kernel: no kernel; give one or more, such as [3, 3]`},
		{"mini", "kernel: [3, 0]", "", "", `3:28: kernel[1]: "0": want a whole number above 0, or two as in 1x3`},
		{"mini", "kernel: {to: 3x}", "", "", `3:29: to: "3x": want a whole number above 0, or two as in 1x3`},
		{"mini", "kernel: {from: 3, dilation: -1}", "", "", `3:44: kernel: dilation -1; give the distance between taps, 1 to 65536`},
		{"mini", "kernel: {from: 3, dilation: 4611686018427387905}", "", "", `3:44: kernel: dilation 4611686018427387905; give the distance between taps, 1 to 65536`},
		{"mini", "kernel: {to: 3, dilation: 0}", "", "", `3:42: dilation: want a number other than 0; leave the key out for its default`},
		{"mini", "mlpconv: 0", "", "", `3:25: mlpconv: layers 0; give 1 to 100`},
		{"mini", "fire: 0", "", "", `3:22: fire: squeeze 0; give a share of the outputs, above 0 and at most 1`},
		{"mini", "fire: {expand3: 1}", "", "", `3:32: fire: expand3 1; give a share of the outputs, between 0 and 1`},
		{"mini", "flattened: 0", "", "", `3:27: flattened: stages 0; give 1 to 100`},
		{"mini", "flattened: {order: LV}", "", "", `3:35: order: unknown value "LV"; did you mean "LVH"?`},
		{"mini", "colorspace: {widths: []}", "", "", `3:37: colorspace: no widths; give the outputs of one 1x1 convolution or more, such as [10, 3]`},
		{"mini", "colorspace: {widths: [10, 0]}", "", "", `3:42: colorspace: width 0; give 1 to 65536`},
		{"mini", "colorspace: {act: tahn}", "", "", `3:34: colorspace: unknown value "tahn"; did you mean "tanh"?`},
		{"mini", "colorspace: lab", "", "", `3:28: colorspace: unknown value "lab"; choose one of learned`},
		{"mini", "stride", "", "", `3:16: stride: the key "to" is missing; add it`},
		{"mini", "stride: 0", "", "", `3:24: stride: "0": want a whole number above 0, or two as in 1x3`},
		{"mini", "stride: {layer: [], to: 1}", "", "", `3:32: stride: no layer; give a path or more, or "first"`},
		{"mini", "stride: {layer: [conv1, cnv2], to: 1}", "", "", `3:40: stride: mini has no convolution or pooling "cnv2"; did you mean "conv2"?`},
		{"mini", "stride: {layer: conv1/act, to: 1}", "", "", `3:32: stride: mini has no convolution or pooling "conv1/act"; name layers as assay net show prints them, ** for all below a name`},
		{"mini", "width", "", "", `3:16: width: nothing says how wide; give a factor, or params or macs to match`},
		{"mini", "width: {factor: 2, macs: lenet5}", "", "", `3:23: width: factor, params and macs each say how wide; keep one`},
		{"mini", "width: -1", "", "", `3:23: width: factor -1; give one from 0.001 to 1000`},
		{"mini", "width: 1", "", "", `3:16: width: nothing to change, the widths by 1 of mini are so already (5 seen); drop it`},
		{"mini", "width: {params: resnet21}", "", "", `3:32: width: no network "resnet21"; did you mean resnet20? (assay net list)`},
		{"mini", "width: {macs: 0}", "", "", `3:30: width: 0: give a number of multiply-adds, 1 or more, or a network`},
		{"mini", "width: {params: 100}", "", "", `3:32: width: no factor brings mini within 1 % of 100 parameters; the nearest is 0.01776 with 150`},
		{"mini", "width: {params: 1e17}", "", "", `3:32: width: no factor brings mini within 1 % of 100,000,000,000,000,000 parameters; the nearest is 1000 with 18,435,136,010`},
		{"mini", "recurrent: {units: -1}", "", "", `3:35: recurrent: units -1; give 1 to 65536, or 0 for the map's channels`},
		{"mini", "recurrent: {where: conv2}", "", "", `3:28: recurrent: where belongs to renet; take it out or write place: renet`},
		{"mini", "recurrent: {place: renet, where: conv9}", "", "", `3:49: recurrent: mini has no layer "conv9"; did you mean "conv1"?`},
		{"mini", "recurrent: {place: renet, where: linear1}", "", "", `3:16: recurrent: mini has no convolutions with a pooling where "linear1" matches; name other layers`},
		{"mini", "attention: {reduce: -1}", "", "", `3:36: attention: reduce -1; give 1 or more`},
		{"mini", "attention: {kind: self, heads: 0}", "", "", `3:47: heads: want a number other than 0; leave the key out for its default`},
		{"mini", "attention: {kind: eca, reduce: 4}", "", "", `3:39: attention: reduce belongs to se, cbam, nonlocal; take it out or write kind: se`},
		{"mini", "attention: {kind: self, heads: -1}", "", "", `3:47: attention: heads -1; give 1 or more`},
		{"mini", "attention: {kind: se, heads: 4}", "", "", `3:38: attention: heads belongs to self, pool; take it out or write kind: self`},
		{"mini", "", "batchnorm: {momentum: 1.5}", "", `4:38: batchnorm: momentum 1.5; give the share of the old running value kept, 0 to 1`},
		{"mini", "", "batchnorm: {eps: 0}", "", `4:33: batchnorm: eps 0; give a small number above 0, such as 1e-5`},
		{"mini", "", "dropout: 1", "", `4:25: dropout: rate 1; give the probability of zeroing, from 0 to below 1`},
		{"mini", "", "l2: -1", "", `4:20: l2: strength -1; give λ, from 0`},
		{"mini", "", "lr: {base: -0.1}", "", `4:27: lr: base -0.1; give a rate above 0`},
		{"mini", "", "lr: {policy: step, gamma: 0}", "", `4:42: lr: gamma 0; give the factor at each drop, above 0 and at most 1`},
		{"mini", "", "lr: {policy: step, every: -1}", "", `4:42: lr: every -1; give epochs between drops, or 0 for a third of the run`},
		{"mini", "", "lr: {layers: {conv1: 0}}", "", `4:37: lr: layers: a factor of 0; give one above 0`},
		{"mini", "", "lr: {layers: {conv1: 1, cnv2: 0.5}}", "", `4:46: lr: layers: mini has no layer "cnv2" with parameters; did you mean "conv2"?`},
		{"mini", "", "lr: {layers: {conv1/act: 0.5}}", "", `4:41: lr: layers: mini has no layer "conv1/act" with parameters; name layers as assay net show prints them, ** for all below a name`},
		{"resnet20", "", "lr: {layers: {stage1: 0.5}}", "", `4:38: lr: layers: resnet20 has no layer "stage1" with parameters; did you mean "stage1/**"?`},
		{"mini", "", "lr: {layers: {\"con[\": 0.5}}", "", `4:30: pattern "con[": a bracket is not closed; write names with * and **`},
		{"mini", "", "lr: {layers: 0.5}", "", `4:29: layers: want factors by layer path, as in {conv1: 0.1, "stage2/**": 0.5}`},
		{"mini", "", "lr: {policy: poly, power: 0}", "", `4:42: lr: power 0; give an exponent above 0 and at most 100`},
		{"mini", "", "lr: {policy: restarts, period: -1}", "", `4:47: lr: period -1; give epochs of a cycle, or 0 for a part of the run`},
		{"mini", "", "lr: {policy: restarts, mult: 0.5}", "", `4:45: lr: mult 0.5; give how many times longer each cycle is, 1 to 100`},
		{"mini", "", "lr: {warmup: 1, start: 1}", "", `4:39: lr: start 1; give the share of the base that the rise begins from, from 0 to below 1`},
		{"mini", "", "lr: {depth: 0}", "", `4:28: lr: depth 0; give the factor a stage, above 0 and at most 1`},
		{"mini", "", "lr: {policy: multistep, at: [3, 3]}", "", `4:48: lr: at 3; give epochs above 0, each later than the one before`},
		{"mini", "", "lr: {policy: step, gamma: 2}", "", `4:42: lr: gamma 2; give the factor at each drop, above 0 and at most 1`},
		{"mini", "", "lr: {scale: lines}", "", `4:28: scale: unknown value "lines"; choose one of none, batch`},
		{"mini", "", "lr: {warmup: -1}", "", `4:29: lr: warmup -1; give epochs, from 0`},
		{"mini", "", "lr: {final: 2}", "", `4:28: lr: final 2; give the share of the base that is left at the end, 0 to 1`},
		{"mini", "", "batch: 0", "", `4:23: batch: size 0; give the images of a step, 1 to 65536`},
		{"mini", "", "solver: {momentum: 1}", "", `4:35: solver: momentum 1; give the share of the old step kept, from 0 to below 1`},
		{"mini", "", "solver: {momentum: 0, nesterov: true}", "", `4:48: solver: nesterov looks ahead by the momentum, which is 0; set momentum`},
		{"mini", "", "solver: {kind: sam, base: sam}", "", `4:42: base: unknown value "sam"; choose one of sgd, adam, adamw, rmsprop, adagrad, adadelta, nadam, radam, lars, lamb, lion, muon`},
		{"mini", "", "solver: {kind: muon, rest: muon}", "", `4:43: rest: unknown value "muon"; choose one of adamw, adam, nadam, radam, lion, rmsprop, sgd`},
		{"mini", "", "solver: {kind: adam, beta1: 1}", "", `4:44: solver: beta1 1; give the share of the old mean kept, from 0 to below 1`},
		{"mini", "", "solver: {kind: adam, beta2: -0.1}", "", `4:44: solver: beta2 -0.1; give the share of the old mean square kept, above 0 and below 1, or 0 for the default`},
		{"mini", "", "solver: {kind: adam, eps: 0}", "", `4:42: solver: eps 0; give a small number above 0, such as 1e-8`},
		{"mini", "", "solver: {kind: rmsprop, rho: 1}", "", `4:45: solver: rho 1; give the share of the old mean square kept, from 0 to below 1`},
		{"mini", "", "solver: {kind: lars, trust: 0}", "", `4:44: solver: trust 0; give a number above 0, such as 0.001`},
		{"mini", "", "solver: {kind: sam, radius: 0}", "", `4:44: solver: radius 0; give a distance above 0, such as 0.05`},
		{"mini", "", "l1: -1", "", `4:20: l1: strength -1; give λ, from 0`},
		{"mini", "", "decay: -1", "", `4:23: decay: strength -1; give λ, from 0`},
		{"mini", "", "decay: {strength: 0.1, except: [weights]}", "", `4:48: except[0]: unknown value "weights"; choose one of bias, norm, depthwise`},
		{"mini", "", "loss: hinge", "", `4:22: loss: unknown value "hinge"; choose one of softmax, bce, focal`},
		{"mini", "", "loss: {kind: focal, gamma: -1}", "", `4:43: loss: gamma -1; give 0 to 10`},
		{"mini", "", "label-smoothing: 1", "", `4:33: label-smoothing: amount 1; give the share that is spread over all classes, from 0 to below 1`},
		{"mini", "", "average: {decay: 1}", "", `4:33: average: decay 1; give the share of the old mean kept at a step, above 0 and below 1`},
		{"mini", "", "average: {kind: swa, from: 1}", "", `4:43: average: from 1; give the share of the run after which epochs count, from 0 to below 1`},
		{"mini", "", "average: {kind: swa, lr: -1}", "", `4:41: average: lr -1; give the rate of the last part, above 0, or 0 for the policy's`},
		{"mini", "", "average: {kind: lookahead, every: 0}", "", `4:50: average: every 0; give steps between two of the slow weights, at least 1`},
		{"mini", "", "average: {kind: lookahead, alpha: 0}", "", `4:50: average: alpha 0; give the share of the way to the fast weights, above 0 and at most 1`},
		{"mini", "", "average: mean", "", `4:25: average: unknown value "mean"; choose one of ema, swa, lookahead`},
		{"mini", "", "batch: {size: 8, accumulate: 3}", "", `4:45: batch: accumulate 3; give the number of equal parts of the 8 images, 1 for all at once`},
		{"mini", "", "clip: -1", "", `4:22: clip: norm -1; give a bound above 0`},
		{"mini", "", "clip: {value: -1}", "", `4:30: clip: value -1; give a bound above 0`},
		{"mini", "", "clip: {norm: 1, adaptive: 0.01}", "", `4:42: clip: adaptive beside another bound; give one of norm, value, adaptive, and 0 for what another choice has set`},
		{"mini", "", "init: {kind: he, gain: 0}", "", `4:39: init: gain 0; give a factor on the standard deviation, above 0`},
		{"mini", "", "", "epochs: 0", `5:20: epochs: count 0; give passes over the training images, 1 to 100000`},
		{"mini", "", "", "epochs: {steps: -1}", `5:28: epochs: steps -1; give 1 or more`},
		{"mini", "", "", "epochs: {count: 1, steps: 1}", `5:38: steps: count says it already; keep one`},
		{"mini", "", "", "subset: 1.5", `5:20: subset: fraction 1.5; give a share of the training images, above 0 and at most 1`},
		{"mini", "", "", "subset: {images: -1}", `5:29: subset: images -1; give 1 or more`},
		{"mini", "", "", "labels: {noise: 1}", `5:28: labels: noise 1; give a share of the training images, from 0 to below 1`},
		{"mini", "", "", "labels: {noise: 0.1, confusion: a.csv}", `5:44: confusion: noise says it already; keep one`},
		{"mini", "", "", "labels: {confusion: {cat: {dog: 0.8, cow: 0.3}}}", `5:38: confusion: cat has shares of 1.1 in sum; give at most 1`},
		{"mini", "", "", "labels: {confusion: {cat: {cat: 0.8}}}", `5:38: confusion: cat for cat at a share of 0.8; give shares above 0, of other classes`},
		{"mini", "", "", "labels: {clean: mend}", `5:28: clean: unknown value "mend"; choose one of drop, relabel`},
		{"mini", "", "", "labels: {clean: drop, folds: 1}", `5:41: labels: folds 1; give 2 to 100`},
		{"mini", "", "", "labels: {folds: 3}", `5:21: labels: folds belongs to clean; take it out or write clean`},
		{"mini", "", "", "labels: {rule: both}", `5:21: labels: rule belongs to clean; take it out or write clean`},
		{"mini", "", "", "balance: {power: 0}", `5:29: balance: power 0; give 1 for the inverse share, 0.5 for its root, above 0 and at most 2`},
		{"mini", "", "", "balance: {weights: {cat: 1, dog: 0}}", `5:45: balance: weights: dog has 0; give a factor above 0, or leave the class out of the data by skip`},
		{"mini", "", "", "balance: {power: 1, weights: {cat: 1}}", `5:41: weights: power says it already; keep one`},
		{"mini", "", "", "balance: los", `5:21: balance: unknown value "los"; did you mean "loss"?`},
		{"mini", "", "", "augment: flip", `5:21: augment: want a list, got flip; put it in brackets: [flip]`},
		{"mini", "", "", "augment: [flop]", `5:22: no augmentation "flop"; did you mean "flip"?`},
		{"mini", "", "", "augment: [{flip: 2}]", `5:29: flip: p 2; give a probability, 0 to 1`},
		{"mini", "", "", "augment: [flip, {crop: {size: 9999}}]", `5:42: crop: size 9999; give pixels of a side, 1 to 4096, or 0 for the images' own`},
		{"mini", "", "", "augment: {ops: [{crop: {pad: -4}}]}", `5:41: crop: pad -4; give pixels, 0 to 1024`},
		{"mini", "", "", "augment: [{flip: {p: -0.5}}]", `5:33: flip: p -0.5; give a probability, 0 to 1`},
		{"mini", "", "", "augment: [{rotate: 200}]", `5:31: rotate: degrees 200; give degrees, 0 to 180`},
		{"mini", "", "", "augment: [{rotate: {p: 2}}]", `5:35: rotate: p 2; give a probability, 0 to 1`},
		{"mini", "", "", "augment: [{rotate: {degrees: much}}]", `5:41: degrees: want a number, got "much"`},
		{"mini", "", "", "augment: [{rotate: {fil: edge}}]", `5:32: unknown key "fil"; did you mean "fill"?`},
		{"mini", "", "", "augment: [{rotate: {fill: 256}}]", `5:38: fill: unknown value "256"; choose mean, edge, reflect, noise, or a grey from 0 to 255`},
		{"mini", "", "", "augment: [{scale: [1.25, 0.8]}]", `5:30: scale: by [1.25, 0.8]; give two factors of the size, the smaller first, 0.1 to 10`},
		{"mini", "", "", "augment: [{scale: [0, 1]}]", `5:30: scale: by [0, 1]; give two factors of the size, the smaller first, 0.1 to 10`},
		{"mini", "", "", "augment: [{scale: 2}]", `5:30: scale: want a list of 2, got "2"`},
		{"mini", "", "", "augment: [{color: 0.4}]", `5:30: color: want a map, got "0.4"`},
		{"mini", "", "", "augment: [{color: {gamma: 0.1}}]", `5:31: unknown key "gamma"; the keys here are brightness, contrast, saturation, hue, pca, p`},
		{"mini", "", "", "augment: [{color: {contrast: 1.5}}]", `5:41: color: contrast 1.5; give a share, 0 to 1`},
		{"mini", "", "", "augment: [{erase: {area: [0.5, 2]}}]", `5:37: erase: area [0.5, 2]; give two shares, the smaller first, 0.001 to 1`},
		{"mini", "", "", "augment: [{erase: {aspect: [0.3]}}]", `5:39: aspect: want a list of 2, got 1; write 2`},
		{"mini", "", "", "augment: [{erase: {fill: edge}}]", `5:37: fill: unknown value "edge"; choose mean, noise, or a grey from 0 to 255`},
		{"mini", "", "", "augment: [{flip: {vertical: 1}}]", `5:40: vertical: want true or false, got "1"`},
		{"mini", "", "", "augment: [{flip: {vertical: true}}, flip, flip]", `5:21: augment: flip twice; write it once`},
		{"mini", "", "", "augment: [{crop: {area: [0, 0.5]}}]", `5:36: crop: area [0, 0.5]; give two shares, the smaller first, 0.01 to 1, or 0 for the window's own`},
		{"mini", "", "", "augment: [{crop: {aspect: [2, 1]}}]", `5:38: crop: aspect [2, 1]; give two ratios, the smaller first, 0.05 to 20, or 0 for the window's own`},
		{"mini", "", "", "augment: [{crop: {area: [0.5, 1], pad: 4}}]", `5:51: crop: pad with area or aspect, which cut from the picture as it is; give one or the other`},
		{"mini", "", "", "augment: [{shear: 46}]", `5:30: shear: degrees 46; give degrees, 0 to 45`},
		{"mini", "", "", "augment: [{translate: 1.1}]", `5:34: translate: share 1.1; give a share, 0 to 1`},
		{"mini", "", "", "augment: [{translate: {pixels: -1}}]", `5:43: translate: pixels -1; give pixels, 0 to 4096`},
		{"mini", "", "", "augment: [{color: {hue: 0.6}}]", `5:36: color: hue 0.6; give a share of the circle of colours, 0 to 0.5`},
		{"mini", "", "", "augment: [{color: {pca: 11}}]", `5:36: color: pca 11; give a standard deviation, 0 to 10`},
		{"mini", "", "", "augment: [{grey: 2}]", `5:29: grey: p 2; give a probability, 0 to 1`},
		{"mini", "", "", "augment: [{blur: {sigma: [0, 2]}}]", `5:37: blur: sigma [0, 2]; give two standard deviations in pixels, the smaller first, 0.1 to 10`},
		{"mini", "", "", "augment: [{cutout: -1}]", `5:31: cutout: size -1; give pixels of a side, 1 to 4096, or 0 for half the smaller side of what is seen`},
		{"mini", "", "", "augment: [{randaugment: 31}]", `5:36: randaugment: m 31; give a magnitude, 0 to 30`},
		{"mini", "", "", "augment: [{randaugment: {n: 0}}]", `5:40: randaugment: n 0; give operations, 1 to 14`},
		{"mini", "", "", "augment: [{randaugment: rand-m9-mstd0.5}]", `5:36: randaugment: "rand-m9-mstd0.5" has posterize and solarize that grow weaker with m, which is not to be had; write "rand-m9-mstd0.5-inc1"`},
		{"mini", "", "", "augment: [{auto: svhn}]", `5:29: auto: unknown value "svhn"; choose imagenet or cifar10`},
		{"mini", "", "", "augment: [{trivial: 3}]", `5:32: trivial: want a map, got "3"`},
		{"mini", "", "", "augment: [{augmix: 11}]", `5:31: augmix: severity 11; give a magnitude, 1 to 10`},
		{"mini", "", "", "augment: [{augmix: {alpha: 0}}]", `5:39: augmix: alpha 0; give the Dirichlet distributions' parameter, 0.01 to 100`},
		{"mini", "", "", "augment: [flip, {crop: {size: 24, pad: 24}}]", `5:12: augment: crop: pad 24 leaves nothing of 24x24 in some corners; give at most 23`},
		{"mini", "", "", "augment: [{cutout: {size: 32, p: 0.1}}]", `5:12: augment: cutout: size 32 leaves nothing of 28x28; give at most 27`},
		{"mini", "", "", "augment: [{translate: {pixels: 40}}]", `5:12: augment: translate: 40 pixels leave nothing of 28x28; give at most 27`},
		{"mini", "", "", "augment: [{mixup: 0}]", `5:30: mixup: alpha 0; give a number, 0.001 to 1000`},
		{"mini", "", "", "augment: [{cutmix: {alpha: 1, p: 2}}]", `5:45: cutmix: p 2; give a probability, 0 to 1`},
		{"mini", "", "", "mixup: 0.2", `5:12: no approach "mixup", it is an operation; did you mean "augment: [mixup]"? (assay approach show augment)`},
		{"resnet20", "", "", "sizes: []", `5:19: sizes: no stages; give a list as in [{size: 24, epochs: 20}, {size: 32, epochs: 10}], or yolo9000`},
		{"resnet20", "", "", "sizes: yolo9001", `5:19: stages: unknown value "yolo9001"; write yolo9000, or a list as in [{size: 24, epochs: 20}, {size: 32, epochs: 10}]`},
		{"resnet20", "", "", "sizes: [{size: 24, epochs: 0}]", `5:20: sizes: stage 1: no length; give epochs or share`},
		{"resnet20", "", "", "sizes: [{size: 24}]", `5:20: sizes: stage 1: no length; give epochs or share`},
		{"resnet20", "", "", "sizes: [{size: 5000, epochs: 1}]", `5:27: sizes: stage 1: size 5000; give pixels of a side, 1 to 4096`},
		{"resnet20", "", "", "sizes: [{epochs: 1, share: 0.5}]", `5:39: sizes: stage 1: epochs says it already; keep one`},
		{"resnet20", "", "", "sizes: [{epochs: 1}, {share: 0.5}]", `5:41: sizes: stage 2: a share, where other stages say epochs; write one of the two in all`},
		{"resnet20", "", "", "sizes: [{share: 0.5}, {share: 0.4}]", `5:19: sizes: shares that sum to 0.9; let them sum to 1`},
		{"resnet20", "", "", "sizes: [{share: 1.5}]", `5:28: sizes: stage 1: share 1.5; give a share of the training, above 0 and at most 1`},
		{"resnet20", "", "", "sizes: [{epochs: 1, lr: -1}]", `5:36: sizes: stage 1: lr -1; give a factor on the rate, above 0`},
		{"resnet20", "", "", "sizes: [{epochs: 1, batch: 99999}]", `5:39: sizes: stage 1: batch 99999; give the images of a step, 1 to 65536`},
		{"resnet20", "", "", "sizes: yolo9000, epochs: 5", `5:19: sizes: stage 2: a share of 0.0588 of 5 epochs is none; give more epochs, at least 9, or a larger share`},
		{"resnet20", "", "", "sizes: [{epochs: 2}], epochs: 3", `5:19: sizes: stages of 2 epochs together, where the training is 3 epochs long; write shares in place of epochs, or leave epochs out`},
		{"resnet20", "", "", "sizes: [{size: 24, epochs: 2}], augment: [{crop: 32}]", `5:27: sizes: stage 1: size 24, and crop has 32; the last stage is what the network is built for and measured at, so leave one of them out`},
		{"caffenet128", "", "", "sizes: [{size: 64, share: 0.5}, {share: 0.5}]", `5:27: sizes: stage 1: images of 64x64: fc6/weight is [256 2048], and [2304 2048] at 128x128; a head that reads positions fits one size, write "head: {kind: conv-avg, pool: keep}"`},
		{"vgg16", "", "", "sizes: [{size: 16, share: 0.5}, {share: 0.5}]", `5:27: sizes: stage 1: images of 16x16: pool5: kernel 2 without padding does not fit a 1x1 input; add padding 1 or remove a pool above it`},
		{"resnet20", "", "", "multiscale", `5:12: multiscale: sizes []; give [low, high], or three or more`},
		{"resnet20", "", "", "multiscale: [32]", `5:24: multiscale: sizes [32]; give [low, high], or three or more`},
		{"resnet20", "", "", "multiscale: [32, 24]", `5:24: multiscale: sizes [32 24]; give the lower one first`},
		{"resnet20", "", "", "multiscale: [24, 32, 24]", `5:33: multiscale: size 24 twice; write it once`},
		{"resnet20", "", "", "multiscale: [24, 32, 0]", `5:33: multiscale: size 0; give pixels of a side, 1 to 4096`},
		{"resnet20", "", "", "multiscale: [24, 26]", `5:24: multiscale: no second size from 24 to 26 by 4; give a wider range or a smaller step`},
		{"resnet20", "", "", "multiscale: {sizes: [1, 400], step: 1}", `5:32: multiscale: 400 sizes, each of which takes a program and a cache of its own; give at most 64`},
		{"resnet20", "", "", "multiscale: {sizes: [24, 32], every: 0}", `5:49: multiscale: every 0; give steps, 1 to 1000000`},
		{"resnet20", "", "", "multiscale: {sizes: [24, 32], step: -1}", `5:48: multiscale: step -1; give pixels, 1 to 4096, or leave it out for the network's stride`},
		{"vgg16", "", "", "multiscale: [16, 200, 224]", `5:25: multiscale: images of 16x16: pool5: kernel 2 without padding does not fit a 1x1 input; add padding 1 or remove a pool above it`},
		{"resnet20", "", "", "multiscale: [24, 32], sizes: yolo9000", `5:41: sizes: stages of their own size, and multiscale draws sizes; leave one of the two out`},
		{"resnet20", "", "", "colors: yuv", `5:20: colors: unknown value "yuv"; choose one of rgb, grey, ycrcb, hsv, lab, log, equalize, clahe`},
		{"resnet20", "", "", "views: eleven", `5:19: views: unknown value "eleven"; choose one of centre, flip, five, ten, dense`},
		{"caffenet128", "", "", "views: dense", `5:19: views: dense: images of 144x144: fc6/weight is [4096 2048], and [2304 2048] at 128x128; a head that reads positions fits one size, write "head: {kind: conv-avg, pool: keep}"`},
		{"mini", "", "", "rotate: 15", `5:12: no approach "rotate", it is an operation; did you mean "augment: [rotate]"? (assay approach show augment)`},
		{"mini", "", "", "augment: [flip, flip]", `5:21: augment: flip twice; write it once`},
		{"mini", "inception: [1, 2]", "", "", `3:27: branches: want v1, or a list of 4 as in [64, [96, 128], [16, 32], 32]: maps or shares of the 1x1, 3x3, 5x5 and pooling branch`},
		{"mini", "inception: [0.5, 0.5, 0.5, 0]", "", "", `3:27: inception: branches of shares that sum to 1.5; let them sum to 1`},
		{"mini", "inception: {branches: [8, 0.5, 4, 4]}", "", "", `3:38: inception: branches hold 0.5; give whole numbers of maps, or shares of which none is above 1`},
		{"mini", "inception: {branches: [8, [-8, 8], 4, 4]}", "", "", `3:38: inception: branches hold -8; give whole numbers of maps, or shares of which none is above 1`},
		{"mini", "inception: {reduce: -1}", "", "", `3:36: inception: reduce -1; give a share of the branch's maps, above 0 and at most 16, or leave it out`},
		{"mini", "inception: {branches: [8, [8, 8], 0, 0], reduce: 0.5}", "", "", `3:65: inception: branches gives reductions already; keep one`},
		{"mini", "inception: {five: 5x}", "", "", `3:34: five: unknown value "5x"; did you mean "5x5"?`},
		{"mini", "inception: {pool: sum}", "", "", `3:34: pool: unknown value "sum"; choose one of max, avg`},
		{"mini", "inception-residual: 0", "", "", `3:36: inception-residual: scale 0; give a factor above 0 and at most 10`},
		{"mini", "inception-residual: {branches: [0, 0, 0, 0]}", "", "", `3:47: inception-residual: branches of shares that sum to 0; let them sum to 1`},
		{"mini", "inception-dense: 0", "", "", `3:33: inception-dense: growth 0; give maps a module, 1 to 4096`},
		{"mini", "inception-dense: 2", "", "", `3:33: inception-dense: growth 2: gives 2 maps, too few for the branches; give another growth or other branches`},
		{"mini", "inception-dense: {growth: 16, branches: [8, 8, 8, 8]}", "", "", `3:42: inception-dense: growth 16: gives 16 maps, the branches 32; give another growth or other branches`},
		{"mini", "dense: 0", "", "", `3:23: dense: growth 0; give maps a layer, 1 to 4096`},
		{"mini", "dense: {compression: 1.5}", "", "", `3:37: dense: compression 1.5; give the share of maps kept, above 0 and at most 1`},
		{"mini", "xception: {repeats: 0}", "", "", `3:36: xception: repeats 0; give separable convolutions a block, 1 to 64`},
		{"mini", "xception: befor", "", "", `3:26: xception: unknown value "befor"; choose one of none, between, after`},
		// nowhere
		{"mini", "activation: {to: elu, where: conv7}", "", "", `3:45: activation: mini has no layer "conv7"; did you mean "conv1"?`},
		{"resnet20", "separable: {where: stage2}", "", "", `3:35: separable: resnet20 has no layer "stage2"; did you mean "stage2/**"?`},
		{"mini", `pool: {kind: avg, where: "stage*/**"}`, "", "", `3:41: pool: mini has no layer "stage*/**"; name layers as assay net show prints them, ** for all below a name`},
		{"mini", "activation: {to: elu, where: conv1}", "", "", `3:16: activation: mini has no relu where "conv1" matches; name other layers`},
		{"mini", "separable: {where: conv1}", "", "", `3:16: separable: applies to none of the convolutions larger than 1x1 of mini where "conv1" matches (reads the images: conv1); name other layers`},
		{"lenet5", "kernel: 3", "", "", `3:16: kernel: applies to none of the 2 convolutions larger than 1x1 of lenet5 (without the padding that would keep the size of its map: c1, c3); give a stack that sees as much, such as [3, 3] for 5, or drop it`},
		{"mini", "kernel: 99", "", "", `3:16: kernel: applies to none of the 5 convolutions larger than 1x1 of mini (kernel 99x99 is larger than its 28x28 map: conv1; kernel 99x99 is larger than its 14x14 map: conv2, conv3; kernel 99x99 is larger than its 7x7 map: conv4, conv5); drop it`},
		{"resnet20", "stride: {layer: stage2/block1/conv1, to: 1}", "", "", `3:16: stride: stage2/block1/add: cannot add 32x32x32 and 16x16x32; bring one to the other's size by a shortcut or a 1x1 convolution`},
		{"lenet5", "activation: elu", "", "", `3:16: activation: lenet5 has no relu; write "from: tanh" (4 seen), or drop it`},
		{"mini", "attention: {kind: self, heads: 3}", "", "", `3:16: attention: applies to none of the 3 stages of mini (has more than 256 positions: conv1/act; 3 heads do not divide 16 channels: conv3/act; 3 heads do not divide 32 channels: conv5/act); drop it`},
		{"mini", "attention: {reduce: 64}", "", "", `3:16: attention: applies to none of the 5 convolutions and blocks of mini (reads the images: conv1; fewer than 64 channels: conv2, conv3, conv4, conv5); drop it`},
		{"ciresan", "attention", "", "", `3:16: attention: ciresan has no convolutions and blocks; drop it`},
		{"mini", "attention: pool", "", "", `3:16: attention: mini has no global average poolings at the head; put "head: avg" in front, or drop it`},
		{"mini", "head: fc", "", "", `3:16: head: nothing to change, the heads of mini are so already (1 seen); drop it`},
		{"resnet20", "pool: avg", "", "", `3:16: pool: resnet20 has no poolings; drop it`},
		{"resnet20", "recurrent: {place: renet}", "", "", `3:16: recurrent: resnet20 has no convolutions with a pooling; drop it`},
		{"resnet18", "recurrent: {place: renet}", "", "", `3:16: recurrent: applies to none of the convolutions with a pooling of resnet18 (what reads it needs its map of 56x56x64: pool1); write units: 32, or drop it`},
		{"ciresan", "recurrent: {place: renet}", "", "", `3:16: recurrent: ciresan has no convolutions with a pooling; drop it`},
		{"mini", "inception: [8, [8, 32], [8, 16], 8]", "", "", `3:16: inception: applies to none of the 5 convolutions larger than 1x1 of mini (reads the images: conv1; gives 16 maps, the branches 64: conv2, conv3; gives 32 maps, the branches 64: conv4, conv5); drop it`},
		{"caffenet128", `dense: {where: "conv[12]"}`, "", "", `3:16: dense: applies to none of the 2 stages of caffenet128 where "conv[12]" matches (reads the images: conv1; fewer than 2 convolutions larger than 1x1 one behind the other: conv2); name other layers`},
		{"ciresan", "xception", "", "", `3:16: xception: ciresan has no stages; drop it`},
		// what an earlier approach leaves nothing of
		{"mini", "strided-conv, pool: avg", "", "", `3:30: pool after strided-conv: mini has no poolings; drop it`},
		{"resnet20", "separable, dense, separable: {order: inverted, where: stage1/block1/conv1}", "", "", `3:70: separable after separable, dense: resnet20 has no layer "stage1/block1/conv1"; name layers as assay net show prints them, ** for all below a name`},
		{"mini", "head: avg", "batchnorm, batchnorm, lr: -1", "", `4:27: batchnorm after head, batchnorm: nothing to change, the convolutions and linear layers of mini are so already (5 seen); drop it`},
		// shapes that no longer fit
		{"caffenet128", "pool: {kernel: 99}", "", "", `3:31: pool: kernel 99 is larger than the 30x30 map that pool1 pools; give a smaller one, or name other layers by where`},
		{"mini", "pool: {kernel: 9}", "", "", `3:16: pool: pool3: kernel 9 without padding does not fit a 1x1 input; add padding 4 or remove a pool above it`},
		{"resnet18", "pool: {kernel: 1000001}", "", "", `3:31: pool: kernel 1000001 is larger than the 112x112 map that pool1 pools; give a smaller one, or name other layers by where`},
		// a network that is none
		{"minni", "", "", "", `no network "minni"; did you mean mini? (assay net list)`},
	} {
		_, err := approach.Build(lists(t, c.net, c.architecture, c.optimization, c.learning), approach.Images{})
		if c.want[0] >= '0' && c.want[0] <= '9' {
			c.want = "exp.yaml:" + c.want
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%s%s%s on %s:\ngot  %v\nwant %s", c.architecture, c.optimization, c.learning, c.net, err, c.want)
		}
	}
}

func TestColoursOfGreyImagesAreRefused(t *testing.T) {
	grey := approach.Images{Size: nn.Size{H: 28, W: 28, C: 1}, Classes: 10}
	_, err := approach.Build(lists(t, "mini", "", "", "colors: hsv"), grey)
	if want := "exp.yaml:5:20: colors: hsv of images that are grey; drop it, or take log, equalize or clahe"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, space := range []string{"rgb", "grey", "log", "equalize", "clahe"} {
		if b, err := approach.Build(lists(t, "mini", "", "", "colors: "+space), grey); err != nil || b.Graph.InputSize().C != 1 {
			t.Errorf("%s: %v", space, err)
		}
	}
}

func TestChoicesMadeByCodeNeedNoPlace(t *testing.T) {
	e := experiment.Experiment{Net: "mini"}
	params := spec.NewMap()
	params.Set("base", spec.NewFloat(0.1))
	e.Architecture = []experiment.Choice{{Name: "activation", Value: spec.NewText("elu")}}
	e.Optimization = []experiment.Choice{{Name: "batchnorm"}, {Name: "lr", Value: params}}
	b, err := approach.Build(e, approach.Images{})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Applied) != 3 || b.Applied[1].Choice != "batchnorm" || b.Optimization.LR.Base != 0.1 {
		t.Errorf("applied %+v", b.Applied)
	}
	wrong := spec.NewMap()
	wrong.Set("policy", spec.NewText("cosin"))
	low := spec.NewMap()
	low.Set("base", spec.NewFloat(-1))
	for want, c := range map[string]experiment.Choice{
		`no approach "lrr"; did you mean "lr"? (assay approach list)`:                                         {Name: "lrr"},
		`activation is an approach of architecture, not of optimization; move`:                                {Name: "activation"},
		`lr: policy: unknown value "cosin"; did you mean "cosine"?`:                                           {Name: "lr", Value: wrong},
		`lr: base -1; give a rate above 0`:                                                                    {Name: "lr", Value: low},
		`batch: size 0; give the images of a step, 1 to 65536`:                                                {Name: "batch", Value: spec.NewInt(0)},
		`dropout after activation: nothing to change, the places for dropout of mini are so already (1 seen)`: {Name: "dropout", Value: spec.NewInt(0)},
	} {
		e.Optimization = []experiment.Choice{c}
		if _, err := approach.Build(e, approach.Images{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", c.Name, err, want)
		}
	}
	if _, err := approach.Rewrite(network(t, "mini"), []experiment.Choice{{Name: "lrr"}}); err == nil {
		t.Error("no such approach, and no error")
	}
}
