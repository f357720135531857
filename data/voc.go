package data

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/annotation"
	"github.com/assaylab/assay/internal/format"
)

// Boxes as Pascal VOC has them: an XML file a picture, and lists of the parts.

// readVOC reads a file a picture. Parts are those of ImageSets/Main, or folders.
func (s *Set) readVOC(ctx context.Context, f *fileNames, b *boxes) error {
	pictures := b.pair(f, f.paired(f.xml), "write an XML file of that name, without objects if it shows none")
	for _, a := range f.xml {
		if len(f.stems[stem(a)]) == 0 {
			b.leave(a, "an annotation whose picture is not there", "add the picture or list it under data.skip")
		}
	}
	parts, err := s.lists(ctx, f, b)
	if err != nil {
		return err
	}
	var classes []string
	err = s.read(ctx, f.paired(f.xml), func(name string, r io.Reader) error {
		p, ok := pictures[name]
		if !ok {
			return nil
		}
		part, ok := parts[p]
		if parts != nil && !ok {
			return nil // told by lists
		}
		m, err := annotation.VOC(r)
		if err != nil {
			b.leave(name, err.Error(), "correct it, or list the picture under data.skip")
			return nil
		}
		for _, o := range m.Objects {
			classes = append(classes, o.Class)
		}
		if len(classes) > 1<<16 {
			classes = format.Classes(classes)
		}
		b.add(p, part, name, m)
		return nil
	})
	b.sort()
	b.layout.Classes = format.Classes(classes)
	b.classOf = numbered(b.layout.Classes)
	return err
}

// lists are the parts of pictures by the files of ImageSets/Main, train, val, trainval and test, a name a line; where there are none, by folders.
// A picture in several lists belongs to the last of train, val and test.
func (s *Set) lists(ctx context.Context, f *fileNames, b *boxes) (map[string]Split, error) {
	listed := map[Split]map[string]bool{} // by root and stem
	both := map[string]bool{}             // of trainval
	var files []string
	for _, n := range f.text {
		if dir := path.Dir(n); strings.EqualFold(path.Base(dir), "Main") && strings.EqualFold(path.Base(path.Dir(dir)), "ImageSets") && slices.Contains([]string{"train", "val", "test", "trainval"}, stem(n)) {
			files = append(files, n)
		}
	}
	if len(files) == 0 {
		return byFolder(f.pictures), nil
	}
	key := func(root, stem string) string { return path.Join(root, stem) }
	at := map[string]string{} // pictures by key
	for _, p := range f.pictures {
		at[key(path.Dir(path.Dir(p)), stem(p))] = p
	}
	absent, first := 0, ""
	err := s.read(ctx, files, func(name string, r io.Reader) error {
		text, err := format.ReadAll(r, 64<<20)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", s.tree.Root, name, err)
		}
		root, in := path.Dir(path.Dir(path.Dir(name))), both
		if part := format.PartOf(stem(name)); part != format.Unsplit {
			if listed[part] == nil {
				listed[part] = map[string]bool{}
			}
			in = listed[part]
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(strings.TrimPrefix(line, "\ufeff"))
			if len(words) == 0 {
				continue
			}
			word := path.Base(strings.ReplaceAll(words[0], `\`, "/"))
			if format.IsPicture(word) {
				word = stem(word)
			}
			p, ok := at[key(root, word)]
			if !ok {
				if absent++; absent == 1 {
					first = word + " of " + name
				}
				continue
			}
			in[p] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if absent > 0 {
		b.doubts = append(b.doubts, Doubt{Kind: DoubtBoxes, What: fmt.Sprintf("%s of ImageSets/Main %s no picture", count(absent, "name"), verb(absent, "is that of", "are those of")), Examples: []string{first}, Mend: "add the pictures or take the names away"})
	}
	if listed[format.Train] == nil && listed[format.Val] == nil {
		listed[format.Train] = both
	}
	parts := map[string]Split{}
	twice := Doubt{Kind: DoubtLeak, Mend: "take them out of the others"}
	n := 0
	for _, part := range []Split{format.Train, format.Val, format.Test} {
		for _, p := range f.pictures {
			if !listed[part][p] {
				continue
			}
			if was, ok := parts[p]; ok {
				n++
				twice.example("%s (%s and %s)", p, was, part)
			}
			parts[p] = part
		}
	}
	if n > 0 {
		twice.What = fmt.Sprintf("%s %s in two lists of ImageSets/Main, and %s to the last of train, val and test", count(n, "picture"), verb(n, "is", "are"), verb(n, "belongs", "belong"))
		b.doubts = append(b.doubts, twice)
	}
	var out []string
	for _, p := range f.pictures {
		if _, ok := parts[p]; !ok {
			out = append(out, p)
		}
	}
	b.leaveAll(out, "in none of the lists of ImageSets/Main", "add it to one, or list it under data.skip")
	return uncut(parts), nil
}
