package pretrain

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/interop/torch"
	"github.com/assaylab/assay/tensor"
)

// keys are where the weights of a checkpoint lie, the averaged ones first.
var keys = []string{"state_dict_ema", "model_ema", "ema", "state_dict", "model", "model_state", "net"}

// wrappers are prefixes that come off names: of DataParallel, torch.compile, and of modules around the network.
var wrappers = []string{"module.", "_orig_mod.", "model.", "backbone.", "encoder."}

// counters are tensors that belong to no layer.
var counters = []string{"num_batches_tracked", "n_averaged"}

// search finds the weights in a file of PyTorch: under the key, or at the top, or under the first of keys that holds some.
func (w *Weights) search(f *torch.File, key string) error {
	d, taken, err := within(f, key)
	if err != nil {
		return err
	}
	w.Taken = taken
	for _, name := range d.Keys {
		v := d.Get(name)
		if a, ok := v.(*torch.Array); ok {
			w.arrays = append(w.arrays, array{name, a.Shape, a.Read})
		} else if i, ok := v.(*torch.Inert); ok && i.Tensors() {
			return fmt.Errorf("%s %w", name, f.Refusal(v))
		}
	}
	return w.clean()
}

func within(f *torch.File, key string) (*torch.Dict, string, error) {
	at := f.Root
	if key != "" {
		for i, part := range strings.Split(key, ".") {
			d, ok := at.(*torch.Dict)
			if !ok || d.Get(part) == nil {
				return nil, "", fmt.Errorf("key %q: there is no %q%s", key, strings.Join(strings.Split(key, ".")[:i+1], "."), has(at))
			}
			at = d.Get(part)
		}
		if d, ok := at.(*torch.Dict); ok && weighs(d) {
			return d, key, nil
		}
		if v, ok := at.(*torch.Inert); ok && v.Tensors() {
			return nil, "", f.Advice(v)
		}
		return nil, "", fmt.Errorf("key %q: there are no weights under it%s", key, has(at))
	}
	d, taken, module := find(at, 3)
	switch {
	case d != nil:
		return d, taken, nil
	case module != nil:
		return nil, "", f.Advice(module)
	}
	return nil, "", fmt.Errorf("there are no weights at its top, nor under %s%s; name the place by key", say.Listed(keys), has(at))
}

// find looks for a dictionary of weights, as deep as that; module is a pickled one that was met on the way.
func find(v any, depth int) (found *torch.Dict, taken string, module *torch.Inert) {
	switch v := v.(type) {
	case *torch.Inert:
		if v.Tensors() {
			return nil, "", v
		}
	case *torch.Dict:
		if weighs(v) {
			return v, "", nil
		}
		if depth == 0 {
			return nil, "", nil
		}
		for _, key := range keys {
			d, below, m := find(v.Get(key), depth-1)
			if d != nil {
				return d, strings.TrimSuffix(key+"."+below, "."), nil
			}
			if module == nil {
				module = m
			}
		}
	}
	return nil, "", module
}

// weighs reports whether a dictionary is one of named tensors.
func weighs(d *torch.Dict) bool {
	return slices.ContainsFunc(d.Keys, func(k string) bool {
		_, ok := d.Get(k).(*torch.Array)
		if v, inert := d.Get(k).(*torch.Inert); inert {
			ok = v.Tensors()
		}
		return ok && (k == "weight" || strings.HasSuffix(k, ".weight"))
	})
}

// has lists what a dictionary holds, for errors.
func has(v any) string {
	d, ok := v.(*torch.Dict)
	if !ok || len(d.Keys) == 0 {
		return ""
	}
	names := slices.Clone(d.Keys[:min(len(d.Keys), 5)])
	if more := len(d.Keys) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return "; it has " + say.Listed(names)
}

// olderDense is how DenseNets were named before torchvision 0.2: "norm.1" for "norm1".
var olderDense = regexp.MustCompile(`(denselayer\d+\.(?:norm|conv))\.([12])\.`)

// clean takes prefixes off the names, and what belongs to no layer away.
func (w *Weights) clean() error {
	first := map[string]string{}
	var kept []array
	for _, a := range w.arrays {
		name := a.name
		for {
			i := slices.IndexFunc(wrappers, func(p string) bool { return strings.HasPrefix(name, p) && len(name) > len(p) })
			if i < 0 {
				break
			}
			name = name[len(wrappers[i]):]
		}
		name = olderDense.ReplaceAllString(name, "$1$2.")
		if slices.ContainsFunc(counters, func(c string) bool { return name == c || strings.HasSuffix(name, "."+c) }) {
			continue
		}
		if other, ok := first[name]; ok {
			return fmt.Errorf("%s and %s are both %s without what wraps them; save the one network alone", other, a.name, name)
		}
		first[name], a.name = a.name, name
		kept = append(kept, a)
	}
	if w.arrays = kept; len(kept) == 0 {
		return errors.New("holds no tensors; give a file of weights")
	}
	return nil
}

// finite is the tensor if all its values are.
func finite(t *tensor.Tensor) (*tensor.Tensor, error) {
	for i, v := range t.Data {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("element %d is %g: the training that wrote it diverged; take an earlier checkpoint", i, v)
		}
	}
	return t, nil
}
