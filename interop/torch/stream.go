package torch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// magic begins the older stream, as a whole number of 80 bits, little-endian: torch/serialization.py, MAGIC_NUMBER.
const magic = bigNumber("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// protocol is the stream's own version.
const protocol = 1001

// stream reads the form before PyTorch 1.6: pickles of a magic number, a version, the writer's machine, what was saved, and the keys of
// storages; then each storage, its number of elements in front. PyTorch, torch/serialization.py, _legacy_save.
func (f *File) stream() (any, error) {
	at := int64(0)
	none := func(any) (any, error) { return nil, damaged("a storage stands where none can be") }
	next := func(persistent func(any) (any, error)) (any, error) {
		b := make([]byte, min(f.size-at, maxPickle, 1<<16))
		for {
			if n, err := f.r.ReadAt(b, at); err != nil && !(errors.Is(err, io.EOF) && n == len(b)) {
				return nil, damaged("it cannot be read (%v)", err)
			}
			v, n, err := unpickle(b, persistent)
			if whole := int64(len(b)) == min(f.size-at, maxPickle); err == nil || whole {
				at += int64(n)
				return v, err
			}
			b = make([]byte, min(f.size-at, maxPickle, 8*int64(len(b)))) // how long a pickle is only its end tells
		}
	}
	if v, err := next(none); err != nil || v != magic {
		return nil, errors.New("is no file of torch.save (it begins with neither its zip archive nor its older stream); give a .pth, .pt or .safetensors file")
	}
	if v, err := next(none); err != nil || v != int64(protocol) {
		return nil, damaged("its stream is of version %v, and %d is known", v, protocol)
	}
	machine, err := next(none)
	if err != nil {
		return nil, err
	}
	if d, ok := machine.(*Dict); ok && d.Get("little_endian") == false {
		return nil, fmt.Errorf("was written on a big-endian machine, and such files are not read; save it on a little-endian one")
	}
	storages := map[string]*storage{}
	root, err := next(func(id any) (any, error) { return f.streamed(id, storages) })
	if err != nil {
		return nil, err
	}
	keys, err := next(none)
	if err != nil {
		return nil, err
	}
	l, ok := keys.(*List)
	if !ok {
		return nil, damaged("it does not list its storages")
	}
	found := map[string]bool{}
	for _, k := range l.Items {
		key, ok := k.(string)
		s := storages[key]
		if !ok || s == nil || found[key] {
			return nil, damaged("it lists a storage %v that no tensor has, or one twice", k)
		}
		found[key] = true
		var count [8]byte
		if _, err := f.r.ReadAt(count[:], at); err != nil {
			return nil, damaged("storage %s is missing", key)
		}
		n := binary.LittleEndian.Uint64(count[:])
		at += 8
		if n != uint64(s.count) || s.count > (f.size-at)/s.kind.bytes {
			return nil, damaged("storage %s should hold %d elements of %s, and %d are announced, %d bytes left", key, s.count, s.kind.name, n, f.size-at)
		}
		s.at = at
		at += s.count * s.kind.bytes
	}
	for key, s := range storages {
		if !found[key] && s.count > 0 {
			return nil, damaged("storage %s is not listed", key)
		}
	}
	return root, nil
}

// streamed is a storage by its persistent id, whose place is known later. One that is a view of another lies in it.
func (f *File) streamed(id any, storages map[string]*storage) (any, error) {
	if l, ok := id.(*List); ok && len(l.Items) > 1 && l.Items[0] == "module" { // the class of a pickled module, with its source
		return l.Items[1], nil
	}
	key, kind, count, ok := storageID(id)
	if !ok {
		return &Inert{Class: "a thing kept elsewhere"}, nil
	}
	if view := id.(*List).Items; len(view) > 5 && view[5] != nil {
		return nil, fmt.Errorf("holds a view of a storage, as PyTorch before 0.4 wrote them; load it and save it again with a newer one")
	}
	if s := storages[key]; s != nil {
		if s.kind.name != kind.name || s.count != count {
			return nil, damaged("storage %s is of two kinds", key)
		}
		return s, nil
	}
	s := &storage{file: f, kind: kind, count: count}
	if kind.value == nil {
		s.err = fmt.Errorf("is of %s values, which are not read; convert it to float32", kind.name)
	}
	if count < 0 {
		return nil, damaged("storage %s has %d elements", key, count)
	}
	storages[key] = s
	return s, nil
}
