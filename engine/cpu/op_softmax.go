package cpu

import "github.com/assaylab/assay/engine/cpu/internal/kernel"

func bindSoftmax(b *planner, u unit) error {
	b.sweep(u, "softmax", func(_ *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Softmax(blk, y, in[0])
	}, b.val(u.out), b.val(u.In[0]))
	return nil
}

func bindSoftmaxGrad(b *planner, u unit) error {
	y, dy := b.val(u.In[0]), b.val(u.In[1])
	b.sweep(u, "softmax grad", func(_ *worker, blk kernel.Block, dx kernel.Map, in []kernel.Map) {
		b.k.SoftmaxGrad(blk, dx, in[0], in[1])
	}, b.val(u.out), y, dy).inPlace = []*value{dy, y}
	return nil
}
