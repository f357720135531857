package compile

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Initialize draws the first values of every parameter and buffer of the family's network, by rule and seed. The numbers of
// a parameter depend on the seed, its name and its shape alone, so that two variants start equal wherever these agree.
//
//	he      normal, standard deviation gain·sqrt(2/fan-in): He et al., ICCV 2015, arXiv:1502.01852, eq. 10
//	xavier  uniform within gain·sqrt(6/(fan-in + fan-out)): Glorot, Bengio, AISTATS 2010, eq. 16
//	lsuv    orthonormal: Saxe et al., arXiv:1312.6120; the trainer then scales layer after layer until the variance of its
//	        output on a batch is 1: Mishkin, Matas, ICLR 2016, arXiv:1511.06422
//
//	msra-fan-out  as he, of the fan-out: arXiv:1502.01852, eq. 14
//	orthogonal    orthonormal columns, or rows where there are fewer of them, times gain: Saxe et al., arXiv:1312.6120
//	gaussian      normal, standard deviation std
//	zero-gamma    as he, and the scales of the last norm of residual branches 0: Goyal et al., arXiv:1706.02677, §5.1
//	dirac         as he, and the first outputs of convolutions, as many as there are inputs in a group, the inputs as they are: Zagoruyko,
//	              Komodakis, arXiv:1706.00388; torch.nn.init.dirac_, over as many outputs as in arXiv:2404.00498, §3.3
//	whiten        as its rest says; the trainer then sets the first convolution ([Whitening])
//
// Biases, shifts and running means are 0, scales and running variances 1, slopes of PReLU, exponents and layer scales what the
// layer says, and the weights of a convolution that begins at 0 are so. The gates of a recurrent layer are drawn each for itself,
// the input weights by the rule (orthonormal under lsuv, which does not scale them), the recurrent ones orthonormal, so that a
// state neither grows nor fades (Saxe et al.); the bias of an LSTM's forget gate is 1. Of an APL of S hinges the slopes are uniform
// within 1/S and the hinges normal, standard deviation ½, as its authors' code draws them (for S = 5). A mixed pooling begins with
// a share of ½, a gated one with a filter of zeros, which gives the same.
func (f *Family) Initialize(rule experiment.Init, seed uint64) error {
	rule = rule.Drawn()
	for _, p := range f.kept() {
		var fault error
		if err := f.State.Write(p.Name, func(data []float32) { fault = f.begin(data, p, rule, seed) }); err != nil {
			return err
		}
		if fault != nil {
			return fault
		}
	}
	if err := f.Measure(nil); err != nil {
		return err
	}
	zeros := f.State.Names()[len(f.kept()):] // what a solver remembers comes behind
	if rule.Kind == "zero-gamma" {
		zeros = slices.Concat(zeros, f.zeroed())
	}
	for _, name := range zeros {
		if err := f.State.Write(name, func(data []float32) { clear(data) }); err != nil {
			return err
		}
	}
	return nil
}

// Measure sets the lengths of weights that have one of their own ([nn.WeightNorm]) to what the weights have, so that these are what the
// layer weighs by; but for the lengths that are named.
func (f *Family) Measure(except []string) error {
	for _, s := range f.steps {
		for _, a := range s.OverOut {
			if a.Layer.Kind() != (nn.WeightNorm{}).Kind() || slices.Contains(except, a.Params[0].Name) {
				continue
			}
			w, err := f.State.Read(s.Params[0].Name)
			if err != nil {
				return err
			}
			if err := f.State.Write(a.Params[0].Name, func(length []float32) {
				squares := make([]float64, len(length))
				for i, v := range w {
					squares[i%len(length)] += float64(float64(v) * float64(v))
				}
				for c, v := range squares {
					length[c] = float32(math.Sqrt(v))
				}
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// zeroed lists the scales that zero-gamma sets to 0: those of the last norm of each residual branch, with no layer behind it but what scales.
func (f *Family) zeroed() (names []string) {
	over := f.Graph.Overlay()
	for _, s := range over.Branches() {
		n := s.Reads()
		for _, at := range []nn.Site{s, nn.Out(n)} {
			names = append(names, f.scalesAt(at)...)
		}
		for scales(n.Layer) && len(n.In) > 0 {
			n = n.In[0]
			names = append(names, f.scalesAt(nn.Out(n))...)
		}
	}
	return names
}

// scales tells a layer that multiplies what it reads first.
func scales(l nn.Layer) bool {
	switch l.(type) {
	case nn.Scale, nn.Gate, nn.LayerScale:
		return true
	}
	return false
}

// scalesAt is the name of the scales of the norm at a site, if there are any.
func (f *Family) scalesAt(s nn.Site) []string {
	for _, p := range f.params {
		if p.Name == s.Name()+"/norm/gamma" {
			return []string{p.Name}
		}
	}
	return nil
}

// begin draws one parameter or buffer.
func (f *Family) begin(data []float32, p nn.Param, rule experiment.Init, seed uint64) error {
	s := tensor.NewStream(seed, "init/"+p.Name)
	switch p.Role {
	case nn.RoleWeight:
		if p.Zero {
			clear(data)
			return nil
		}
		if err := drawWeight(data, p, rule, s); err != nil || rule.Kind != "dirac" {
			return err
		}
		if c, ok := f.Graph.Node(p.Layer).Layer.(nn.Conv); ok {
			dirac(data, p.Shape, max(1, c.Groups))
		}
		return nil
	case nn.RoleInput:
		return drawGates(data, p, rule, seed)
	case nn.RoleRecurrent:
		return drawGates(data, p, experiment.Init{Kind: "lsuv", Gain: 1}, seed)
	case nn.RoleGates:
		clear(data)
		fill(f.Graph.Node(p.Layer).Layer.(nn.Recurrent).Forget(data), 1)
	case nn.RoleGamma:
		fill(data, f.scale(p))
	case nn.RoleVar:
		fill(data, 1)
	case nn.RoleSlope, nn.RoleExponent:
		fill(data, f.begins(p))
	case nn.RoleHingeSlope:
		bound := 1 / float64(p.Shape[0])
		draw(data, s, func(r *tensor.Rand) float64 { return bound * (float64(2*r.Float64()) - 1) })
	case nn.RoleHinge:
		normals(data, 0.5, s)
	case nn.RoleMix:
		fill(data, 0.5)
	default:
		clear(data)
	}
	return nil
}

// begins is the value with which the layer of a parameter begins.
func (f *Family) begins(p nn.Param) float32 {
	switch l := f.Graph.Node(p.Layer).Layer.(type) {
	case nn.Activation:
		return l.Alpha
	case nn.GeM:
		return l.P
	}
	return nn.PReLU.DefaultAlpha()
}

func (f *Family) scale(p nn.Param) float32 {
	if n := f.Graph.Node(p.Layer); n != nil {
		if l, ok := n.Layer.(nn.LayerScale); ok {
			return l.Init
		}
	}
	return 1
}

// initFits reports a rule that finds nothing in the network.
func (f *Family) initFits() error {
	if f.optimization.Init.Kind == "whiten" {
		if _, err := f.Whitening(); err != nil {
			return err
		}
	}
	switch f.optimization.Init.Drawn().Kind {
	case "zero-gamma":
		if len(f.zeroed()) == 0 {
			return fmt.Errorf("init: zero-gamma is of residual branches that end in a norm with scales, and %s has none; choose another rule", f.Graph.Name)
		}
	case "dirac":
		for range nn.Each[nn.Conv](f.Graph) {
			return nil
		}
		return fmt.Errorf("init: dirac is of convolutions, and %s has none; choose another rule", f.Graph.Name)
	}
	return nil
}

func drawWeight(data []float32, p nn.Param, rule experiment.Init, s tensor.Stream) error {
	gain := float64(rule.Gain)
	switch rule.Kind {
	case "he", "zero-gamma", "dirac":
		normals(data, gain*math.Sqrt(2/float64(p.FanIn)), s)
	case "xavier":
		bound := gain * math.Sqrt(6/float64(p.FanIn+p.FanOut))
		draw(data, s, func(r *tensor.Rand) float64 { return bound * (float64(2*r.Float64()) - 1) })
	case "msra-fan-out":
		normals(data, gain*math.Sqrt(2/float64(p.FanOut)), s)
	case "gaussian":
		normals(data, float64(rule.Std), s)
	case "lsuv", "orthogonal":
		orthonormal(data, p.Shape[p.Shape.Rank()-1], gain, s)
	default:
		return fmt.Errorf("init: no rule %q; choose he, xavier, msra-fan-out, lsuv, orthogonal, zero-gamma, gaussian, dirac or whiten", rule.Kind)
	}
	return nil
}

// dirac has the first outputs of each group of a convolution, weights [KH, KW, Cin/groups, Cout], give the inputs of the group as they are: 1
// at the centre, KH/2 and KW/2, of one input, 0 else. Outputs beyond the inputs stay.
func dirac(w []float32, s tensor.Shape, groups int) {
	in, out := s[2], s[3]
	each := out / groups
	for i := range w {
		if i%out%each < in {
			w[i] = 0
		}
	}
	centre := (s[0]/2*s[1] + s[1]/2) * in
	for g := range groups {
		for d := range min(each, in) {
			w[(centre+d)*out+g*each+d] = 1
		}
	}
}

// drawGates draws the weights of a recurrent layer gate by gate.
func drawGates(data []float32, p nn.Param, rule experiment.Init, seed uint64) error {
	cols, units := p.Shape[p.Shape.Rank()-1], p.FanOut
	one := p
	one.Shape = tensor.Of(p.FanIn, units)
	gate := make([]float32, one.Shape.Elems())
	for g := range cols / units {
		if err := drawWeight(gate, one, rule, tensor.NewStream(seed, fmt.Sprintf("init/%s/%d", p.Name, g))); err != nil {
			return err
		}
		for i := range p.FanIn {
			copy(data[i*cols+g*units:][:units], gate[i*units:])
		}
	}
	return nil
}

func normals(dst []float32, std float64, s tensor.Stream) {
	draw(dst, s, func(r *tensor.Rand) float64 { return std * r.Normal() })
}

// draw fills dst in blocks that have an address of their own in the stream, so that threads do not change the numbers.
func draw(dst []float32, s tensor.Stream, next func(*tensor.Rand) float64) {
	const block = 1 << 14
	each((len(dst)+block-1)/block, func(i int) {
		r := s.At(0, uint64(i))
		part := dst[i*block : min((i+1)*block, len(dst))]
		for j := range part {
			part[j] = float32(next(r))
		}
	})
}

// maxOrthonormal bounds the matrices that are made orthonormal: the decomposition of a larger one would take longer than
// many an epoch, and independent normal columns of that length are close to orthogonal anyway. They keep the same scale.
const maxOrthonormal = 1 << 21

// orthonormal fills a weight, read as a matrix of fan-in rows and one column an output, with orthonormal columns (or rows
// where there are more columns), times gain.
func orthonormal(data []float32, cols int, gain float64, s tensor.Stream) {
	rows := len(data) / cols
	long, short := max(rows, cols), min(rows, cols)
	if len(data) > maxOrthonormal {
		normals(data, gain/math.Sqrt(float64(long)), s)
		return
	}
	normals(data, 1, s)
	columns := make([][]float64, short)
	for j := range columns {
		columns[j] = make([]float64, long)
		for i := range columns[j] {
			columns[j][i] = float64(data[i*short+j])
		}
	}
	orthonormalise(columns)
	for i := range rows {
		for j := range cols {
			l, k := i, j
			if rows < cols {
				l, k = j, i
			}
			data[i*cols+j] = float32(gain * columns[k][l])
		}
	}
}

func fill(dst []float32, v float32) {
	for i := range dst {
		dst[i] = v
	}
}
