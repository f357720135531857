package nn

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
)

// Signature is a hash of the architecture: kinds, hyper-parameters and weight sharing of the layers that the outputs of
// evaluation need, numbered in the order in which a walk from those outputs back to the input meets them. It ignores names, the
// overlay, inferred sizes, the image's size and channels, the class count, initial values and train-only outputs: what
// optimization and learning approaches may change.
func (g *Graph) Signature() string {
	var s strings.Builder
	number := map[*Node]int{}
	shared := map[string]int{}
	var visit func(n *Node)
	visit = func(n *Node) {
		if _, done := number[n]; done {
			return
		}
		for _, in := range n.In {
			visit(in)
		}
		number[n] = len(number)
		fmt.Fprintf(&s, "%d %s", number[n], n.Layer.Kind())
		l := n.Layer
		if v, ok := l.(interface{ signed() Layer }); ok {
			l = v.signed()
		}
		if _, image := l.(Input); !image {
			for _, f := range fields(l) {
				if f.start || f.later && f.value.IsZero() {
					continue
				}
				v := f.value.Interface()
				if f.key == "weight" {
					name := named(f.value.String(), n.Name+"/weight")
					if _, seen := shared[name]; !seen {
						shared[name] = number[n]
					}
					v = shared[name] // the first layer with these weights
				}
				fmt.Fprintf(&s, " %s=%v", f.key, v)
			}
		}
		for _, in := range n.In {
			fmt.Fprintf(&s, " <%d", number[in])
		}
		s.WriteByte('\n')
	}
	for _, o := range g.Outputs {
		if !o.TrainOnly {
			visit(o.Node)
			fmt.Fprintf(&s, "output <%d\n", number[o.Node])
		}
	}
	sum := sha256.Sum256([]byte(s.String()))
	return hex.EncodeToString(sum[:8])
}

// field is a hyper-parameter of a layer, under its key in files.
type field struct {
	key   string
	value reflect.Value
	start bool // tagged role init or classes: it says where parameters begin, or what the classes are, which is no structure
	later bool // tagged role later: signatures that were written down do not know it; its zero is what was before
}

// fields lists the hyper-parameters of a layer in the order of its struct.
func fields(l any) []field {
	v := reflect.ValueOf(l)
	var fs []field
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		fs = append(fs, field{tag.Get("yaml"), v.Field(i), tag.Get("role") == "init" || tag.Get("role") == "classes", tag.Get("role") == "later"})
	}
	return fs
}
