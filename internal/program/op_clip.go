package program

// What is done to gradients before a solver sees them, and to parameters after its step.

// Lasso adds the gradient of l1·Σ|p|: g, p of one shape, l1 a scalar → g + l1·sign(p).
type Lasso struct{}

// Clamp bounds every element: g, most a scalar → g within [-most, most].
type Clamp struct{}

// ClipChannels bounds the gradient of each output channel, the last axis, by the norm of its weights; that of a vector as a whole: g, p of
// one shape, share a scalar → g·min(1, share·max(‖p‖, 1e-3) / max(‖g‖, 1e-6)): Brock, De, Smith, Simonyan, ICML 2021,
// arXiv:2102.06171, eq. 3.
type ClipChannels struct{}

// MaxNorm bounds the norm of each output channel, the last axis: p, limit a scalar; p = p·min(1, limit/‖p‖); changes p, which is Held.
// Srivastava et al., JMLR 15, 2014, §5.1.
type MaxNorm struct{}

func (Lasso) Kind() string        { return "lasso" }
func (Clamp) Kind() string        { return "clamp" }
func (ClipChannels) Kind() string { return "clip-channels" }
func (MaxNorm) Kind() string      { return "max-norm" }

func (o Lasso) Infer(in []*Value) ([]Type, error) { return clips(o, in, "l1") }

func (o Clamp) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"g", anyRank}, want{"most", 0}); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o ClipChannels) Infer(in []*Value) ([]Type, error) { return clips(o, in, "share") }

func (o MaxNorm) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"p", anyRank}, want{"limit", 0}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	return nil, held(o, in)
}

// Writes gives p.
func (MaxNorm) Writes() []int { return []int{0} }

func clips(o Op, in []*Value, scalar string) ([]Type, error) {
	if err := fit(o, in, want{"g", anyRank}, want{"p", anyRank}, want{scalar, 0}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "g and p"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}
