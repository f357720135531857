package darknet

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/nn"
)

// Net is what a cfg says.
type Net struct {
	Graph    *nn.Graph // named as its file, with the ending, so that no network of the zoo has the name
	Layers   []Layer   // darknet's, by the numbers that routes and shortcuts name
	Training []Setting // what the cfg says of training, in its order: none of it is applied
}

// Layer is one of darknet's layers.
type Layer struct {
	Kind string   // its section
	Line int      // of the section in the file
	Node *nn.Node // that gives what the layer computes, its activation included; of a dropout, softmax or cost that which it reads
}

// Setting is a line of a cfg that says how the network is trained.
type Setting struct {
	Section    string
	Line       int
	Key, Value string
}

// As is the setting of an experiment that says the same, such as "l2: 0.0005"; "" where there is none in so few words: what counts in
// darknet's batches counts in epochs here.
func (s Setting) As() string {
	if s.Section != "net" {
		return ""
	}
	switch s.Key {
	case "batch":
		return "batch: " + s.Value
	case "learning_rate":
		return "lr: {base: " + s.Value + "}"
	case "momentum":
		return "solver: {momentum: " + s.Value + "}"
	case "decay":
		return "l2: " + s.Value
	case "policy":
		switch s.Value {
		case "poly":
			return "lr: {policy: poly}"
		case "constant":
			return "lr: {policy: fixed}"
		case "steps":
			return "lr: {policy: multistep}"
		}
	case "power":
		return "lr: {power: " + s.Value + "}"
	}
	return ""
}

// reader turns sections into a graph.
type reader struct {
	file string
	net  *Net
	b    *nn.Builder
	last *nn.Node // what the next layer reads
	err  error
}

// ReadFile reads the cfg at path, as [Read] does.
func ReadFile(path string, images nn.Size) (*Net, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxCfg+1))
	if err != nil {
		return nil, err
	}
	return Read(path, text, images)
}

// Read reads the text of a cfg. Its errors are one line, "file:line: what": a section or key that darknet does not have, or that no layer
// of nn is, a number out of its range, and what no map fits. What darknet passes over in silence is refused, but for keys of [net].
// Extents of images that are not zero take the place of the cfg's. A network is the cfg's for images of that size: what poolings pad
// depends on it where a map's side is odd.
func Read(file string, text []byte, images nn.Size) (*Net, error) {
	r := &reader{file: file, net: &Net{}}
	sections := r.split(text)
	if r.err == nil && (len(sections) < 2 || sections[0].kind != "net") {
		r.fail(1, "is no network of darknet's; a cfg begins with [net], and layers follow")
	}
	if r.err != nil {
		return nil, r.err
	}
	classes := 1
	if last := sections[len(sections)-1]; last.kind == "region" {
		classes = last.classes()
	}
	r.input(sections[0], images, classes)
	for i, s := range sections[1:] {
		if r.err == nil {
			r.layer(s, sections[1+i:])
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.finish()
}

// input is [net]: the size of images, and all that it says of training; classes are those of a detector.
func (r *reader) input(s *section, images nn.Size, classes int) {
	var size nn.Size
	for i, to := range []*int{&size.H, &size.W, &size.C} {
		if *to = s.count(extents[i], 0); *to == 0 {
			r.fail(s.line, "[net] has no %s; give height, width and channels of the images", extents[i])
		}
	}
	for _, o := range s.keys {
		if !o.used {
			s.tell(o.key)
		}
	}
	r.b = nn.NewBuilder(filepath.Base(r.file), images, classes)
	r.last = r.b.Image(size.H, size.W, size.C)
	r.check(s)
}

// check reports a layer that does not fit, at its section.
func (r *reader) check(s *section) {
	if r.err == nil && r.b.Size(r.last) == (nn.Size{}) {
		_, err := r.b.Build()
		r.fail(s.line, "%v", err)
	}
}

// layer appends the layer of a section; what follows begins with it.
func (r *reader) layer(s *section, rest []*section) {
	switch s.kind {
	case "convolutional":
		r.last = r.convolutional(s)
	case "local":
		r.last = r.local(s)
	case "connected":
		r.last = r.connected(s)
	case "maxpool":
		r.last = r.maxpool(s)
	case "avgpool":
		r.last = r.b.GlobalAvgPool(r.last)
	case "activation":
		r.last = r.act(s.activation("linear"), r.last)
	case "dropout":
		r.dropout(s)
	case "route":
		r.last = r.route(s)
	case "shortcut":
		r.last = r.shortcut(s)
	case "reorg":
		r.last = r.reorg(s)
	case "softmax", "cost":
		r.loss(s, rest[1:])
	case "region":
		r.last = r.region(s)
		if r.err == nil && len(rest) > 1 {
			r.fail(rest[1].line, "[%s] behind [region], which is the last layer of a detector; end with it", plain(rest[1].kind))
		}
	default:
		r.unknown(s)
	}
	s.tell("truth", "onlyforward", "stopbackward", "learning_rate", "smooth")
	for _, key := range []string{"dontload", "dontsave", "dontloadscales", "numload"} {
		s.only(key, 0, "a file of weights then holds other values than the network; remove the line")
	}
	s.end()
	r.check(s)
	if r.err == nil {
		r.net.Layers = append(r.net.Layers, Layer{s.kind, s.line, r.last})
	}
}

// kinds are the sections that are read.
var kinds = []string{"convolutional", "local", "connected", "maxpool", "avgpool", "activation", "dropout", "route", "shortcut", "reorg", "softmax", "cost", "region"}

// unknown names a section that is not read.
func (r *reader) unknown(s *section) {
	why := map[string]string{
		"crop":      "it cuts and scales images, which data does here; remove it, and give [net] its crop_height and crop_width",
		"detection": "it is the last layer of YOLO's first version, and detectors here end with [region]",
		"yolo":      "it is the last layer of YOLO's third version, and detectors here end with [region]; give a cfg of the second, such as yolov2-tiny.cfg",
		"upsample":  "no layer here makes maps larger",
		"lrn":       "its window leaves a channel out, which no layer here does",
		"batchnorm": "a norm without a layer has no shift in a file of weights; write batch_normalize=1 in the layer in front",
	}[s.kind]
	switch {
	case why != "":
	case slices.Contains([]string{"rnn", "gru", "lstm", "crnn"}, s.kind):
		why = "networks here read images"
	case slices.Contains([]string{"deconvolutional", "logistic", "l2norm", "iseg"}, s.kind):
		why = "no layer here computes it"
	default:
		r.fail(s.line, "darknet has no section %s; write one of %s", quoted("["+s.kind+"]"), strings.Join(kinds, ", "))
		return
	}
	r.fail(s.line, "[%s] is not read: %s", s.kind, why)
}

// finish ends the network with what the last layer gives, and says which layers give a value a class.
func (r *reader) finish() (*Net, error) {
	region, detector := r.last.Layer.(nn.Region)
	channels := r.b.Size(r.last).C
	r.b.Logits(r.last)
	g, err := r.b.Build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.file, err)
	}
	left := make(map[*nn.Node]bool, len(g.Nodes))
	for _, n := range g.Nodes {
		left[n] = true
	}
	for _, l := range r.net.Layers {
		if !left[l.Node] {
			r.fail(l.Line, "[%s]: no layer reads what it gives; let a later one, or remove it", l.Kind)
			return nil, r.err
		}
	}
	if !detector {
		g.Classes = channels
	}
	if g.Classes > nn.MaxClasses {
		return nil, fmt.Errorf("%s: %d classes; a network tells at most %d apart", r.file, g.Classes, nn.MaxClasses)
	}
	for n := r.last; len(n.In) > 0; n = n.In[0] { // from the output to the layer whose channels are the classes'
		switch l := n.Layer.(type) {
		case nn.Conv:
			if l.Out = nn.Classes; detector {
				l.Out = nn.PerBox(region.Anchors.Len())
			}
			if l.Groups == 1 {
				n.Layer = l
			}
		case nn.Linear:
			l.Out = nn.Classes
			n.Layer = l
		case nn.GlobalPool, nn.Activation, nn.Region, nn.Pool:
			continue
		}
		break
	}
	if _, err := g.Steps(); err != nil {
		return nil, fmt.Errorf("%s: %w", r.file, err)
	}
	r.net.Graph = g
	return r.net, nil
}

// finished gives x, a convolution or linear layer, what lies over it and its activation.
func (r *reader) finished(s *section, x *nn.Node) *nn.Node {
	style := nn.Style{Bias: true, Act: s.activation("logistic")}
	if s.flag("batch_normalize") {
		style.Norm = batchNorm()
	}
	return r.b.Finish(x, style)
}

func (r *reader) convolutional(s *section) *nn.Node {
	size := s.count("size", 1)
	padding := s.size("padding", 0)
	if s.flag("pad") { // half the window, rounded down, whatever padding says
		padding = size / 2
	}
	s.only("binary", 0, "weights of one bit are not read; remove the line")
	s.only("xnor", 0, "maps of one bit are not read; remove the line")
	s.only("flipped", 0, "the weights then lie transposed in the file; have darknet write them anew without it")
	s.only("dot", 0, "it is a penalty of training that is not known here; remove the line")
	return r.finished(s, r.b.Layer(nn.Conv{
		Out: s.count("filters", 1), Kernel: nn.Square(size), Stride: nn.Square(s.count("stride", 1)), Padding: nn.Pad(padding), Groups: s.count("groups", 1),
	}, r.last))
}

// local is a convolution whose weights differ from place to place, which one place is a convolution without padding of.
func (r *reader) local(s *section) *nn.Node {
	size, x := s.count("size", 1), r.b.Size(r.last)
	s.only("pad", 0, "[local] with padding has a place for each pixel and is not read; use [convolutional]")
	stride := s.count("stride", 1)
	if r.err == nil && (x.H-size)/stride+(x.W-size)/stride > 0 {
		r.fail(s.line, "[local] of %dx%d on a map of %v has weights of its own at each place, which no layer here has; use [convolutional], or size=%d where the map is square", size, size, x, x.H)
	}
	return r.finished(s, r.b.Layer(nn.Conv{Out: s.count("filters", 1), Kernel: nn.Square(size), Stride: nn.Square(stride)}, r.last))
}

func (r *reader) connected(s *section) *nn.Node {
	return r.finished(s, r.b.Layer(nn.Linear{Out: s.count("output", 1)}, r.last))
}

// maxpool is darknet's: padding in all, of which the half that is rounded down lies on top and left, and the size rounded down. What no
// window reaches of the padding is left out, so that 2/2 on an even map is the pooling that everybody means.
func (r *reader) maxpool(s *section) *nn.Node {
	stride := s.count("stride", 1)
	size := s.count("size", stride)
	padding := s.size("padding", size-1)
	x := r.b.Size(r.last)
	l := nn.Pool{Type: nn.Max, Kernel: nn.Square(size), Stride: nn.Square(stride)}
	for i, extent := range []int{x.H, x.W} {
		if extent+padding < size {
			r.fail(s.line, "size=%d does not fit a map of %v with padding=%d; make it smaller", size, x, padding)
			return r.last
		}
		before := padding / 2
		reached := (extent+padding-size)/stride*stride + size
		l.Padding[2*i], l.Padding[2*i+1] = before, max(0, reached-extent-before)
	}
	return r.b.Layer(l, r.last)
}

// act is an activation behind x.
func (r *reader) act(a nn.Activation, x *nn.Node) *nn.Node {
	if a.Func == "" {
		return x
	}
	return r.b.Layer(a, x)
}

// dropout lies over what it reads, for all that read it: darknet changes that map itself.
func (r *reader) dropout(s *section) {
	rate := s.real("probability", 0.5)
	if o := s.find("probability"); o != nil && !(rate >= 0 && rate < 1) {
		r.fail(o.line, "probability=%s: give the probability of zeroing, from 0 to below 1", plain(o.value))
		return
	}
	if n := len(r.net.Layers); n > 0 && r.net.Layers[n-1].Kind == "dropout" {
		r.fail(s.line, "two [dropout] behind one another; keep one")
		return
	}
	if rate > 0 {
		r.last = r.b.Dropout(r.last, float32(rate))
	}
}

// from is the node of a layer that a route or shortcut names: by number, or counted back from its own.
func (r *reader) from(o *option, text string) *nn.Node {
	n, err := strconv.Atoi(text)
	at := n
	if n < 0 {
		at += len(r.net.Layers)
	}
	switch all := len(r.net.Layers); {
	case all == 0:
		r.fail(o.line, "%s=%s: no layer stands above this one", o.key, plain(o.value))
		return nil
	case err != nil || at < 0 || at >= all:
		r.fail(o.line, "%s=%s: %s is no layer above; this is layer %d, give one from 0 to %d or from -%d to -1", o.key, plain(o.value), quoted(text), all, all-1, all)
		return nil
	}
	return r.net.Layers[at].Node
}

func (r *reader) route(s *section) *nn.Node {
	o := s.take("layers")
	if o == nil {
		r.fail(s.line, "[route] has no layers; give the numbers of layers above, such as layers=-1,-4")
		return r.last
	}
	var in []*nn.Node
	for _, text := range strings.Split(o.value, ",") {
		n := r.from(o, text)
		if n == nil {
			return r.last
		}
		in = append(in, n)
	}
	if len(in) == 1 {
		return in[0]
	}
	return r.b.Concat(in...)
}

// shortcut adds a map above to the last. Where that has larger sides, every so manyth row and column is taken, where it has fewer
// channels, zeros stand for the rest: option A of residual networks.
func (r *reader) shortcut(s *section) *nn.Node {
	o := s.take("from")
	if o == nil {
		r.fail(s.line, "[shortcut] has no from; give the number of a layer above, such as from=-3")
		return r.last
	}
	s.only("alpha", 1, "sums are unweighted here; remove the line")
	s.only("beta", 1, "sums are unweighted here; remove the line")
	from := r.from(o, o.value)
	if from == nil {
		return r.last
	}
	x, y := r.b.Size(from), r.b.Size(r.last)
	if x != y {
		stride := x.H / max(1, y.H)
		if x.H != stride*y.H || x.W != stride*y.W || x.C > y.C || stride < 1 {
			r.fail(o.line, "from=%s: a map of %v cannot be added to one of %v; its sides must be a multiple, its channels not more", plain(o.value), x, y)
			return r.last
		}
		from = r.b.Layer(nn.Shortcut{Stride: stride, Out: y.C}, from)
	}
	return r.act(s.activation("linear"), r.b.Add(from, r.last))
}

func (r *reader) reorg(s *section) *nn.Node {
	for _, key := range []string{"reverse", "flatten", "extra"} {
		s.only(key, 0, "only the reorg of YOLOv2, to smaller and deeper maps, is read; remove the line")
	}
	return r.b.Layer(nn.Reorg{Stride: s.count("stride", 1), Type: nn.Darknet}, r.last)
}

// loss is a layer that has no values of its own: the network ends with what it reads.
func (r *reader) loss(s *section, rest []*section) {
	if len(rest) > 0 && !(s.kind == "softmax" && rest[0].kind == "cost") {
		r.fail(s.line, "[%s] with a layer behind it: a network here ends with what goes into its loss; remove what follows", s.kind)
		return
	}
	if s.kind == "cost" {
		s.tell("type", "scale", "ratio", "noobj", "thresh")
		return
	}
	s.only("groups", 1, "classes here are of one softmax; write groups=1")
	s.only("temperature", 1, "probabilities here are of temperature 1; remove the line")
	s.only("spatial", 0, "a network here tells one class for an image; remove the line")
	if o := s.take("tree"); o != nil {
		r.fail(o.line, "tree=%s: a tree of classes is not read from a cfg; remove the line", plain(o.value))
	}
	s.tell("noloss")
}

// classes is how many a region tells apart.
func (s *section) classes() int { return s.whole("classes", 20, 1, nn.MaxClasses) }

func (r *reader) region(s *section) *nn.Node {
	s.only("coords", 4, "a box here has four")
	s.only("softmax", 1, "classes here are of one softmax; write softmax=1")
	s.only("background", 0, "objectness here is a value of its own; remove the line")
	if s.find("softmax") == nil {
		r.fail(s.line, "[region] without softmax, where darknet takes classes one by one: here they are of one softmax; write softmax=1")
	}
	if o := s.take("tree"); o != nil {
		r.fail(o.line, "tree=%s: a tree of classes is not read from a cfg; remove the line", plain(o.value))
	}
	s.tell("bias_match", "jitter", "rescore", "object_scale", "noobject_scale", "class_scale", "coord_scale", "mask_scale", "absolute", "thresh", "random", "max", "log", "sqrt", "classfix", "map")
	num, classes := s.whole("num", 1, 1, nn.MaxAnchors), s.classes()
	line := s.line
	if o := s.find("anchors"); o != nil {
		line = o.line
	}
	sides := s.reals("anchors")
	if sides == nil {
		sides = slices.Repeat([]float64{0.5}, 2*num) // as darknet
	}
	if r.err == nil && len(sides) != 2*num {
		r.fail(line, "anchors has %d numbers for num=%d; give a width and a height of each", len(sides), num)
	}
	if x := r.b.Size(r.last); r.err == nil && x.C != num*(nn.BoxValues+classes) {
		r.fail(s.line, "[region] of %d anchors and %d classes reads %d channels, and the layer in front gives %d; write filters=%d there", num, classes, num*(nn.BoxValues+classes), x.C, num*(nn.BoxValues+classes))
	}
	if r.err != nil {
		return r.last
	}
	var anchors [][2]float64
	for i := 0; i < len(sides); i += 2 {
		anchors = append(anchors, [2]float64{sides[i], sides[i+1]})
	}
	return r.b.Layer(nn.Region{Anchors: nn.AnchorsOf(anchors)}, r.last)
}
