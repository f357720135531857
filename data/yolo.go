package data

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/annotation"
	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/spec"
)

// yoloConfig is what a data.yaml says: the names of the classes and where the parts lie.
type yoloConfig struct {
	file  string
	names []string
	where string // "path", below the folder of the file
	parts map[Split][]string
}

// maxConfig bounds a data.yaml.
const maxConfig = 1 << 20

// dataYAML reads the data.yaml of a folder: a YAML file of the folder with names (or nc) and train or val. It is nil where there is none; of several the one that
// lies the highest and is called data.yaml.
func (s *Set) dataYAML(ctx context.Context, f *fileNames) (*yoloConfig, error) {
	files := slices.Clone(f.yaml)
	rank := func(name string) int {
		n := 2 * strings.Count(name, "/")
		if stem(name) != "data" {
			n++
		}
		return n
	}
	slices.SortStableFunc(files, func(a, b string) int { return rank(a) - rank(b) })
	files = files[:min(len(files), fewFiles)]
	found := map[string]*yoloConfig{}
	err := s.read(ctx, files, func(name string, r io.Reader) error {
		text, err := format.ReadAll(r, maxConfig)
		if err == nil {
			found[name], err = s.yoloConfig(name, text)
		}
		if err != nil && (s.spec.Format == YOLO || stem(name) == "data" && len(f.paired(f.text)) > 0) {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if c := found[name]; c != nil {
			return c, nil
		}
	}
	return nil, nil
}

// yoloConfig reads the text of a data.yaml, nil where it is something else.
func (s *Set) yoloConfig(name string, text []byte) (*yoloConfig, error) {
	n, err := spec.Parse(path.Join(s.tree.Root, name), text)
	if err != nil {
		return nil, err
	}
	if n.Kind != spec.Map || n.Get("names") == nil && n.Get("nc") == nil || n.Get("train") == nil && n.Get("val") == nil {
		return nil, nil
	}
	c := &yoloConfig{file: name, parts: map[Split][]string{}}
	if where := n.Get("path"); where != nil && where.Kind == spec.Scalar {
		if c.where = slashes(where.Text()); path.IsAbs(c.where) || escapes(c.where) { // the place of whoever wrote it
			c.where = ""
		}
	}
	switch names := n.Get("names"); {
	case names == nil:
		nc, err := n.Get("nc").Int()
		if err != nil {
			return nil, err
		}
		if nc < 1 || nc > 1<<16 {
			return nil, n.Get("nc").Errorf("nc: %d classes; give 1 to %d", nc, 1<<16)
		}
		for k := range nc {
			c.names = append(c.names, strconv.Itoa(k))
		}
	case names.Kind == spec.List:
		for _, item := range names.Items() {
			c.names = append(c.names, item.Text())
		}
	case names.Kind == spec.Map: // number: name
		of := map[int]string{}
		most := -1
		for key, value := range names.Pairs() {
			k, err := strconv.Atoi(key.Text())
			if err != nil || k < 0 || k > 1<<16 {
				return nil, names.Errorf("names: %q is no number of a class; give 0 to %d", key.Text(), 1<<16)
			}
			of[k], most = value.Text(), max(most, k)
		}
		for k := range most + 1 {
			if of[k] == "" {
				of[k] = strconv.Itoa(k) // a hole
			}
			c.names = append(c.names, of[k])
		}
	default:
		return nil, names.Errorf("names: give a list, or a map of numbers to names")
	}
	for _, key := range []string{"train", "val", "test"} {
		entry, part := n.Get(key), format.PartOf(key)
		switch {
		case entry == nil:
		case entry.Kind == spec.List:
			for _, item := range entry.Items() {
				c.parts[part] = append(c.parts[part], slashes(item.Text()))
			}
		case entry.Kind == spec.Scalar:
			if text := entry.Text(); text != "" && text != "null" && text != "~" {
				c.parts[part] = append(c.parts[part], slashes(text))
			}
		}
	}
	return c, nil
}

func slashes(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// escapes tells whether a relative path leads out of where it begins.
func escapes(name string) bool {
	return name == ".." || strings.HasPrefix(path.Clean(name), "../") || path.Clean(name) == ".."
}

// split gives each picture the part that data.yaml puts it in; nil where it says nothing. Nothing outside of the folder is looked at: a path that
// leads out of it, as Roboflow's ../train/images do, is taken without the way out where pictures lie there, and refused else.
func (s *Set) split(ctx context.Context, f *fileNames, c *yoloConfig, b *boxes) (map[string]Split, error) {
	if len(c.parts) == 0 {
		return byFolder(f.pictures), nil
	}
	parts, lists := map[string]Split{}, map[string]Split{}
	shared := 0
	put := func(p string, part Split) {
		if was, ok := parts[p]; ok && was != part {
			shared++
		}
		parts[p] = part
	}
	for _, part := range []Split{format.Train, format.Val, format.Test} {
		for _, entry := range c.parts[part] {
			below, wayOut := s.below(f, c, entry)
			where := fmt.Sprintf("%s: %s: %q", path.Join(s.tree.Root, c.file), part, entry)
			switch {
			case below == "" && part == format.Test:
				b.doubts = append(b.doubts, Doubt{Kind: DoubtBoxes, What: fmt.Sprintf("test of %s is %s, where no picture of the folder lies", c.file, entry), Mend: "correct it or take it away"})
				continue
			case below != "" && wayOut:
				b.doubts = append(b.doubts, Doubt{Kind: DoubtBoxes, What: fmt.Sprintf("%s of %s points outside of the folder (%s) and is taken as %s, which lies in it", part, c.file, entry, below), Mend: "write it so"})
			case below == "" && wayOut:
				return nil, fmt.Errorf("%s points outside of the folder, where nothing is read; write a path below it", where)
			case below == "":
				return nil, fmt.Errorf("%s: no picture lies there; correct it", where)
			}
			if strings.EqualFold(path.Ext(below), ".txt") {
				lists[below] = part
				continue
			}
			for _, p := range f.pictures {
				if below == "." || strings.HasPrefix(p, below+"/") {
					put(p, part)
				}
			}
		}
	}
	if len(lists) > 0 {
		known := map[string]bool{}
		for _, p := range f.pictures {
			known[p] = true
		}
		files := make([]string, 0, len(lists))
		for name := range lists {
			files = append(files, name)
		}
		err := s.read(ctx, files, func(name string, r io.Reader) error {
			text, err := format.ReadAll(r, 64<<20)
			if err != nil {
				return fmt.Errorf("%s/%s: %w", s.tree.Root, name, err)
			}
			absent, first := 0, ""
			for line := range strings.Lines(string(text)) {
				if line = slashes(strings.TrimSpace(line)); line == "" {
					continue
				}
				p := path.Join(path.Dir(name), line)
				if !known[p] {
					p = path.Join(path.Dir(c.file), c.where, line)
				}
				if !known[p] {
					if absent++; absent == 1 {
						first = line
					}
					continue
				}
				put(p, lists[name])
			}
			if absent > 0 {
				b.doubts = append(b.doubts, Doubt{Kind: DoubtBoxes, What: fmt.Sprintf("%s of %s %s no picture of the folder", count(absent, "line"), name, verb(absent, "names", "name")), Examples: []string{first}, Mend: "add the pictures or take the lines away"})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if shared > 0 {
		b.doubts = append(b.doubts, Doubt{Kind: DoubtLeak, What: fmt.Sprintf("%s %s in two parts of %s, and %s to the last of train, val and test", count(shared, "picture"), verb(shared, "is", "are"), c.file, verb(shared, "belongs", "belong")), Mend: "give each part pictures of its own"})
	}
	train := false
	for _, part := range parts {
		train = train || part == format.Train
	}
	if !train { // train and val are one folder: it is cut as one without parts is
		for p, part := range parts {
			if part == format.Val {
				parts[p] = format.Train
			}
		}
	}
	return uncut(parts), nil
}

// below is the folder or list of the tree that an entry means, "" where there is none, and whether it has a way out.
func (s *Set) below(f *fileNames, c *yoloConfig, entry string) (place string, wayOut bool) {
	dir := path.Dir(c.file)
	full := path.Join(dir, c.where, entry)
	if path.IsAbs(entry) {
		wayOut = true
	}
	if wayOut = wayOut || escapes(full); wayOut {
		inner := entry
		for strings.HasPrefix(inner, "../") {
			inner = inner[3:]
		}
		if path.IsAbs(entry) {
			return "", true
		}
		full = path.Join(dir, inner)
	}
	for _, at := range []string{full, path.Join(dir, entry)} {
		if escapes(at) {
			continue
		}
		if slices.Contains(f.text, at) || slices.ContainsFunc(f.pictures, func(p string) bool { return at == "." || strings.HasPrefix(p, at+"/") }) {
			return at, wayOut
		}
	}
	return "", wayOut
}

// namesFile tells a file that lists names of classes, or something for people.
func namesFile(name string) bool {
	base := strings.ToLower(path.Base(name))
	return base == "classes.txt" || base == "predefined_classes.txt" || strings.HasSuffix(base, ".names") || strings.HasSuffix(base, ".labels")
}

// readYOLO reads a file a picture. Names and parts are those of data.yaml, or of classes.txt and folders.
func (s *Set) readYOLO(ctx context.Context, f *fileNames, b *boxes) error {
	c, err := s.dataYAML(ctx, f)
	if err != nil {
		return err
	}
	var parts map[string]Split
	if c != nil {
		if parts, err = s.split(ctx, f, c, b); err != nil {
			return err
		}
		b.layout.Classes = c.names
	} else {
		parts = byFolder(f.pictures)
		if b.layout.Classes, err = s.classNames(ctx, f); err != nil {
			return err
		}
	}
	if parts != nil {
		var kept, out []string
		for _, p := range f.pictures {
			if _, ok := parts[p]; ok {
				kept = append(kept, p)
			} else {
				out = append(out, p)
			}
		}
		f.pictures = kept
		for name, of := range f.stems {
			f.stems[name] = slices.DeleteFunc(of, func(p string) bool { _, ok := parts[p]; return !ok })
		}
		if c != nil {
			b.leaveAll(out, "in none of the parts of "+c.file, "add its folder there, or list it under data.skip")
		}
	}
	labels := f.paired(f.text)
	folders := map[string]bool{}
	for _, n := range labels {
		folders[path.Dir(n)] = true
	}
	for _, n := range f.text {
		if name := strings.ToLower(stem(n)); folders[path.Dir(n)] && len(f.stems[stem(n)]) == 0 && !namesFile(n) && !strings.HasPrefix(name, "readme") && format.PartOf(name) == format.Unsplit {
			b.leave(n, "labels whose picture is not there", "add the picture or list it under data.skip")
		}
	}
	pictures := b.pair(f, labels, "write an empty text file of that name if it shows nothing, or list it under data.skip")
	most := -1
	err = s.read(ctx, labels, func(name string, r io.Reader) error {
		p, ok := pictures[name]
		if !ok {
			return nil
		}
		m, err := annotation.YOLO(r)
		if err != nil {
			b.leave(name, err.Error(), "correct it, or list the picture under data.skip")
			return nil
		}
		for _, o := range m.Objects {
			if k, _ := strconv.Atoi(o.Class); k < 1<<16 {
				most = max(most, k)
			}
		}
		b.add(p, parts[p], name, m)
		return nil
	})
	if err != nil {
		return err
	}
	if b.layout.Classes == nil {
		for k := range most + 1 {
			b.layout.Classes = append(b.layout.Classes, strconv.Itoa(k))
		}
	}
	b.sort()
	classes := len(b.layout.Classes)
	b.classOf = func(name string) (int32, bool) {
		k, err := strconv.Atoi(name)
		return int32(k), err == nil && k >= 0 && k < classes
	}
	return nil
}

// classNames are those of the file that lists them, one a line, nil where there is none.
func (s *Set) classNames(ctx context.Context, f *fileNames) (names []string, err error) {
	best := ""
	for _, n := range f.text {
		if namesFile(n) && (best == "" || strings.Count(n, "/") < strings.Count(best, "/")) {
			best = n
		}
	}
	if best == "" {
		return nil, nil
	}
	err = s.read(ctx, []string{best}, func(name string, r io.Reader) error {
		text, err := format.ReadAll(r, maxConfig)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", s.tree.Root, name, err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")); line != "" {
				names = append(names, line)
			}
		}
		return nil
	})
	return names, err
}
