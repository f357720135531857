package approach

import (
	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Catalog lists every approach in the order of the page that the project springs from: its table of contents. The evidence
// quotes Mishkin, Sergievskiy, Matas, "Systematic evaluation of CNN advances on the ImageNet", arXiv:1606.02228: accuracy of
// CaffeNet at 128 pixels, .471 for its base, one run each.
func Catalog() []Entry {
	optimizationDefaults, learningDefaults := experiment.DefaultOptimization(), experiment.DefaultLearning()
	norm := nn.NewBatchNorm()
	return []Entry{
		{"kernel", Architecture, "net", architecture.Kernel{}, Card{
			Summary: "exchanges the kernel of convolutions, or makes a stack of smaller ones of each; spreads taps by dilation",
			Cost:    "in proportion to the taps: a 5x5 as two 3x3 18/25 of the weights, a 3x3 as 1x3 and 3x1 two thirds; a stack is deeper by its length",
			Couplings: []string{
				"padding follows, so that maps keep their size",
				"a stack strides in its first convolution; its members have the norm, activation, bias and groups of the one they replace",
			},
			Paper:    "3x3 stacks: Simonyan, Zisserman, ICLR 2015, arXiv:1409.1556; 1xk and kx1: Szegedy et al., arXiv:1512.00567; stems: He et al., arXiv:1812.01187; dilation: Yu, Koltun, ICLR 2016, arXiv:1511.07122",
			Evidence: "as contributed, with norms, prelu and a shorter training (.506 for 5x5 and relu): 5x5 as two 3x3 .550, as 1x3, 1x3, 3x1 and 1x3 .553, as 1x5, 1x5, 5x1 and 1x5 .546, as 1x5 and 5x1 .540; that last with relu and without norms .474 for .441",
			Caveats:  "a smaller kernel does not fit where nothing is padded: the map would grow",
		}},
		{"bottleneck", Architecture, "net", architecture.Bottleneck{Reduce: 4, StrideIn: "3x3"}, Card{
			Summary:   "a convolution becomes 1x1 to fewer channels, the convolution on those, 1x1 back",
			Cost:      "about an eighth of the parameters and multiply-adds of a 3x3 convolution of C to C channels at reduce 4; two more layers deep",
			Couplings: []string{"the new convolutions get the norm, activation and bias of the one they replace; in front of a residual addition, the activation of the block"},
			Paper:     "Lin, Chen, Yan, Network In Network, ICLR 2014, arXiv:1312.4400; He, Zhang, Ren, Sun, arXiv:1512.03385",
			Evidence:  "not in the published study by itself; a ResNet-101 of them, a third of its width, overfitted: .407 with batch norm, .525 without, .567 with elu and linear decay",
			Caveats:   "with few channels the narrow middle loses what the network needs; where no norm is used the added depth trains slower",
		}},
		{"mlpconv", Architecture, "net", architecture.MLPConv{Layers: 2}, Card{
			Summary:   "puts 1x1 convolutions behind a convolution, as Network in Network does",
			Cost:      "N² weights and N² multiply-adds a position for each 1x1 of N channels: a ninth of a 3x3 convolution of as many; one layer deeper each",
			Couplings: []string{"the new convolutions get the norm, activation and bias of the one they follow; in front of a residual addition, the activation of the block"},
			Paper:     "Lin, Chen, Yan, Network In Network, ICLR 2014, arXiv:1312.4400",
			Evidence:  "1x1 convolutions behind the first layer alone: one .490, three .509, five .514, nine .516 (base .471); Network in Network at 128 pixels .519",
			Caveats:   "depth without norms trains slower; applies to the first layer, too: name others with where to leave it alone",
		}},
		{"fire", Architecture, "net", architecture.Fire{Squeeze: 0.125, Expand3: 0.5}, Card{
			Summary:   "a convolution becomes SqueezeNet's module: squeeze by 1x1, expand by 1x1 and 3x3 side by side",
			Cost:      "a twelfth of the weights and multiply-adds of a 3x3 convolution of C to C channels",
			Couplings: []string{"squeeze and expansions get the norm, activation and bias of the convolution, each its own; a larger kernel becomes 3x3"},
			Paper:     "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, arXiv:1602.07360",
			Evidence:  "SqueezeNet at 128 pixels .530 to .547, elu .555",
			Caveats:   "with few channels the squeeze leaves almost nothing: raise it. The first layer is left alone, as in SqueezeNet",
		}},
		{"head", Architecture, "net", architecture.Head{Kind: "avg"}, Card{
			Summary: "exchanges the classifier: pooled, fully connected, behind a pyramid of poolings, convolutions averaged over positions, or the boxes of a detector",
			Cost:    "avg, max, max+avg and gem drop the hidden fully connected layers and most of the parameters of an AlexNet or VGG; gem computes a logarithm and an exponential a value",
			Couplings: []string{
				"conv-avg, avg-conv and spp take the pooling in front of the first linear layer away unless pool is keep",
				"spp keeps hidden layers unless hidden gives another; its vector does not depend on the size of the images",
				"a hidden layer has the activation in front of it and the dropout that the old hidden layers had",
				"weight decay never acts on gem's exponent",
				"yolo wants task: detect and images with boxes, whose shapes give the anchors; its convolutions have batch norm and leaky ReLU whatever the network has, auxiliary heads go, and the sides of the images must be multiples of the network's stride",
			},
			Paper:    "avg: Lin, Chen, Yan, arXiv:1312.4400, §3.2; conv-avg: Sermanet et al., OverFeat, arXiv:1312.6229; spp: He, Zhang, Ren, Sun, arXiv:1406.4729; gem: Radenović, Tolias, Chum, arXiv:1711.02512; yolo: Redmon, Farhadi, arXiv:1612.08242",
			Evidence: "fully connected layers as convolutions, predictions averaged: .494; average, then classify: .489 (base .470); with elu, the last pooling kept and padded, .511 and .508 (base .488), average and maximum .509, but .481 where the average stands behind the first hidden layer; spp of three levels .483, of two .471",
			Caveats:  "a network that pools its last maps already has nothing to change under avg; gem sees what is positive alone; at the rate of a network with batch norm, fc and gem may end by taking every image for one class (resnet20, rate .05): lower it",
		}},
		{"inception", Architecture, "net", architecture.Inception{Branches: architecture.V1, Pool: nn.Max, Five: "5x5"}, Card{
			Summary: "a convolution becomes an inception module: 1x1, 3x3, 5x5 and pooling side by side, the larger ones behind 1x1 convolutions",
			Cost:    "with v1's shares three tenths of the parameters and multiply-adds of a 3x3 convolution of C to C channels, a tenth of a 5x5's; two layers deep in place of one",
			Couplings: []string{
				"every convolution of the module gets the norm, activation and bias of the one it replaces",
				"one that strides drops the 1x1 branch and passes a max pooling on as it is, so it has to give more maps than it reads",
			},
			Paper:    "Szegedy et al., arXiv:1409.4842; two 3x3 for the 5x5: Szegedy et al., arXiv:1512.00567; strides, average pooling: Ioffe, Szegedy, arXiv:1502.03167",
			Evidence: "GoogLeNet at 128 pixels .619 (CaffeNet .471); with batch norm before the activation .603, behind it .596; with batch norm, two 3x3 for the 5x5, and twice the steps of half the batch .645",
			Caveats:  "a tuned network of such modules hardly bears changes, the study warns; with few channels a branch of an eighth is narrow. A convolution without padding does not fit",
		}},
		{"flattened", Architecture, "net", architecture.Flattened{Stages: 2, Order: "LVH", Bias: true}, Card{
			Summary:   "a convolution becomes one-dimensional ones: across channels, along columns, along rows",
			Cost:      "N(C + 2k) weights a stage for NCk²: an eighth of a 3x3 convolution of 64 to 64 channels a stage, a quarter in two stages",
			Couplings: []string{"no norm and no activation stands between, those of the convolution follow the last", "a bias behind each convolution unless bias is false, but for the last, which has that of the convolution"},
			Paper:     "Jin, Dundar, Culurciello, Flattened Convolutional Neural Networks for Feedforward Acceleration, ICLR 2015 workshop, arXiv:1412.5474",
			Evidence:  "not in the published study, whose 1x5 and 5x1 over all channels are kernel's; in its paper as accurate as the plain network on CIFAR-10, CIFAR-100 and MNIST with 8 to 10 times fewer weights, and about twice as fast forward",
			Caveats:   "one-channel filters are bound by memory, so time falls less than multiply-adds. he's gain is for a rectifier behind each convolution, and here all but the last have none: without norms the signal grows by √2 at each, and mini at rate 0.02 overflows in eleven steps; init with gain 0.707 or lsuv is the remedy (`{init: lsuv}`, learned there)",
		}},
		{"residual", Architecture, "net", architecture.Residual{Over: 2, Shortcut: "B", Scale: 1}, Card{
			Summary: "bypasses runs of convolutions, so that they learn a difference",
			Cost:    "shortcut A none; B a 1x1 convolution where the shape changes; C one everywhere",
			Couplings: []string{
				"a projection has the norm and bias of the run's last convolution; with preact no norm",
				"preact moves the norms of the run from the convolutions' outputs to the activations' inputs",
			},
			Paper:    "He, Zhang, Ren, Sun, CVPR 2016, arXiv:1512.03385; identity mappings: arXiv:1603.05027",
			Evidence: "on a VGG-like network .576 for .521, on GoogLeNet at 128 pixels .634 for .619, both without batch norm; round nine 1x1 convolutions behind the first layer it hurt, .509 for .516 (at 276K of 320K steps); a ResNet-101 a third as wide overfitted, .407 with batch norm and .525 without",
			Caveats:  "pays in deep networks; a network of a few layers has little to bypass. A run ends at a pooling",
		}},
		{"dense", Architecture, "net", architecture.Dense{Growth: 12, Bottleneck: true, Compression: 0.5}, Card{
			Summary: "a stage becomes a dense block, every layer reading what all before it gave, and a transition",
			Cost:    "a layer of m maps costs (4m + 36k)k parameters with the bottleneck, 9mk without; small growth saves parameters, concatenating costs memory",
			Couplings: []string{
				"norm and activation of the stage stand in front of every convolution, pre-activated; what enters is activated once more",
				"a 1x1 convolution ends the block at the stage's channels; bypasses and gates within the stage go",
				"a stage that strides begins with an average pooling",
			},
			Paper:    "Huang, Liu, van der Maaten, Weinberger, arXiv:1608.06993",
			Evidence: "not in the published study; densenet121 has 74.4 % top-1 on ImageNet with 8.0 million parameters, resnet34 73.3 with 21.8 (torchvision's weights)",
			Caveats:  "the paper always has batch norm, and trains for hundreds of epochs; a stage of one convolution has nothing to connect",
		}},
		{"inception-residual", Architecture, "net", architecture.InceptionResidual{Scale: 0.2, Branches: architecture.V1, Pool: nn.Max, Five: "5x5"}, Card{
			Summary: "a convolution becomes an inception module with a bypass: its branches, a 1x1 without activation, scaled and added to the input",
			Cost:    "an inception module and a 1x1 convolution; where the shape changes another 1x1 on the bypass",
			Couplings: []string{
				"the module's convolutions get the norm, activation and bias of the one they replace, the last 1x1 a bias alone; the activation stands behind the sum",
				"a norm lies over the branches, not over the sum",
			},
			Paper:    "Szegedy, Ioffe, Vanhoucke, Alemi, arXiv:1602.07261",
			Evidence: "bypasses round the modules of GoogLeNet at 128 pixels: .634 for .619, without batch norm",
			Caveats:  "the paper scales by 0.1 to 0.3 against the death of very wide networks; a narrow one does without",
		}},
		{"inception-dense", Architecture, "net", architecture.InceptionDense{Growth: 24, Branches: architecture.V1}, Card{
			Summary: "a stage becomes a dense block of inception modules, each adding its maps to all before",
			Cost:    "a module of growth k over m maps costs about 2.9mk parameters for its 1x1 convolutions and 10.6k² for its windows; concatenating costs memory",
			Couplings: []string{
				"every convolution gets the stage's norm, activation and bias; bypasses and gates within the stage go",
				"a 1x1 convolution ends the block at the stage's channels",
				"a stage that strides begins with an average pooling",
			},
			Paper:    "none of its own: arXiv:1409.4842 in arXiv:1608.06993; nearest is Wang, Li, Ling, Pelee, arXiv:1804.06882",
			Evidence: "not in the published study; PeleeNet has 72.6 % top-1 on ImageNet with 2.8 million parameters (its authors)",
			Caveats:  "many narrow convolutions: time falls less than multiply-adds; a stage of one convolution has nothing to connect",
		}},
		{"xception", Architecture, "net", architecture.Xception{ReLU: "none", Repeats: 2}, Card{
			Summary: "a stage becomes residual blocks of depthwise separable convolutions",
			Cost:    "an eighth to a ninth of a stage of 3x3 convolutions; a 1x1 on the bypass where the shape changes",
			Couplings: []string{
				"separable convolutions get the stage's norm and bias, its activation stands in front of each; bypasses and gates within the stage go",
				"a stage that strides does so by a 3x3 max pooling in its first block",
			},
			Paper:    "Chollet, Xception, arXiv:1610.02357; norm and activation between: Chen et al., arXiv:1802.02611",
			Evidence: "not in the published study; Xception has .790 top-1 on ImageNet, Inception-v3 .782 (its paper)",
			Caveats:  "nothing between the two parts ends highest in the paper, whose networks have batch norm; depthwise filters are bound by memory: time falls less than multiply-adds",
		}},
		{"separable", Architecture, "net", architecture.Separable{Order: "depthwise-first", ReLU: "between", Multiplier: 1, Expand: 6}, Card{
			Summary:   "a convolution becomes one 3x3 filter a channel and a 1x1 convolution over channels",
			Cost:      "1/N + 1/k² of a k x k convolution to N channels: about an eighth to a ninth for 3x3",
			Couplings: []string{"the new convolutions get the norm, activation and bias of the one they replace; with relu none and after, the last alone"},
			Paper:     "Sifre 2014; Chollet, Xception, arXiv:1610.02357; Howard et al., MobileNet, arXiv:1704.04861; inverted: Sandler et al., arXiv:1801.04381",
			Evidence:  "not in the published study; MobileNet has 70.6 % top-1 on ImageNet with 4.2 million parameters and 569 million multiply-adds, with plain convolutions 71.7 with 29.3 and 4866 (its paper)",
			Caveats:   "depthwise filters are bound by memory: time falls less than multiply-adds. Under inverted the activation of the convolution stays behind the last 1x1, which MobileNetV2 leaves linear, and no bypass comes: residual: 3 behind it adds one in front of the activation. The first layer of one or three channels is left alone",
		}},
		{"recurrent", Architecture, "net", architecture.Recurrent{Cell: nn.LSTM, Place: "head", Bidirectional: true}, Card{
			Summary: "reads feature maps as sequences, by LSTM or GRU units that sweep over them",
			Cost:    "a direction of U units that reads C channels: 4·U·(C+U+2) parameters of an lstm, 3·U·(C+U+2) of a gru, each weight used at every position; a step waits for the one before, so small batches run slowly",
			Couplings: []string{
				"head drops pooling, hidden layers and their dropout; the units keep what the last of all positions left in them",
				"renet drops the activation, norm and bias of the convolution that it replaces",
				"the bias of an lstm's forget gate starts at 1, recurrent weights orthonormal; weight decay acts on the weights and not, unless l2 says otherwise, on the biases",
				"lsuv draws the input weights orthonormal and does not scale them",
			},
			Paper:    "Hochreiter, Schmidhuber, Neural Computation 9(8), 1997; forget gate: Gers, Schmidhuber, Cummins 2000; gru: Cho et al., EMNLP 2014, arXiv:1406.1078; head: Shi, Bai, Yao, arXiv:1507.05717; renet: Visin et al., arXiv:1505.00393",
			Evidence: "not in the published study; ReNet has 12.35 % errors on CIFAR-10, .45 % on MNIST and 2.38 % on SVHN, behind the best convolutional networks of its day; gru over the rows of Fashion-MNIST with an SVM .888, with dropout .897 (that data set's benchmark)",
			Caveats:  "the channels of a map are many units: give fewer where a map is wide. One image is swept as fast as its steps follow one another, however many cores there are. No gradient is clipped; a sequence of some hundred positions may need a lower rate",
		}},
		{"attention", Architecture, "net", architecture.Attention{Kind: "se"}, Card{
			Summary: "weighs channels or positions by what the whole map holds: gates, non-local blocks, self-attention, attention pooling",
			Cost:    "se 2C²/16 parameters a gate and next to no multiply-adds, eca 3 to 7; cbam those of se and 98, and a 7x7 convolution over two maps; nonlocal 2C² at reduce 2, self 4C² and 225 a head, both the square of the positions in multiply-adds and memory; pool C a head",
			Couplings: []string{
				"a gate stands in front of the sum on a residual branch, behind a module of branches, else behind the activation of a convolution larger than 1x1",
				"nothing that it adds has a bias or a norm, and batchnorm, norm and dropout leave it alone; gates have ReLU inside whatever the network has",
				"nonlocal and self start as the identity and pool as average pooling, their last weights at 0; self has a bias by offset, clipped to 7 rows and columns, so that it fits images of all sizes",
			},
			Paper:    "se: Hu, Shen, Sun, arXiv:1709.01507; eca: Wang et al., arXiv:1910.03151; cbam: Woo et al., arXiv:1807.06521; nonlocal: Wang, Girshick, Gupta, He, arXiv:1711.07971; self: Vaswani et al., arXiv:1706.03762, Bello et al., arXiv:1904.09925; pool: Radford et al., arXiv:2103.00020, with a learned query and without projections",
			Evidence: "not in the published study; ResNet-50 has 24.80 % top-1 errors on ImageNet, with se 23.29 for 2.5 million parameters more, with cbam 22.66, with eca 22.52 (their papers)",
			Caveats:  "helped deep residual networks of many channels; in a network of 16 channels reduce 16 leaves one hidden unit. A map of more than 16x16 positions is passed over unless where names it, and one of more than 32x32 always; a flat head has no positions left for pool",
		}},
		{"activation", Architecture, "net", architecture.Activation{From: nn.ReLU}, Card{
			Summary: "exchanges one non-linearity for another",
			Cost:    "all but relu, relu6, the leaky ones, softsign, the hard ones, maxout, crelu, apl and frelu compute exponentials; swish, hard-swish, gelu, mish and apl keep their input for the backward pass; prelu and frelu add a parameter a channel, apl two a hinge and channel, rrelu draws a random number a value; maxout multiplies the weights in front of it by its pieces, crelu halves them",
			Couplings: []string{
				"maps keep their width: the convolution or linear layer in front of a maxout gives as many times its outputs as there are pieces (piece j of output c is channel j·C + c, in each group where it has some), the one in front of crelu half of them; activations that read no such layer of their own, or a depthwise one, stay",
				"weight decay never acts on the slopes of prelu; on the hinges of apl it does, as its paper has it",
			},
			Paper:    "elu: Clevert, Unterthiner, Hochreiter, arXiv:1511.07289; prelu: He et al., arXiv:1502.01852; selu: Klambauer et al., arXiv:1706.02515; leaky: Maas et al. 2013; very-leaky: Graham, arXiv:1409.6070; rrelu: Xu et al., arXiv:1505.00853; celu: Barron, arXiv:1704.07483; maxout: Goodfellow et al., arXiv:1302.4389; crelu: Shang et al., arXiv:1603.05201; scaled-tanh: LeCun et al. 1998; swish: Ramachandran, Zoph, Le, arXiv:1710.05941; hard-swish, hard-sigmoid: Howard et al., arXiv:1905.02244; gelu: Hendrycks, Gimpel, arXiv:1606.08415; mish: Misra, arXiv:1908.08681; apl: Agostinelli et al., arXiv:1412.6830; frelu: Qiu, Xu, Cai, arXiv:1706.08098",
			Evidence: "without batch norm: maxout .517 (in layers narrower by √2, at equal cost, .482), elu .488 (alpha 0.5 .485), frelu .488, shifted softplus .486, prelu .485, rrelu .478, relu .471, apl of 2 hinges .471 and of 5 .465 (its own parameters at each position), very-leaky .469, selu .470, scaled-tanh .423, arcsinh .417, tanh .401, identity .389; maxout in the linear layers alone, narrower: .490 with relu, .499 with elu in front; with batch norm prelu .503, rrelu .500, relu .499, elu .498, maxout .487, sigmoid .475, tanh .448, identity .384",
			Caveats:  "gains over relu mostly vanish with batch norm. The initialisation is not changed; selu's paper wants gain 0.707 on he, sigmoid and tanh xavier. rrelu divides by a number from U(3,8) for each value and by 5.5 in evaluation, as its paper does (PyTorch draws the slope, from 1/8 to 1/3, and evaluates with 11/48); gelu is the exact form, by erf. maxout at equal cost wants width: 0.707 in front, and as it keeps the variance that relu halves, gain 0.707 on he, or lsuv. frelu is relu with a learned bias behind it (not the funnel activation of that name), which begins at 0 and where a norm follows does nothing",
		}},
		{"pool", Architecture, "net", architecture.Pool{}, Card{
			Summary: "changes how poolings join the values of their windows",
			Cost:    "mixed adds a parameter a pooling, gated one for each place of its window, others none; max+avg, mixed and gated take both passes over the map, gated a depthwise convolution besides, blur a maximum at every position and two small means; stochastic draws a random number an output; none leaves every layer behind it a larger map",
			Couplings: []string{
				"padding that keeps the places of windows follows the kernel",
				"weight decay leaves the share of mixed and the filter of gated alone",
				"none leaves a pooling where a linear layer would read another map, or maps could not be joined any more",
			},
			Paper:    "max+avg: Mishkin, Sergievskiy, Matas, arXiv:1606.02228, §3.3; mixed, gated: Lee, Gallagher, Tu, arXiv:1509.08985; stochastic: Zeiler, Fergus, arXiv:1301.3557; lp: Sermanet, Chintala, LeCun, arXiv:1204.3968; Gulcehre et al., arXiv:1311.1780; blur: Zhang, arXiv:1904.11486",
			Evidence: "max+avg .483, none .472 (there the convolutions behind took the strides), max .471, gated .471 (max .470 beside it), stochastic .438 (without dropout .429), avg .435; windows of 2x2/2 .484, 3x3/2 padded .488",
			Caveats:  "mixed has one share and gated one filter a pooling, for all its channels (their paper also gives each channel and place its own); stochastic and its evaluation count negative values as 0; lp is a mean, (Σ|x|^p/n)^(1/p), and passes no gradient where all is 0; blur repeats the border, its filter is [1 2 1]/4 both ways. The global pooling at the head is changed by head",
		}},
		{"strided-conv", Architecture, "net", architecture.StridedConv{Mode: "stride"}, Card{
			Summary:   "poolings go, a convolution takes their stride",
			Cost:      "stride: fewer multiply-adds, the convolution before skips positions; conv: a 3x3 convolution more a pooling; patch: one whose kernel is its stride",
			Paper:     "Springenberg, Dosovitskiy, Brox, Riedmiller, arXiv:1412.6806",
			Couplings: []string{"a convolution of conv or patch has the norm, activation and bias of the nearest before it", "padding follows, so that maps keep their size where it can"},
			Evidence:  ".472 for max pooling's .471, at fewer operations; there the convolution behind a pooling took its stride",
			Caveats:   "without any activation it fails (.035 published)",
		}},
		{"colorspace", Architecture, "net", architecture.Colorspace{Kind: "learned", Widths: []int{10, 3}, Act: nn.VeryLeaky}, Card{
			Summary:  "puts a learned transformation of colours, 1x1 convolutions, in front of the first layer",
			Cost:     "73 parameters for 3 to 10 to 3; two convolutions of the whole image, which weigh in time and memory where the first layer strides",
			Paper:    "Mishkin, Sergievskiy, Matas, arXiv:1606.02228, §3.2",
			Evidence: "10 and 3 with very-leaky .485, with maxout .488, with tanh .463; 16 and 3 .483; 3 and 3 .480 (base .471); on GoogLeNet with bypasses .638 for .634",
			Caveats:  "for images of colours; later approaches see what was the first layer as one like the others",
		}},
		{"stride", Architecture, "net", architecture.Stride{Layer: architecture.Layers{architecture.First}}, Card{
			Summary:  "sets the stride of layers, so that smaller images keep their feature maps",
			Cost:     "halving a stride quadruples the multiply-adds of all that follows, and the weights of a fully connected layer that reads the maps",
			Paper:    "Mishkin, Sergievskiy, Matas, arXiv:1606.02228, §5",
			Evidence: "images of 64 pixels .309, 96 .414, 128 .471; first stride and kernel in proportion: 64 pixels .445, 96 .459; at 224 with stride 8 .453",
			Caveats:  "the branches of a residual or inception block must stride alike: name all of them in layer",
		}},
		{"width", Architecture, "net", architecture.Width{}, Card{
			Summary:   "multiplies the channels of every layer, by a factor or by the one that matches another network's parameters or multiply-adds",
			Cost:      "the factor squared, in parameters and multiply-adds, but for the first layer, the last and depthwise filters; the factor in memory",
			Couplings: []string{"channels are rounded to whole groups, sums stay equal, classes and images as they are", "a network that params or macs names is counted with the classes and the image size of this one"},
			Paper:     "Mishkin, Sergievskiy, Matas, arXiv:1606.02228, §3.10; the width multiplier of Howard et al., MobileNet, arXiv:1704.04861, §3.3; Zagoruyko, Komodakis, arXiv:1605.07146",
			Evidence:  "4 .563, 2 .533, √2 .506, 1 .471, 1/√2 .460, 1/2 .416, 1/4 .256",
			Caveats:   "wide networks want stronger regularisation and more images; with few channels groups cannot be kept apart finely",
		}},

		{"batchnorm", Optimization, "overlay", optimization.BatchNorm{Place: nn.Before, Affine: norm.Affine, Momentum: norm.Momentum, Eps: norm.Eps}, Card{
			Summary:   "normalises each channel over the batch, behind every convolution and hidden linear layer",
			Cost:      "two parameters a channel; two more passes over each map in training, none once folded",
			Couplings: []string{"a convolution in front of the norm has no bias of its own", "weight decay leaves scale and shift alone unless l2 says otherwise", "with ghost the groups move the running statistics one after the other, so a step moves them more"},
			Paper:     "Ioffe, Szegedy, ICML 2015, arXiv:1502.03167; ghost: Hoffer, Hubara, Soudry, NIPS 2017, arXiv:1705.08741",
			Evidence:  "before the activation .474, with scale and shift .478; after .499 and .493; on GoogLeNet at 128 pixels it hurt (.603 for .619)",
			Caveats:   "needs batches of 16 or more; allows higher rates than the base was tuned for",
		}},
		{"norm", Optimization, "overlay", optimization.NewNorm(), Card{
			Summary:   "layer normalises each position over its channels; group and instance each image over groups of channels, or each by itself; weight and weight-standard the weights; lrn each value by the channels around it; none takes norms away",
			Cost:      "layer, group and instance two parameters a channel and two passes over each map, in evaluation too; weight one parameter a channel, it and weight-standard two passes over the weights, in evaluation too; lrn no parameters, several operations a channel of its window",
			Couplings: []string{"takes the place of the norm that a convolution has; a bias that batch norm took comes back", "weight and weight-standard lie beside a norm of maps: write norm: none in front to be without one, norm: group for the pair of arXiv:1903.10520", "the lengths that weight learns are spared by l2, l1 and decay as norms are"},
			Paper:     "layer: Ba, Kiros, Hinton, arXiv:1607.06450, over channels as in Liu et al., arXiv:2201.03545, §2.6; group: Wu, He, ECCV 2018, arXiv:1803.08494; instance: Ulyanov, Vedaldi, Lempitsky, arXiv:1607.08022; weight: Salimans, Kingma, NIPS 2016, arXiv:1602.07868; weight-standard: Qiao, Wang, Liu, Shen, Yuille, arXiv:1903.10520; lrn: Krizhevsky, Sutskever, Hinton, NIPS 2012, §3.3, α divided by the size, as in Caffe",
			Evidence:  "with lrn .470, without .471; the others are not in the published study",
			Caveats:   "AlexNet has lrn behind its first two convolutions alone; name them with where. layer needs no batch, but a map of few channels loses what tells its positions apart, one of one channel everything. instance, and group where a map has no more channels than groups, want maps of several pixels. weight-standard leaves the scale of a layer to the norm behind it: alone it trains badly",
		}},
		{"l2", Optimization, "l2", optimization.L2(optimizationDefaults.L2), Card{
			Summary:   "adds λ/2 times the sum of squared weights to the loss",
			Cost:      "none",
			Couplings: []string{"biases, scales and shifts of norms are spared unless except says otherwise; slopes of prelu always are"},
			Paper:     "Krogh, Hertz, NIPS 1992",
			Evidence:  "5e-4 .471, 1e-4 .450, 1e-5 .450",
			Caveats:   "with batch norm it acts on the effective learning rate rather than on the function",
		}},
		{"l1", Optimization, "l1", optimization.L1(optimizationDefaults.L1), Card{
			Summary:   "adds λ times the sum of the weights' sizes to the loss",
			Cost:      "one more pass over weights and gradients",
			Couplings: []string{"spares what l2 spares", "joins the gradient behind clip"},
			Paper:     "Tibshirani, J. R. Statist. Soc. B 58, 1996",
			Evidence:  "1e-5 .453, none .471",
			Caveats:   "draws weights towards 0 and leaves few at it: a step seldom ends there exactly",
		}},
		{"decay", Optimization, "decay", optimization.Decay(optimizationDefaults.Decay), Card{
			Summary:   "takes from every weight at every step the rate times λ of itself, beside the gradient",
			Cost:      "none with adam and its kin, lamb and lion; one more pass over weights with the others",
			Couplings: []string{"adamw has 0.01 where none is given, and so has what muon and sam leave to it", "in lamb it stands within what is scaled, as published", "lars and lamb spare biases and norms whatever except says", "spares what l2 spares"},
			Paper:     "Loshchilov, Hutter, ICLR 2019, arXiv:1711.05101",
			Caveats:   "grows with the rate, so it falls as the rate falls; usual strengths are ten to a hundred times l2's",
		}},
		{"loss", Optimization, "loss", optimization.Loss(optimizationDefaults.Loss), Card{
			Summary:   "what training makes less: cross entropy over the classes, of each class by itself, or one that counts what is known well less; of a detector what its parts weigh",
			Cost:      "none",
			Couplings: []string{"yolo is of task detect, which has it at these weights where nothing is written; the others are of classify", "training alone: probabilities of a model are the softmax of its logits, and log loss is theirs, whatever it was trained by", "bce is the mean over classes, so its gradients fall with their number and want a higher rate or adam's kin"},
			Paper:     "bce: Wightman, Touvron, Jégou, arXiv:2110.00476, §3.1; focal: Lin, Goyal, Girshick, He, Dollár, ICCV 2017, arXiv:1708.02002, over softmax in place of their sigmoid; yolo: Redmon, Farhadi, CVPR 2017, arXiv:1612.08242, as the region layer of darknet at f6afaab",
			Caveats:   "bce and focal are less sure of themselves under softmax, so log loss is no fair judge beside softmax; accuracy is",
		}},
		{"label-smoothing", Optimization, "label-smoothing", optimization.LabelSmoothing{Amount: 0.1}, Card{
			Summary:   "spreads a share of each label evenly over all classes",
			Cost:      "none",
			Couplings: []string{"training alone: the log loss of validation and test is by the labels as they are", "every output's loss is smoothed, those of training alone too"},
			Paper:     "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, CVPR 2016, arXiv:1512.00567, §7",
			Caveats:   "makes a network less sure of itself, so its log loss may rise where its accuracy does",
		}},
		{"penalty", Optimization, "penalty", optimization.Penalty(optimizationDefaults.Penalty), Card{
			Summary:   "asks for orthogonal weights, weights of bounded norm, answers that are not too sure, or few scales of norms that are large",
			Cost:      "orthogonal two products of a weight's matrix with itself a step, whatever the batch: 2·m²·n multiply-adds for m by n, m the shorter side; max-norm two passes over the weights; confidence and gamma-l1 next to nothing",
			Couplings: []string{"orthogonal and gamma-l1 join the gradient behind clip and l1", "confidence is part of the loss that is shown; the others are not", "max-norm bounds each output channel's weights after the solver's step; one penalty at a time"},
			Paper:     "orthogonal: Bansal, Chen, Wang, NeurIPS 2018, arXiv:1810.09102; max-norm: Srivastava et al., JMLR 15, 2014, §5.1; confidence: Pereyra, Tucker, Chorowski, Kaiser, Hinton, arXiv:1701.06548; gamma-l1: Liu et al., ICCV 2017, arXiv:1708.06519",
			Caveats:   "max-norm means little in front of batch norm, which takes the scale of weights out. gamma-l1 is of use once channels are pruned, which is not done here. The authors of orthogonal lower its strength over the training, from 0.1 to 0",
		}},
		{"clip", Optimization, "clip", optimization.Clip(optimizationDefaults.Clip), Card{
			Summary:   "bounds gradients before the solver sees them",
			Cost:      "one more pass over the gradients, by norm two",
			Couplings: []string{"acts before l2 and l1 join the gradient", "adaptive leaves classifiers alone"},
			Paper:     "norm: Pascanu, Mikolov, Bengio, ICML 2013, arXiv:1211.5063; adaptive: Brock, De, Smith, Simonyan, ICML 2021, arXiv:2102.06171",
			Caveats:   "adam and its kin divide gradients by their size, so a bound on all alike changes little there",
		}},
		{"dropout", Optimization, "overlay", optimization.NewDropout(), Card{
			Summary: "zeroes values, channels, squares of maps, residual branches or weights at random in training, or multiplies values by noise",
			Cost:    "no parameters; unit one random number a value, channel and depth next to nothing, block one a place and a mask that is kept for the backward pass, gaussian a logarithm and a cosine a value, drop-connect one a weight. depth computes the branches that it drops",
			Couplings: []string{
				"depth needs residual branches: a network that has them, or residual in front",
				"with ramp, depth gives the i-th of n branches i/n of the rate, block its rate times the share of the steps that are done",
				"drop-connect draws its weights once for a batch, where the paper draws them for each image, and evaluates by the weights as they are",
				"one dropout lies at a place: another kind there takes its place, and a rate of 0 removes it",
			},
			Paper: "unit: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, JMLR 15, 2014, gaussian §10 there; channel: Tompson et al., arXiv:1411.4280; block: Ghiasi, Lin, Le, NIPS 2018, arXiv:1810.12890; " +
				"depth: Huang et al., ECCV 2016, arXiv:1603.09382; drop-connect: Wan, Zeiler, Zhang, LeCun, Fergus, ICML 2013",
			Evidence: ".5 .471, .3 .497, .2 .494, .1 .473; behind the convolutions .426; with batch norm .5 .499, .2 .527, 0 .513",
			Caveats:  "short trainings of small networks are rarely helped by it. .5 is a rate for unit in a head; usual ones are .1 for block and channel, .2 for depth",
		}},
		{"solver", Optimization, "solver", optimization.Solver(optimizationDefaults.Solver), Card{
			Summary: "the rule that turns gradients into steps",
			Cost: "sgd, adagrad, lars, lion and muon's matrices remember one value a parameter, the others two, rmsprop without momentum one; one pass over memory, lars and lamb two. " +
				"A parameter took 1.2 ns with sgd, 1.4 to 1.7 with lion, lars and rmsprop, 2.3 to 2.5 with adadelta and adam and its kin, of which 0.2 to 0.9 are the processor's and the rest memory's (one thread of a Xeon with AVX-512 that copies at 9 GB/s). " +
				"muon adds 5·m²·(2·n + m) multiply-adds a step for a matrix of m by n, m the shorter side, whatever the batch: at 128 images 1 % of resnet20's, 8 % of resnet18's; sam takes the gradient twice, which doubles the multiply-adds of a step. Measured on resnet20 at 32 images: a step with muon takes 1.13 times as long as with sgd, with sam 1.97 times",
			Couplings: []string{
				"the rate is not set with it: usual ones are 0.1 to 0.01 for sgd and sam, 1e-3 for adam and its kin, 1e-4 for lion, 0.02 for muon, 0.005 for lamb, 1 to 10 for lars, 1 for adadelta, 0.01 for adagrad, 1e-3 for rmsprop",
				"adamw is adam with a decay of 0.01 where none is given; l2 goes through the gradient, in all of them",
				"lars and lamb neither decay nor scale biases and norms; the ratio is 1 where a norm is 0",
				"muon takes a kernel for the matrix [out, in·kh·kw]; first convolutions, classifiers, depthwise ones, norms and biases go by rest",
				"sam's second gradient has the masks of the first and moves no running statistics",
			},
			Paper: "sgd: Sutskever, Martens, Dahl, Hinton, ICML 2013; adam: Kingma, Ba, ICLR 2015, arXiv:1412.6980; adamw: Loshchilov, Hutter, arXiv:1711.05101; rmsprop: Tieleman, Hinton, 2012; adagrad: Duchi, Hazan, Singer, JMLR 12, 2011; " +
				"adadelta: Zeiler, arXiv:1212.5701; nadam: Dozat, 2016; radam: Liu et al., arXiv:1908.03265; lars: You et al., arXiv:1708.03888; lamb: You et al., arXiv:1904.00962; lion: Chen et al., arXiv:2302.06675; " +
				"muon: Jordan et al., kellerjordan.github.io/posts/muon, 2024; sam: Foret et al., arXiv:2010.01412, adaptive arXiv:2102.11600",
			Evidence: "sgd .471, nesterov .473; rmsprop .327 to .486; sgd with a linear rate .493",
			Caveats:  "a solver is compared fairly at its own best rate alone. PyTorch divides by other ε: adadelta 1e-6, adagrad 1e-10; Muon's authors have momentum 0.95 with nesterov, and bfloat16 where this is float32",
		}},
		{"lr", Optimization, "lr", optimization.LR(optimizationDefaults.LR), Card{
			Summary: "the learning rate, and how it falls over the run",
			Cost:    "none",
			Couplings: []string{"layers names layers with what lies over them: a factor acts on their weights, biases, scales and shifts, of each the last one that names its layer; a weight that layers share goes by the first of them",
				"depth counts stages, which share the first part of a path, from the head, whose factor is 1; layers takes its place where it names a layer", "scale: batch makes base the rate for 256 images",
				"plateau holds a twentieth of the training images, at most 1,000, out of the steps, and drops the rate when more than every epochs in a row have not made their loss 1e-4 of itself smaller, as PyTorch's ReduceLROnPlateau; validation images have no part in it",
				"assay train --find-lr tries rates from 1e-6 to 10 and suggests one for base"},
			Paper:    "step: Krizhevsky et al. 2012; linear, sqrt, square: arXiv:1606.02228, §3.4; exp, inv, poly, sigmoid: Caffe; cosine, restarts: Loshchilov, Hutter, arXiv:1608.03983; triangular: Smith, arXiv:1506.01186; onecycle: Smith, Topin, arXiv:1708.07120; trapezoid: Zhai et al., arXiv:2106.04560; warm-up, scale: Goyal et al., arXiv:1706.02677; depth: Howard, Ruder, arXiv:1801.06146, §3.2",
			Evidence: "step .471, square root .483, square .483, linear .493",
			Caveats:  "the best rate differs between variants; compare at each one's own where that matters. layers does not change how weights are drawn",
		}},
		{"batch", Optimization, "batch", optimization.Batch(optimizationDefaults.Batch), Card{
			Summary: "how many images a step sees, and in how many parts they go through the network",
			Cost:    "memory in proportion, with accumulate to the images of a part, and one gradient a parameter more; fewer steps an epoch. A process that trains resnet20 on fashion-mini, 128 images a step, takes 196 MB, in 4 parts 76",
			Couplings: []string{
				"accumulate divides size; gradients are those of the large batch but for rounding, and so are order, mixing and what is drawn at random",
				"batch norms see size/accumulate images at a time, as with ghost, and move their running statistics once a part; sam climbs by each part's own gradient",
			},
			Paper:    "arXiv:1606.02228, §3.6; Goyal et al., arXiv:1706.02677",
			Evidence: "1024 .419, 512 .455, 256 .471, 128 .472, 64 .471, 32 .463; with the rate in proportion 1024 .465, 64 .475",
			Caveats:  "the learning rate is not scaled with it",
		}},
		{"init", Optimization, "init", optimization.Init(optimizationDefaults.Init), Card{
			Summary: "how the first weights are drawn",
			Cost:    "lsuv runs a batch once for each layer; whiten reads up to 5,000 images once, and saves the gradient of the first convolution in every step",
			Couplings: []string{
				"the gain is never inferred from the activation",
				"zero-gamma is of residual branches that end in a norm, all else as he",
				"dirac has the first outputs of each convolution, as many as its inputs, pass these on as they are, all else as he",
				"whiten takes the patches from the first training images as the network will see them, and freezes the first convolution's weights; its bias and norm are trained, and all else is as rest says",
			},
			Paper: "he, msra-fan-out: He et al., arXiv:1502.01852, eq. 10 and 14; xavier: Glorot, Bengio, AISTATS 2010; lsuv: Mishkin, Matas, ICLR 2016, arXiv:1511.06422; orthogonal: Saxe et al., arXiv:1312.6120; " +
				"zero-gamma: Goyal et al., arXiv:1706.02677, §5.1; gaussian: Krizhevsky et al. 2012, §5; dirac: Zagoruyko, Komodakis, arXiv:1706.00388, over the first outputs alone as in arXiv:2404.00498, §3.3; whiten: Jordan, arXiv:2404.00498, §3.2",
			Evidence: "the published study starts every network by lsuv",
			Caveats:  "with batch norm the choice matters less. whiten is made for small windows, 2x2 there, and twice as many outputs as a patch has values; what outputs are more stay as drawn and are frozen too",
		}},
		{"average", Optimization, "average", average(optimizationDefaults.Average), Card{
			Summary: "judges a training by a mean of its weights along the way, or sets it back to slow weights every few steps",
			Cost:    "one more copy of the weights; ema a pass over them a step, on 8 images about 0.5 % of resnet20's and 2 % of resnet18's, on more in proportion less; swa one an epoch, and a pass over the training images at the end where there are batch norms; lookahead two passes every few steps",
			Couplings: []string{
				"ema, and swa without a rate of its own, leave the training as it is: an arm of one shares its trainings with the arm without, and stands beside it in the same results",
				"ema averages running statistics too; swa has those of its mean measured on training images at the end",
				"lookahead and swa with lr are trainings of their own; lookahead moves no running statistics, leaves what the solver remembers, and ends in the slow weights; with a power it goes nearly all of the way to the fast weights early on",
				"the points of a curve are of the weights that are trained, the result and the model that is kept are of the mean",
			},
			Paper:   "ema: Polyak, Juditsky, SIAM J. Control Optim. 30, 1992; swa: Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, UAI 2018, arXiv:1803.05407; lookahead: Zhang, Lucas, Hinton, Ba, NeurIPS 2019, arXiv:1907.08610; power: Jordan, arXiv:2404.00498, §3.4",
			Caveats: "a rate that falls to nothing leaves an average little to do: means pay most where the rate stays high. swa needs several epochs behind from; ema without warm keeps the first weights for long",
		}},

		{"epochs", Learning, "epochs", learning.Epochs(learningDefaults.Epochs), Card{
			Summary:  "how long training lasts",
			Cost:     "time in proportion",
			Paper:    "arXiv:1606.02228, §3.4",
			Evidence: "linear over 320K steps .493, over 160K .466",
		}},
		{"augment", Learning, "augment, input", learning.Augment{}, Card{
			Summary: "changes training images at random: moves, colours and covers them",
			Cost:    "none at test time; longer trainings pay more",
			Couplings: []string{
				"crop with a size sets the size of the network's input",
				"whatever the order of the list, a picture is moved once by all that move it, by bilinear interpolation where it is not only cut, mirrored or moved by whole pixels; then its colours are changed, then it is covered",
				"what policies (randaugment, trivial, auto) draw takes part in that: moves are composed into one, and colours are changed after them",
				"each operation draws numbers of its own by its place in the list",
				"mixup and cutmix mix the pictures of a batch once they are numbers; all losses and label smoothing go by the shares",
			},
			Paper:    "Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1; padded cuts: He et al., arXiv:1512.03385, §4.2",
			Evidence: "flip and crop .471, with scales .462, with rotation .448",
			Caveats:  "few epochs favour less augmentation",
		}},
		{"sizes", Learning, "sizes, epochs, input", learning.Sizes(learningDefaults.Sizes), Card{
			Summary: "trains in stages, each at its own size of images, rate and batch, such as on small images first",
			Cost:    "multiply-adds in proportion to the pixels: a stage at half the side takes a quarter a step. Values of each size are cached, and a program is compiled for each",
			Couplings: []string{
				"the last stage is the window: the network is built for its size and measured at it, along the way too",
				"stages that say epochs are the length of the training; shares are of what epochs says, in whole passes",
				"lr's policy runs over the whole training, and a stage's factor comes on top; under yolo9000 the rate falls by the fourth power in each stage, whatever the policy",
				"restat takes running statistics anew, an equal mean over the first 50 batches at most, where the size changes; with false they go on from those of the other size",
				"the pad of a crop stays the same in pixels",
			},
			Paper:    "yolo9000: Redmon, Farhadi, CVPR 2017, arXiv:1612.08242, §2; restat: Touvron, Vedaldi, Douze, Jégou, NeurIPS 2019, arXiv:1906.06423; small images first: Howard, fast.ai at DAWNBench, 2018; Tan, Le, arXiv:2104.00298, §4",
			Evidence: "not in the published study; Darknet-19 on ImageNet: 160 epochs at 224 pixels .729, 10 more at 448 .765, at more multiply-adds than either alone",
			Caveats:  "compare at equal epochs and at equal multiply-adds (assay study plan prints both). A head that reads positions fits one size: put \"head: {kind: conv-avg, pool: keep}\" in front. A size above the pictures' own shows nothing that is not in them",
		}},
		{"multiscale", Learning, "multiscale", learning.Multiscale(learningDefaults.Multiscale), Card{
			Summary: "draws the size of the training images anew every few steps",
			Cost:    "multiply-adds in proportion to the pixels, on average over the sizes; values of each size are cached, and a program is compiled for each",
			Couplings: []string{
				"measured at the window, whatever the sizes; it need not be one of them",
				"step is by default the network's stride: how many pixels its coarsest map has for each position",
				"the pad of a crop stays the same in pixels",
			},
			Paper:    "Redmon, Farhadi, CVPR 2017, arXiv:1612.08242, §2: 320 to 608 pixels by 32, every 10 batches",
			Evidence: "not in the published study, whose scales of the crop (.462 for .471) are another thing; YOLOv2 on VOC 2007: 76.8 mAP for 75.4",
			Caveats:  "running statistics are of all sizes; a head that reads positions fits one size: put \"head: {kind: conv-avg, pool: keep}\" in front",
		}},
		{"colors", Learning, "colors, input", learning.Colors(learningDefaults.Colors), Card{
			Summary: "tells the network colours in another space, or brightness alone",
			Cost:    "none in the network, but grey, which has a third of the first layer; on loading, one more pass over what is seen of a picture",
			Couplings: []string{
				"the last thing done to a picture before it is normalised: what augment changes are colours",
				"mean and deviation are those of the space; it travels with the model, so that predictions see the same",
				"equalize and clahe act on brightness by YCrCb, and on what is seen of a picture alone",
				"architecture's colorspace learns one instead",
			},
			Paper:    "Mishkin, Sergievskiy, Matas, arXiv:1606.02228; clahe: Zuiderveld, Graphics Gems IV, 1994",
			Evidence: "RGB .471, clahe .467, YCrCb .458, HSV .451, equalize .448, grey .413; Lab did not converge",
			Caveats:  "pretrained weights have seen RGB: under another space they start from less than they know, and pictures are normalised by the set's own mean. Numbers are OpenCV's of 8 bits, so hue is in steps of 2° and jumps at red; bytes lose what log spreads",
		}},
		{"views", Learning, "views", learning.Views(learningDefaults.Views), Card{
			Summary: "averages what a network finds in several views of each picture, in evaluation and prediction",
			Cost:    "none in training; evaluation and prediction take 2, 5 or 10 times as long, dense 1.27 times. In assay train evaluations along the way look so, too; in a study they look at the centre",
			Couplings: []string{
				"probabilities are averaged",
				"it leaves the training as it is: an arm of it shares its trainings with the arm without, and stands beside it in the same results, with a mean of average too",
				"it travels with the model; --views of assay eval and assay predict takes its place",
				"corners are those of the picture as it is kept, 1.125 times the window: where a set is seen whole, and under a crop with pad, five is the centre five times",
				"dense takes a square as large as pictures are kept, and what a longer side has beyond it is not seen",
			},
			Paper:    "Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1; dense: Sermanet et al., ICLR 2014, arXiv:1312.6229, §3.3",
			Evidence: "not in the published study, which looks at the centre; AlexNet on ILSVRC-2010: top-1 error .375 by ten views, .390 by the centre",
			Caveats:  "a network that mirrors in training gains less by flip; what is drawn by sides, such as text, loses. A head that reads positions has no dense view: put \"head: {kind: conv-avg, pool: keep}\" in front",
		}},
		{"subset", Learning, "subset", learning.Subset(learningDefaults.Subset), Card{
			Summary:  "trains on a part of the training images, balanced by class",
			Cost:     "time in proportion",
			Paper:    "arXiv:1606.02228, §3.9",
			Evidence: "1.2M .471, 800K .438, 600K .425, 400K .393, 200K .305",
			Caveats:  "an epoch is shorter: fewer steps at equal epochs",
		}},
		{"labels", Learning, "labels, input", learning.Labels(learningDefaults.Labels), Card{
			Summary: "makes labels of training images wrong on purpose, or cleans them of those that are likely wrong",
			Cost:    "clean: as many trainings as there are folds, each but the last on the images of all folds but one; they count as the arm's",
			Couplings: []string{
				"training images alone: validation and test keep their labels, and no image of theirs is seen by the networks of folds",
				"noise comes first, so that clean finds what it has made; then subset, then the folds, which are cut of what is trained on in this repeat, and keep near-duplicates together",
				"balance weighs by the labels that are left",
				"of these parent alone is of a detector: where its classes are of one softmax, a parent is a class beside them; with tree it is theirs",
			},
			Paper:    "noise: arXiv:1606.02228; clean: Northcutt, Jiang, Chuang, JAIR 70, 2021, arXiv:1911.00068, §3; the rules under cleanlab's names",
			Evidence: "of 1.2M images 5 % wrong .458, 10 % .447, 15 % .437, 50 % .347 (none .471; 800K clean .438)",
			Caveats:  "what a poor network finds is mostly hard and not wrong: look at it (assay data clean) before dropping it; drop shortens an epoch by what it leaves out",
		}},
		{"balance", Learning, "balance", learning.Balance{By: experiment.BalanceLoss, Power: 1}, Card{
			Summary: "makes up for classes that have fewer images than others, in the loss or by seeing their images more often",
			Cost:    "none: an epoch has as many images as without",
			Couplings: []string{
				"weights are scaled so that their mean over the training images is 1; by loss, the rate means what it meant",
				"counts are those of the images that are trained on, by the labels that they have there",
			},
			Paper:    "inverse share: King, Zeng, Political Analysis 9, 2001; its root: Mahajan et al., ECCV 2018, arXiv:1805.00932, §2.3; sampling beside loss: Buda, Maki, Mazurowski, Neural Networks 106, 2018, arXiv:1710.05381",
			Evidence: "not in the published study, whose classes are balanced",
			Caveats:  "moves accuracy from common classes to rare ones: balanced accuracy and macro F1 tell, plain accuracy may fall; by sampling, few images are learned by heart",
		}},
		{"pretrain", Learning, "pretrain, parameters, lr.depth", pretrained(learningDefaults.Pretrain), Card{
			Summary: "begins from the weights of a file, such as those that have seen ImageNet, or of an arm of another study, in place of drawn ones",
			Cost:    "none; what is frozen needs no gradient and no update, and a frozen front is computed once for each picture that it is shown: 20 epochs of efficientnet_lite0's classifier on 200 photos at 128 pixels take 17.6 s of processor time, and with cache: 2, of two draws a photo, 3.4 s (one thread of a Xeon with AVX-512)",
			Couplings: []string{
				"pictures are normalised, resized and cut as the weights are used to, whatever the training's own images have, and the model keeps that; resize: own leaves their size to the set",
				"from an arm of a study, each repeat starts from the weights of that repeat (from those of the only one), which must not have been trained on an image that judges it: with the same data, val, seed and repeats they were not",
				"what is frozen is in training what it is in evaluation: it normalises by its kept running statistics, and has no decay, no dropout and nothing else that is random; norm: train normalises by each batch, trains the norms and keeps the dropout, as fastai does",
				"what is thawed is new to the solver: it remembers nothing of it, and counts its steps from there",
				"what a frozen front makes of pictures is kept where they do not vary: without augmentation, or with cache: k, by which each picture has k draws in turn until the thaw; the bits are those of computing it again. It is not kept where it would take more than a quarter of the free memory, nor where what lies behind it reads more of it than one value",
				"preset: fine-tune sets lr's depth to 0.8, unless lr says another",
				"what finds no place, such as the classifier of other classes, is drawn by init",
				"a grey set takes the weights of the first convolution by their sum over the colours",
			},
			Paper:    "Yosinski, Clune, Bengio, Lipson, NIPS 2014, arXiv:1411.1792; Kornblith, Shlens, Le, CVPR 2019, arXiv:1805.08974",
			Evidence: "not in the published study, whose networks all begin from drawn weights",
			Caveats:  "fine-tuning wants a lower rate than training from nothing: a tenth of it, or less. Which images weights of others have seen, nobody checks; a model of Assay's knows, and is refused where it has seen what judges",
		}},
		{"mixed", Learning, "mixed, tree, input", learning.Mixed(learningDefaults.Mixed), Card{
			Summary: "trains a detector on pictures of one class each beside those with boxes",
			Cost:    "multiply-adds of a training in proportion to 1 + ratio at as many epochs, which are passes over the pictures with boxes; match: training multiply-adds makes them equal",
			Couplings: []string{
				"batches hold both, in a ratio that hardly varies; an epoch is a pass over the pictures with boxes, and the others go on from one epoch to the next",
				"on a picture of one class the box with the most probable object of the class learns it; its objectness is drawn up to 0.3 where it is below, and no other box learns anything, unless background draws them to no object",
				"classes of both sets are of one softmax, or of a tree; those of equal names are one class",
				"what validates or tests either set is not trained on, by its content: a picture of the other set's that does so here is left out, and one here that does so there",
				"the others are resized to cover the window, whatever fit says, and augmented by what augment says but mosaic; mixup and cutmix are refused",
			},
			Paper:    "Redmon, Farhadi, CVPR 2017, arXiv:1612.08242, §4, joint training",
			Evidence: "not in the published study; YOLO9000, at 4 ImageNet pictures for each of COCO: 19.7 mAP on ImageNet's detection task, of 44 of whose 200 classes it had seen boxes",
			Caveats:  "a box finds its class by what it finds already: begin from weights that find objects, or give it epochs. Pictures whose object is small, or not alone, teach what is not so",
		}},
		{"tree", Learning, "tree, input", learning.Tree{}, Card{
			Summary: "has a detector tell classes apart by a tree, each among its siblings, so that a box may be labelled, and found, as an animal and no more",
			Cost:    "an output more for each inner class; the rest is the same",
			Couplings: []string{
				"the network has a logit a node; a label at an inner node teaches that node and those above, and says nothing of those below",
				"the probability of a node is the product along the way; that of an object is the root's",
				"average precision asks for leaves alone: to find what is labelled at an inner node as something below it is neither right nor wrong",
				"a prediction goes down while the score of the most probable child is at least --sure (0.5)",
				"the tree travels with the model, as a key of its region layer",
			},
			Paper:    "Redmon, Farhadi, CVPR 2017, arXiv:1612.08242, §4, WordTree; deltas as in the public darknet at f6afaab",
			Evidence: "not in the published study; Darknet-19 on ImageNet: .729, with the tree of its classes and 369 nodes more .719",
			Caveats:  "every set of siblings is told apart whether or not its parent is likely; a parent with one child tells that child nothing",
		}},
	}
}

// pretrained is the settings of pretraining as the approach has them: pictures are framed as the weights are used to.
func pretrained(p experiment.Pretrain) learning.Pretrain {
	p.Resize = experiment.Resize{Kind: experiment.ResizeNet}
	return learning.Pretrain(p)
}

// average is the settings of an average as an approach has them: ema, where no kind is given.
func average(a experiment.Average) optimization.Average {
	a.Kind = "ema"
	return optimization.Average(a)
}
