package nn

import (
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/tensor"
)

// Layer is one kind of node: a plain comparable struct whose fields are the text form's keys.
type Layer interface {
	// Kind is the layer's name in files and tables, such as "conv".
	Kind() string
	// Infer gives the output's size, or says which hyper-parameter does not fit and what would. An Out of [Classes] means
	// the classes given, one of [PerBox] what boxes with these need.
	Infer(in []Size, classes int) (Size, error)
	// String describes the layer in a table: "conv 3x3/2 pad 1".
	String() string
}

// Weighted is a layer that has parameters or costs multiply-adds.
type Weighted interface {
	Layer
	// Params lists the parameters with local names ("weight"), or the shared name if the layer gives one.
	Params(in []Size, out Size) []Param
	// MACs is the multiply-adds of one image.
	MACs(in []Size, out Size) int64
}

// normal is a layer with fields whose zero means a default: Normal fills them, so that equal layers are equal structs.
type normal interface{ Normal() Layer }

// Layers lists every kind of layer, its zero value: adding one is a file and a line here.
func Layers() []LayerKind {
	return []LayerKind{
		layer[Input](),      // input.go
		layer[Conv](),       // conv.go
		layer[Linear](),     // linear.go
		layer[Activation](), // activation.go
		layer[Pool](),       // pool.go
		layer[GlobalPool](),
		layer[BinPool](), // binpool.go
		layer[GeM](),     // gem.go
		layer[Add](),     // join.go
		layer[Concat](),
		layer[Flatten](),
		layer[Scale](),
		layer[Shortcut](),
		layer[Shuffle](), // shuffle.go
		layer[Split](),
		layer[Recurrent](), // recurrent.go
		layer[Gate](),      // gate.go
		layer[ChannelPool](),
		layer[ChannelConv](),
		layer[Stack](),
		layer[Attention](), // attention.go
		layer[AttentionPool](),
		layer[LayerScale](), // layerscale.go
		layer[Reorg](),      // reorg.go
		layer[Region](),     // region.go
	}
}

// Elideds lists every kind of layer that lives in the overlay alone, with its defaults.
func Elideds() []ElidedKind {
	return []ElidedKind{
		elided(Bias{}),         // bias.go
		elided(NewBatchNorm()), // norm.go
		elided(NewLayerNorm()), // layernorm.go
		elided(NewGroupNorm()), // groupnorm.go
		elided(WeightNorm{}),   // weightnorm.go
		elided(NewWeightStandard()),
		elided(NewLRN()),  // lrn.go
		elided(Dropout{}), // dropout.go
	}
}

// LayerKind is an entry of the list of layers.
type LayerKind struct {
	Zero Layer
	read func(*spec.Node) (nodeEntry, Layer, error)
}

// ElidedKind is an entry of the list of elided layers.
type ElidedKind struct {
	Default Elided
	read    func(*spec.Node) (Elided, error)
}

// Classes as a layer's Out stands for the graph's class count.
const Classes = -1

// Role says what a parameter is for: initial values and weight decay depend on it.
type Role string

// Roles of parameters and buffers.
const (
	RoleWeight Role = "weight" // of a convolution or linear layer
	RoleBias   Role = "bias"

	RoleInput     Role = "input"     // weight of a recurrent layer's gates for what they read
	RoleRecurrent Role = "recurrent" // weight of them for what the units gave a step before
	RoleGates     Role = "gates"     // bias of them

	RoleGamma    Role = "gamma"    // a norm's scale, or a layer's
	RoleBeta     Role = "beta"     // a norm's shift
	RoleLength   Role = "length"   // of the weights of an output channel
	RoleSlope    Role = "slope"    // of a PReLU
	RoleExponent Role = "exponent" // of a generalised mean

	RoleHingeSlope Role = "hinge-slope" // of an APL, a of its formula
	RoleHinge      Role = "hinge"       // where an APL's hinge lies, b of its formula

	RoleMix  Role = "mix"  // of a mixed pooling: the share of the maximum
	RoleGate Role = "gate" // of a gated pooling: the filter that decides that share

	RoleMean Role = "mean" // running mean, a buffer
	RoleVar  Role = "var"  // running variance, a buffer
)

// Param is a named tensor of a network: the same name is the same tensor, wherever it is used. Convolution weights are
// [KH,KW,Cin/groups,Cout], linear weights [In,Out] with In in the order H, W, C, those of [Recurrent], [Attention],
// [Activation] and [Pool] as they say, all others [C].
type Param struct {
	Name   string // "stage1/block2/conv1/weight"
	Shape  tensor.Shape
	Role   Role
	FanIn  int    // inputs that one output sums: KH·KW·Cin/groups; 0 unless a weight
	FanOut int    // KH·KW·Cout, as PyTorch and Caffe count it, groups or not; 0 unless a weight
	Zero   bool   // a weight that begins at 0 whatever the initialisation
	Layer  string // name of the first node, or site, that uses it
	Path   string // of that node, or of the site's: what a [Glob] is matched with
}

// withDefaults fills the fields whose zero means a default.
func withDefaults(l Layer) Layer {
	if n, ok := l.(normal); ok {
		return n.Normal()
	}
	return l
}
