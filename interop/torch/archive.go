package torch

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// archive reads the zip form: NAME/data.pkl, whose storages are NAME/data/KEY, each stored as it is. PyTorch, torch/serialization.py,
// _save; caffe2/serialize/inline_container.h.
func (f *File) archive(z *zip.Reader) (any, error) {
	entries := map[string]*zip.File{}
	root := ""
	for _, e := range z.File {
		if name, ok := strings.CutSuffix(e.Name, "/data.pkl"); ok && !strings.Contains(name, "/") {
			root = name
		}
		if entries[e.Name] != nil {
			return nil, damaged("%s stands twice in its archive", e.Name)
		}
		entries[e.Name] = e
	}
	for _, e := range z.File {
		if root != "" && strings.HasPrefix(e.Name, root+"/code/") || strings.HasSuffix(e.Name, "/constants.pkl") {
			return nil, fmt.Errorf("is a TorchScript archive; %s", f.line("torch.save(torch.jit.load(%q).state_dict()"))
		}
	}
	if root == "" {
		return nil, fmt.Errorf("is a zip archive without data.pkl, so torch.save did not write it; unpack it and give the file of weights in it")
	}
	regions, err := f.regions(z)
	if err != nil {
		return nil, err
	}
	if e := entries[root+"/byteorder"]; e != nil {
		if order, err := f.bytesOf(e, regions, 16); err != nil || string(bytes.TrimSpace(order)) != "little" {
			return nil, fmt.Errorf("was written on a big-endian machine, and such files are not read; save it on a little-endian one")
		}
	}
	pickle, err := f.bytesOf(entries[root+"/data.pkl"], regions, maxPickle)
	if err != nil {
		return nil, err
	}
	storages := map[string]*storage{}
	v, _, err := unpickle(pickle, func(id any) (any, error) {
		key, kind, count, ok := storageID(id)
		if !ok {
			return &Inert{Class: "a thing kept elsewhere"}, nil
		}
		if s := storages[key]; s != nil && s.kind.name == kind.name && s.count == count {
			return s, nil
		}
		e := entries[root+"/data/"+key]
		if e == nil {
			return nil, damaged("its archive has no data/%s", key)
		}
		s := &storage{file: f, kind: kind, count: count, at: regions[e.Name].at}
		switch {
		case e.Method != zip.Store:
			return nil, packed(e)
		case kind.value == nil:
			s.err = fmt.Errorf("is of %s values, which are not read; convert it to float32", kind.name)
		case count < 0 || count > regions[e.Name].size/kind.bytes:
			return nil, damaged("data/%s should hold %d elements of %s, and has %d bytes", key, count, kind.name, regions[e.Name].size)
		}
		storages[key] = s
		return s, nil
	})
	return v, err
}

func packed(e *zip.File) error {
	return fmt.Errorf("%s is compressed in its archive, which torch.save never does; unpack it and pack it again without compression (zip -0)", e.Name)
}

// region is a run of the file's bytes.
type region struct{ at, size int64 }

// regions finds where the entries of an archive lie. None may overlap another, or reach beyond the file.
func (f *File) regions(z *zip.Reader) (map[string]region, error) {
	all := map[string]region{}
	var sorted []region
	for _, e := range z.File {
		at, err := e.DataOffset()
		size := int64(e.CompressedSize64)
		if err != nil || size < 0 || at < 0 || size > f.size-at {
			return nil, damaged("%s reaches beyond the end of its archive", e.Name)
		}
		all[e.Name] = region{at, size}
		if size > 0 {
			sorted = append(sorted, region{at, size})
		}
	}
	slices.SortFunc(sorted, func(a, b region) int { return int(min(max(a.at-b.at, -1), 1)) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i-1].at+sorted[i-1].size > sorted[i].at {
			return nil, damaged("two entries of its archive overlap")
		}
	}
	return all, nil
}

func (f *File) bytesOf(e *zip.File, regions map[string]region, most int64) ([]byte, error) {
	r := regions[e.Name]
	switch {
	case e.Method != zip.Store:
		return nil, packed(e)
	case r.size > most:
		return nil, damaged("%s has %d bytes, and %d are the most that is read", e.Name, r.size, most)
	}
	b := make([]byte, r.size)
	if _, err := io.ReadFull(io.NewSectionReader(f.r, r.at, r.size), b); err != nil {
		return nil, damaged("%s ends early", e.Name)
	}
	return b, nil
}

// storageID reads ("storage", class, key, device, elements, view).
func storageID(id any) (key string, kind dtype, count int64, ok bool) {
	l, _ := id.(*List)
	if l == nil || len(l.Items) < 5 || l.Items[0] != "storage" {
		return
	}
	c, ok1 := l.Items[1].(class)
	key, ok2 := l.Items[2].(string)
	count, ok3 := l.Items[4].(int64)
	name, ok4 := strings.CutPrefix(string(c), "torch.")
	name, ok5 := strings.CutSuffix(name, "Storage")
	if !(ok1 && ok2 && ok3 && ok4 && ok5) {
		return
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 { // torch.cuda.FloatStorage
		name = name[i+1:]
	}
	if kind, ok = dtypes[name]; !ok {
		kind, ok = dtype{name: strings.ToLower(name), bytes: 1}, true
	}
	return key, kind, count, ok
}
