package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// YOLOv2: Redmon, Farhadi, "YOLO9000: Better, Faster, Stronger", arXiv:1612.08242, §2, as the public darknet has it at f6afaab in
// cfg/yolov2-voc.cfg and cfg/yolov2-tiny-voc.cfg: 20 classes, anchors of VOC, and a passthrough narrowed by a 1x1 convolution, which
// the paper does not have. Batch norm and leaky ReLU, α .1, after every convolution but the last.
var yolos = []Net{
	{"yolov2", "yolo", "Redmon, Farhadi 2016, arXiv:1612.08242", 20, yolov2, Published{50_655_389, 14.6855}},
	{"yolov2-tiny", "yolo", "Redmon, Farhadi 2016, arXiv:1612.08242", 20, yolov2tiny, Published{15_861_773, 3.4855}},
}

func yolov2(b *nn.Builder) {
	stages := [][]int{ // darknet19's: 3x3 and 1x1 by turns, 416x416 … 13x13
		{32}, {64}, {128, 64, 128}, {256, 128, 256}, {512, 256, 512, 256, 512}, {1024, 512, 1024, 512, 1024},
	}
	x := b.Image(416, 416, 3)
	var fine *nn.Node // 26x26x512
	for i, stage := range stages {
		if i > 0 {
			fine, x = x, b.MaxPool(x, 2, 2)
		}
		x = module.InRow(stageOf(stage)...)(b, x)
	}
	x = module.InRow(module.Convolved(leaky(), 1024, 3), module.Convolved(leaky(), 1024, 3))(b, x)
	fine = b.Layer(nn.Reorg{}, module.Convolved(leaky(), 64, 1)(b, fine)) // 13x13x256
	x = module.Convolved(leaky(), 1024, 3)(b, b.Concat(fine, x))
	region(b, x, "1.3221x1.73145 3.19275x4.00944 5.05587x8.09892 9.47112x4.84053 11.2364x10.0071")
}

func yolov2tiny(b *nn.Builder) {
	x := b.Image(416, 416, 3)
	for _, out := range []int{16, 32, 64, 128, 256} { // 416x416 … 26x26
		x = b.MaxPool(module.Convolved(leaky(), out, 3)(b, x), 2, 2)
	}
	x = module.Convolved(leaky(), 512, 3)(b, x)
	x = b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(2), Stride: nn.Square(1), Padding: nn.Padding{0, 1, 0, 1}}, x) // stays 13x13
	x = module.InRow(module.Convolved(leaky(), 1024, 3), module.Convolved(leaky(), 1024, 3))(b, x)
	region(b, x, "1.08x1.19 3.42x4.41 6.63x11.38 9.42x5.11 16.62x10.52")
}

// stageOf is convolutions of those widths, 3x3 and 1x1 by turns.
func stageOf(widths []int) (parts []module.Part) {
	for i, out := range widths {
		parts = append(parts, module.Convolved(leaky(), out, 3-2*(i%2)))
	}
	return parts
}

// region ends a detector: a linear 1x1 convolution and the anchors that say how to read it.
func region(b *nn.Builder, x *nn.Node, anchors nn.Anchors) {
	b.Logits(b.Layer(nn.Region{Anchors: anchors}, b.Conv(x, nn.PerBox(anchors.Len()), 1, 1)))
}
