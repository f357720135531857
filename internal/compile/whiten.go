package compile

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/nn"
)

// Whitening sets the first convolution to the directions in which patches of the training's images vary, so that what it gives is white:
// Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv:2404.00498, §3.2. The weights are the eigenvectors of the patches'
// second moments, largest first, each over √(eigenvalue + 5e-4), and behind them the same with the other sign; of fewer outputs
// than that the first half of them are as many, of more the rest stays as it was drawn. They are not trained.
type Whitening struct {
	f       *Family
	conv    nn.Conv
	weight  nn.Param
	moments []float64 // sums of the patches' products, the upper half
	patch   []float64
	patches int
}

// whitenImages is how many images patches are taken of, as published; whitenWork how many products they may cost.
const (
	whitenImages = 5000
	whitenWork   = 4e9
	whitenEps    = 5e-4
)

// Whitening begins one. The network needs a convolution without groups that reads the images as they are.
func (f *Family) Whitening() (*Whitening, error) {
	n := f.firstConv()
	if n == nil {
		return nil, fmt.Errorf("init: whiten sets the first convolution, and %s has none; choose another rule", f.Graph.Name)
	}
	conv := n.Layer.(nn.Conv)
	_, reads := n.In[0].Layer.(nn.Input)
	i := slices.IndexFunc(f.params, func(p nn.Param) bool { return p.Role == nn.RoleWeight && p.Layer == n.Name })
	over := f.Graph.Overlay()
	bare := i >= 0 && over.Get(nn.In(n, 0), nn.SlotNorm) == nil && over.Get(nn.Out(n.In[0]), nn.SlotNorm) == nil && over.Get(nn.Out(n), nn.SlotWeight) == nil
	if !reads || !bare || conv.Groups > 1 {
		return nil, fmt.Errorf("init: whiten sets a first convolution that reads the images as they are, without groups or norms of its weights, and %s of %s is another; choose another rule", n.Name, f.Graph.Name)
	}
	p := f.params[i]
	return &Whitening{f: f, conv: conv, weight: p, moments: make([]float64, p.FanIn*p.FanIn), patch: make([]float64, p.FanIn)}, nil
}

// Among reports whether the weights are among the parameters named.
func (w *Whitening) Among(names []string) bool { return slices.Contains(names, w.weight.Name) }

// Enough reports whether so many images are.
func (w *Whitening) Enough(images int) bool {
	return images >= whitenImages || float64(w.patches)*float64(len(w.moments)) >= whitenWork
}

// Add takes the patches of images [n,h,w,c], at every place where the window lies wholly on the image.
func (w *Whitening) Add(x []float32, size nn.Size) {
	d := len(w.patch)
	kh, kw, row := w.conv.Kernel[0], w.conv.Kernel[1], size.W*size.C
	for ; len(x) >= size.Elems(); x = x[size.Elems():] {
		for top := range size.H - kh + 1 {
			for left := range size.W - kw + 1 {
				for i := range kh {
					from := x[(top+i)*row+left*size.C:][:kw*size.C]
					for j, v := range from {
						w.patch[i*kw*size.C+j] = float64(v)
					}
				}
				for i, a := range w.patch {
					to := w.moments[i*d+i : i*d+d]
					for j, b := range w.patch[i:] {
						to[j] += float64(a * b)
					}
				}
				w.patches++
			}
		}
	}
}

// Set writes the weights.
func (w *Whitening) Set() error {
	d := len(w.patch)
	if w.patches == 0 {
		return fmt.Errorf("init: whiten: a window of %dx%d finds no place on the images; choose another rule", w.conv.Kernel[0], w.conv.Kernel[1])
	}
	for i := range d {
		for j := i; j < d; j++ {
			v := w.moments[i*d+j] / float64(w.patches)
			w.moments[i*d+j], w.moments[j*d+i] = v, v
		}
	}
	values, vectors := eigen(w.moments, d)
	out := w.weight.Shape[3]
	pairs := min(d, out/2)
	return w.f.State.Write(w.weight.Name, func(data []float32) {
		for k := range pairs {
			by := 1 / math.Sqrt(values[k]+whitenEps)
			for i, v := range vectors[k] {
				data[i*out+k], data[i*out+pairs+k] = float32(v*by), float32(-v*by)
			}
		}
	})
}

// eigen gives eigenvalues, largest first, and unit eigenvectors of a symmetric matrix of n rows, which it destroys, by Jacobi's
// rotations, row after row: Golub, Van Loan, "Matrix Computations", §8.5.3. Of a vector the largest element is positive.
func eigen(a []float64, n int) (values []float64, vectors [][]float64) {
	const sweeps = 30 // a dozen is what large matrices take
	v := make([][]float64, n)
	for i := range v {
		v[i] = make([]float64, n)
		v[i][i] = 1
	}
	for range sweeps {
		off, all := 0.0, 0.0
		for i := range n {
			for j := range n {
				square := float64(a[i*n+j] * a[i*n+j])
				all += square
				if i != j {
					off += square
				}
			}
		}
		if off <= 1e-26*all {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(a, v, n, p, q)
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case a[i*n+i] > a[j*n+j]:
			return -1
		case a[i*n+i] < a[j*n+j]:
			return 1
		}
		return 0
	})
	for _, k := range order {
		largest := 0.0
		for _, x := range v[k] {
			if math.Abs(x) > math.Abs(largest) {
				largest = x
			}
		}
		if largest < 0 {
			for i := range v[k] {
				v[k][i] = -v[k][i]
			}
		}
		values, vectors = append(values, max(a[k*n+k], 0)), append(vectors, v[k])
	}
	return values, vectors
}

// rotate makes a[p,q] zero.
func rotate(a []float64, v [][]float64, n, p, q int) {
	if a[p*n+q] == 0 {
		return
	}
	tau := (a[q*n+q] - a[p*n+p]) / (2 * a[p*n+q])
	t := 1 / (math.Abs(tau) + math.Sqrt(1+float64(tau*tau)))
	if tau < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(1+float64(t*t))
	s := t * c
	turn := func(x, y *float64) {
		*x, *y = float64(c*(*x))-float64(s*(*y)), float64(s*(*x))+float64(c*(*y))
	}
	for i := range n {
		turn(&a[i*n+p], &a[i*n+q])
	}
	for i := range n {
		turn(&a[p*n+i], &a[q*n+i])
		turn(&v[p][i], &v[q][i])
	}
}
