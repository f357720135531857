package program

// What is done to gradients before a solver sees them.

// Lasso adds the gradient of l1·Σ|p|: g, p of one shape, l1 a scalar → g + l1·sign(p).
type Lasso struct{}

// Clamp bounds every element: g, most a scalar → g within [-most, most].
type Clamp struct{}

// ClipChannels bounds the gradient of each output channel, the last axis, by the norm of its weights; that of a vector as a whole: g, p of
// one shape, share a scalar → g·min(1, share·max(‖p‖, 1e-3) / max(‖g‖, 1e-6)): Brock, De, Smith, Simonyan, ICML 2021,
// arXiv:2102.06171, eq. 3.
type ClipChannels struct{}

func (Lasso) Kind() string        { return "lasso" }
func (Clamp) Kind() string        { return "clamp" }
func (ClipChannels) Kind() string { return "clip-channels" }

func (o Lasso) Infer(in []*Value) ([]Type, error) { return clips(o, in, "l1") }

func (o Clamp) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"g", anyRank}, want{"most", 0}); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o ClipChannels) Infer(in []*Value) ([]Type, error) { return clips(o, in, "share") }

func clips(o Op, in []*Value, scalar string) ([]Type, error) {
	if err := fit(o, in, want{"g", anyRank}, want{"p", anyRank}, want{scalar, 0}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "g and p"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}
