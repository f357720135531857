package torch

import (
	"fmt"
	"strings"
)

// class is a name that a pickle looks up, "module.name".
type class string

// call is what a call of a class, or a function, makes. Only what is listed here has a meaning; all else is inert.
func call(c class, args []any) (any, error) {
	switch c {
	case "collections.OrderedDict", "builtins.dict", "__builtin__.dict", "collections.defaultdict":
		return ordered(args), nil
	case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
		return rebuild(c, args)
	case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
		if len(args) > 0 {
			if a, ok := args[0].(*Array); ok {
				return a, nil
			}
		}
	case "torch._tensor._rebuild_from_type_v2": // of a subclass: the function that makes the tensor, the subclass, arguments, state
		if len(args) > 2 {
			f, ok := args[0].(class)
			l, ok2 := args[2].(*List)
			if ok && ok2 && f != c {
				return call(f, l.Items)
			}
		}
	case "torch.Size", "builtins.list", "builtins.tuple", "__builtin__.list", "__builtin__.tuple":
		if len(args) == 1 {
			if l, ok := args[0].(*List); ok {
				return &List{append([]any(nil), l.Items...)}, nil
			}
		}
		return &List{}, nil
	}
	return &Inert{Class: string(c), held: args}, nil
}

// ordered is a dictionary of the pairs that it is made of.
func ordered(args []any) *Dict {
	d := &Dict{}
	if len(args) > 0 {
		if pairs, ok := args[len(args)-1].(*List); ok {
			for _, p := range pairs.Items {
				if kv, ok := p.(*List); ok && len(kv.Items) == 2 {
					d.set(kv.Items[0], kv.Items[1])
				}
			}
		}
	}
	return d
}

// rebuild makes a tensor of storage, offset, size and stride; what follows (gradients, hooks, metadata) does not count.
func rebuild(c class, args []any) (any, error) {
	if len(args) < 4 {
		return nil, damaged("%s has %d arguments", c, len(args))
	}
	in, ok := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	size, ok3 := numbers(args[2])
	stride, ok4 := numbers(args[3])
	switch {
	case !ok2 || !ok3 || !ok4:
		return nil, damaged("%s has arguments of other kinds", c)
	case !ok: // of a kind of storage that is not known
		return &Inert{Class: string(c), held: args}, nil
	}
	return array(in, offset, size, stride)
}

func numbers(v any) ([]int64, bool) {
	l, ok := v.(*List)
	if !ok {
		return nil, false
	}
	ns := make([]int64, len(l.Items))
	for i, item := range l.Items {
		if ns[i], ok = item.(int64); !ok {
			return nil, false
		}
	}
	return ns, true
}

// Refusal says why a value that stands where a tensor is wanted is none.
func (f *File) Refusal(v any) error {
	switch v := v.(type) {
	case *Inert:
		switch name := v.Class[strings.LastIndexByte(v.Class, '.')+1:]; {
		case strings.Contains(name, "qtensor"):
			return fmt.Errorf("is quantized; save the weights of the float network")
		case strings.Contains(name, "sparse"):
			return fmt.Errorf("is sparse; save it with .to_dense()")
		}
		if v.Tensors() {
			return fmt.Errorf("is a %s with a tensor in it, which is not read; save the tensor alone", v.Class)
		}
		return fmt.Errorf("is a %s and no tensor", v.Class)
	case *Array:
		return v.in.err
	}
	return fmt.Errorf("is no tensor")
}
