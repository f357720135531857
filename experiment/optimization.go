package experiment

import "cmp"

// Optimization is what can be added to any network without changing its architecture: the settings that optimization
// approaches write. Norms, dropout and biases are laid over the graph instead (nn.Overlay).
type Optimization struct {
	Solver Solver `yaml:"solver"`
	LR     LR     `yaml:"lr"`
	Batch  Batch  `yaml:"batch"`
	L2     Decay  `yaml:"l2"`
	L1     Decay  `yaml:"l1"`
	Decay  Shrink `yaml:"decay"`
	Clip   Clip   `yaml:"clip"`

	Loss           Loss           `yaml:"loss"`
	LabelSmoothing LabelSmoothing `yaml:"label-smoothing"`
	Penalty        Penalty        `yaml:"penalty"`

	Init    Init    `yaml:"init"`
	Average Average `yaml:"average"`

	Parameters []ParameterSetting `yaml:"parameters"` // in order; a later row wins
}

// Solver is the rule that turns gradients into steps. What a kind does not take is at its default.
type Solver struct {
	Kind      string  `yaml:"kind" spec:"bare" values:"sgd, adam, adamw, rmsprop, adagrad, adadelta, nadam, radam, lars, lamb, lion, muon, sam" help:"the rule"`
	Momentum  float32 `yaml:"momentum" only:"kind: sgd, rmsprop, lars, muon; base: sgd, rmsprop, lars, muon; rest: rmsprop, sgd" help:"sgd, rmsprop, lars, muon: share of the old step kept, in [0,1)"`
	Nesterov  bool    `yaml:"nesterov" only:"kind: sgd, lars, muon; base: sgd, lars, muon; rest: sgd" help:"sgd, lars, muon: look ahead by the momentum before the gradient counts"`
	Beta1     float32 `yaml:"beta1" only:"kind: adam, adamw, nadam, radam, lamb, lion; base: adam, adamw, nadam, radam, lamb, lion; rest: adamw, adam, nadam, radam, lion" help:"adam and its kin, lamb, lion: share of the old mean gradient kept, in [0,1)"`
	Beta2     float32 `yaml:"beta2" only:"kind: adam, adamw, nadam, radam, lamb, lion; base: adam, adamw, nadam, radam, lamb, lion; rest: adamw, adam, nadam, radam, lion" help:"adam and its kin, lamb: share of the old mean square kept; lion: of what is remembered, in [0,1); 0: 0.999, of lion 0.99"`
	Eps       float32 `yaml:"eps" only:"kind: adam, adamw, nadam, radam, rmsprop, adagrad, adadelta, lars, lamb; base: adam, adamw, nadam, radam, rmsprop, adagrad, adadelta, lars, lamb; rest: adamw, adam, nadam, radam, rmsprop" help:"added to what divides, above 0"`
	EpsInside bool    `yaml:"eps_inside" only:"kind: rmsprop; base: rmsprop; rest: rmsprop" help:"rmsprop: add it under the root, as TensorFlow does"`
	Rho       float32 `yaml:"rho" only:"kind: rmsprop, adadelta; base: rmsprop, adadelta; rest: rmsprop" help:"rmsprop, adadelta: share of the old mean square kept, in [0,1)"`
	Trust     float32 `yaml:"trust" only:"kind: lars; base: lars" help:"lars: share of its weights that a tensor moves by at rate 1, above 0"`
	Rest      string  `yaml:"rest" only:"kind: muon; base: muon" values:"adamw, adam, nadam, radam, lion, rmsprop, sgd" help:"muon: the rule of what is no inner matrix"`
	Scale     string  `yaml:"scale" only:"kind: muon; base: muon" values:"original, match-rms" help:"muon: rate of a matrix by its shape: √max(1, out/in), or 0.2·√max(out, in), as large as adam's steps are"`
	Base      string  `yaml:"base" only:"kind: sam" values:"sgd, adam, adamw, rmsprop, adagrad, adadelta, nadam, radam, lars, lamb, lion, muon" help:"sam: the rule that takes the second gradient"`
	Radius    float32 `yaml:"radius" only:"kind: sam" help:"sam: how far the weights climb for the second gradient, above 0"`
	Adaptive  bool    `yaml:"adaptive" only:"kind: sam" help:"sam: climb in proportion to each weight's size"`
}

// LR is the learning rate as a function of the step: base·factor(policy), after a linear warm-up. policy.go has the policies.
type LR struct {
	Base   float32   `yaml:"base" spec:"bare" help:"the highest rate, above 0"`
	Policy string    `yaml:"policy" values:"fixed, step, multistep, exp, inv, poly, linear, sqrt, square, sigmoid, cosine, restarts, onecycle, triangular, trapezoid, plateau" help:"how the rate changes over the run"`
	Gamma  float32   `yaml:"gamma" only:"policy: step, multistep, plateau, exp, inv, sigmoid" help:"step, multistep, plateau: factor at each drop; exp: over every; inv, sigmoid: an epoch"`
	Every  float64   `yaml:"every" only:"policy: step, exp, sigmoid, trapezoid, plateau" help:"epochs; step: between drops; exp: to a factor of gamma; sigmoid: to half the rate; trapezoid: of the fall at the end; plateau: in a row that bring nothing, after which one more drops the rate; 0: a third of the run, exp all of it, sigmoid half, trapezoid a fifth, plateau a tenth"`
	Drops  []float64 `yaml:"at" only:"policy: multistep" help:"multistep: epochs after which the rate drops, ascending; none: half and three quarters of the run"`
	Power  float32   `yaml:"power" only:"policy: poly, inv" help:"poly, inv: exponent, above 0"`
	Period float64   `yaml:"period" only:"policy: restarts, triangular" help:"restarts, triangular: epochs of the first cycle; 0: a third of the run, triangular all of it"`
	Mult   float32   `yaml:"mult" only:"policy: restarts" help:"restarts: how many times longer each cycle is than the one before, at least 1"`
	Warmup float64   `yaml:"warmup" help:"epochs of linear rise to base; onecycle: of its rise; 0: none, onecycle 30 % of the run"`
	Start  float32   `yaml:"start" only:"policy: onecycle, triangular; warmup" help:"share of base that the rise begins from, in [0,1); 0: the first of the warm-up's equal steps, of onecycle and triangular 1/25"`
	Final  float32   `yaml:"final" only:"policy: linear, poly, sqrt, square, cosine, restarts, onecycle, trapezoid" help:"linear, poly, sqrt, square, cosine, restarts, onecycle, trapezoid: share of base that is left at the end, in [0,1]"`
	Scale  string    `yaml:"scale" values:"none, batch" help:"batch: base is for 256 images, and in proportion for others"`
	Layers Factors   `yaml:"layers" help:"factors on the rate by layer path, in order, a later one wins: {\"stage1/**\": 0.1}; by parameter where a path ends in its name: {\"**/norm/beta\": 64}"`
	Depth  float32   `yaml:"depth" help:"factor on the rate for each stage from the head backwards, above 0 and at most 1; a stage is what shares the first part of its path"`
}

// Batch is how many images a step sees.
type Batch struct {
	Size       int `yaml:"size" spec:"bare" help:"images in a step, at least 1"`
	Accumulate int `yaml:"accumulate" help:"equal parts of a step that go through the network one after another, dividing size: memory for one of them"`
}

// Parts is in how many a step goes through the network, at least 1.
func (b Batch) Parts() int { return max(1, b.Accumulate) }

// Part is the images that are in the network at once.
func (b Batch) Part() int { return b.Size / b.Parts() }

// Decay is a penalty on the size of weights; its strength is λ in λ/2·Σw², so that the gradient gains λ·w.
type Decay struct {
	Strength float32  `yaml:"strength" spec:"bare" help:"λ, at least 0"`
	Except   []string `yaml:"except" spec:"set" values:"bias, norm, depthwise" help:"parameters it leaves alone"`
}

// Shrink is decoupled weight decay: before a step every weight loses the rate times λ of itself, whatever the gradient's scale.
type Shrink struct {
	Strength *float32 `yaml:"strength" spec:"bare" default:"0; adamw: 0.01" help:"λ, at least 0"`
	Except   []string `yaml:"except" spec:"set" values:"bias, norm, depthwise" help:"parameters it leaves alone"`
}

// Loss is what a training makes less.
type Loss struct {
	Kind  string  `yaml:"kind" spec:"bare" values:"softmax, bce, focal, yolo" help:"softmax: cross entropy over the classes; bce: binary cross entropy of each class by itself; focal: cross entropy that counts what is known well less; yolo: that of a detector's boxes, which it has anyway, to weigh its parts"`
	Gamma float32 `yaml:"gamma" only:"kind: focal" help:"focal: how much less, from 0, which is softmax, to 10"`

	Object    float32 `yaml:"object" only:"kind: yolo" help:"yolo: what objectness weighs where a box answers for an object, above 0"`
	NoObject  float32 `yaml:"noobject" only:"kind: yolo" help:"yolo: where it answers for none, above 0"`
	Coord     float32 `yaml:"coord" only:"kind: yolo" help:"yolo: what place and size weigh, above 0"`
	Class     float32 `yaml:"class" only:"kind: yolo" help:"yolo: what the class weighs, above 0"`
	Threshold float32 `yaml:"threshold" only:"kind: yolo" help:"yolo: IoU with any object above which a box that answers for none is not held to be empty, above 0 and at most 1"`
	Warm      int     `yaml:"warm" only:"kind: yolo" help:"yolo: images in which every box is drawn to its anchor by 0.01; 0: none"`
}

// LabelSmoothing spreads a share of each label evenly over all classes, in training alone.
type LabelSmoothing struct {
	Amount float32 `yaml:"amount" spec:"bare" help:"the share that is spread, from 0 to below 1"`
}

// Penalty is what a training asks for besides a low loss.
type Penalty struct {
	Kind     string  `yaml:"kind" spec:"bare" values:"none, orthogonal, max-norm, confidence, gamma-l1" help:"orthogonal: λ·‖WᵀW-I‖² of every weight; max-norm: a bound on the norm of each output's weights, after each step; confidence: λ times the entropy of the answers off the loss; gamma-l1: λ·Σ|γ| of the norms"`
	Strength float32 `yaml:"strength" only:"kind: orthogonal, confidence, gamma-l1" help:"λ, above 0; 0: of orthogonal and gamma-l1 1e-4, of confidence 0.1"`
	Limit    float32 `yaml:"limit" only:"kind: max-norm" help:"max-norm: the norm, above 0"`
}

// Lambda is the strength, or its default for the kind.
func (p Penalty) Lambda() float32 {
	switch {
	case p.Strength > 0 || p.Kind == "none" || p.Kind == "max-norm":
		return p.Strength
	case p.Kind == "confidence":
		return 0.1
	}
	return 1e-4
}

// Clip bounds gradients before the solver sees them, in one of three ways; 0 is none.
type Clip struct {
	Norm     float32 `yaml:"norm" spec:"bare" help:"of all gradients together, above 0; 0: no bound"`
	Value    float32 `yaml:"value" help:"of each element, above 0; 0: no bound"`
	Adaptive float32 `yaml:"adaptive" help:"of each output channel, as a share of its weights' norm, above 0, such as 0.01; 0: no bound"`
}

// Init is how the first weights are drawn. Biases start at 0, norm scales at 1.
type Init struct {
	Kind string  `yaml:"kind" spec:"bare" values:"he, xavier, msra-fan-out, lsuv, orthogonal, zero-gamma, gaussian, dirac, whiten" help:"the rule; zero-gamma and dirac are he but for what they set, whiten is rest"`
	Rest string  `yaml:"rest" only:"kind: whiten" values:"he, xavier, msra-fan-out, orthogonal, zero-gamma, dirac" help:"whiten: the rule of all but the first convolution"`
	Gain float32 `yaml:"gain" only:"kind: not gaussian" help:"factor on the standard deviation, above 0"`
	Std  float32 `yaml:"std" only:"kind: gaussian" help:"gaussian: the standard deviation, above 0"`
}

// Drawn is the rule that all parameters are drawn by before anything looks at images: of whiten that of the rest.
func (i Init) Drawn() Init {
	if i.Kind == "whiten" {
		i.Kind = cmp.Or(i.Rest, "he")
	}
	return i
}

// Average is a mean of the weights along the way. average.go says which of its kinds leave the training as it is.
type Average struct {
	Kind  string  `yaml:"kind" spec:"bare" values:"ema, swa, lookahead" help:"ema: exponential mean of all steps; swa: plain mean of the ends of the last epochs; lookahead: slow weights that the training is set back to"`
	Decay float32 `yaml:"decay" only:"kind: ema" help:"ema: share of the old mean kept at a step, above 0 and below 1"`
	Warm  bool    `yaml:"warm" only:"kind: ema" help:"ema: keep less at the beginning, at step t at most (1+t)/(10+t)"`
	From  float64 `yaml:"from" only:"kind: swa" help:"swa: share of the run after which epochs count, from 0 to below 1"`
	LR    float32 `yaml:"lr" only:"kind: swa" help:"swa: the rate from there on, above 0; 0: the policy's, which leaves the training as it is"`
	Every int     `yaml:"every" only:"kind: lookahead" help:"lookahead: steps between two of the slow weights, at least 1"`
	Alpha float32 `yaml:"alpha" only:"kind: lookahead" help:"lookahead: share of the way to the fast weights that a step of the slow ones goes, above 0 and at most 1"`
	Power float64 `yaml:"power" only:"kind: lookahead" help:"lookahead: at t of the run the share 1 - alpha that is kept of the slow weights is t^power of itself, 0 to 100; 0: all of it, always"`
}

// DefaultOptimization is what an experiment has that says nothing: the advice of the systematic evaluation (Mishkin,
// Sergievskiy, Matas 2016, arXiv:1606.02228) where it has some.
func DefaultOptimization() Optimization {
	return Optimization{
		Solver: Solver{Kind: "sgd", Momentum: 0.9, Beta1: 0.9, Eps: 1e-8, Rho: 0.9, Trust: 1e-3, Rest: "adamw", Scale: "original", Base: "sgd", Radius: 0.05},
		LR:     LR{Base: 0.05, Policy: "linear", Gamma: 0.1, Power: 1, Mult: 1, Scale: "none", Depth: 1},
		Batch:  Batch{Size: 128, Accumulate: 1},
		L2:     Decay{Except: []string{"bias", "norm"}},
		L1:     Decay{Except: []string{"bias", "norm"}},
		Decay:  Shrink{Except: []string{"bias", "norm"}},
		Loss:   Loss{Kind: "softmax", Gamma: 2, Object: 5, NoObject: 1, Coord: 1, Class: 1, Threshold: 0.6, Warm: 12800},
		Init:   Init{Kind: "he", Rest: "he", Gain: 1, Std: 0.01},

		Average: Average{Decay: 0.9999, Warm: true, From: 0.75, Every: 5, Alpha: 0.5},
		Penalty: Penalty{Kind: "none", Limit: 3},
	}
}
