package augment

import "github.com/assaylab/assay/tensor"

// Crop moves the window to a random place, every one equally likely. With Pad the picture is thought to have so many pixels
// of the mean colour on every side: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
// arXiv:1512.03385, §4.2 (pad 4 on CIFAR-10). Without, the window stays inside the picture: Krizhevsky, Sutskever, Hinton,
// "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, §4.1. Where picture and window have one
// size, Crop without Pad changes nothing.
type Crop struct {
	Pad int // pixels on every side, default 0
}

// Apply draws two numbers.
func (c Crop) Apply(win *Window, h, w int, r *tensor.Rand) {
	win.Y = place(h, win.H, c.Pad, r)
	win.X = place(w, win.W, c.Pad, r)
}

// place draws the start of a window of the given length over [-pad, length+pad); a window that is longer is centred.
func place(length, window, pad int, r *tensor.Rand) int {
	free := length + 2*pad - window
	if free < 0 {
		r.Uint32()
		return floorHalf(length - window)
	}
	return r.IntN(free+1) - pad
}
