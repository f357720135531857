package data

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/annotation"
	"github.com/assaylab/assay/internal/format"
)

// Boxes as COCO has them: JSON files that list the pictures, their boxes and the classes.

// readCOCO reads the JSON files, one a part where there are several.
func (s *Set) readCOCO(ctx context.Context, f *fileNames, b *boxes) error {
	ends := map[string][]string{} // pictures by the last part of their path
	for _, p := range f.pictures {
		ends[path.Base(p)] = append(ends[path.Base(p)], p)
	}
	of := map[string]string{} // the file that a picture was found in
	err := s.read(ctx, f.json, func(name string, r io.Reader) error {
		got, err := annotation.COCO(r)
		if err != nil {
			return fmt.Errorf("%s/%s: %w; correct it or list it under data.skip", s.tree.Root, name, err)
		}
		for _, c := range got.Categories {
			if !slices.Contains(b.layout.Classes, c) {
				b.layout.Classes = append(b.layout.Classes, c)
			}
		}
		for _, a := range got.Amiss {
			b.amiss = append(b.amiss, amiss{name, a})
		}
		for _, m := range got.Images {
			p, many := cocoPicture(ends, name, m.File)
			switch {
			case p == "" && m.File == "":
				b.leave(name, "an image without file_name", "write its name or take it away")
			case p == "":
				b.leave(name, fmt.Sprintf("%s, which it lists, is not there", m.File), "add the picture or take it out of the list")
			case many:
				b.leave(name, fmt.Sprintf("%s is the name of several pictures, %s among them", m.File, p), "write the folder in front of its name")
			case of[p] != "":
				b.leave(name, fmt.Sprintf("%s, which it lists, is listed already in %s", m.File, of[p]), "keep it once")
			default:
				of[p] = name
				b.add(p, cocoPart(name), name, m)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	parts := map[string]Split{}
	for _, p := range b.layout.Places {
		if p.Split != format.Unsplit {
			parts[p.Name] = p.Split
		}
	}
	if len(f.json) == 1 || len(parts) < len(b.layout.Places) {
		var names []string
		for _, p := range b.layout.Places {
			names = append(names, p.Name)
		}
		parts = byFolder(names)
	}
	parts = uncut(parts)
	for i := range b.layout.Places {
		b.layout.Places[i].Split = parts[b.layout.Places[i].Name]
	}
	b.unsaid(f, of, unlisted, "list it there, without annotations if it shows none, or under data.skip")
	b.sort()
	b.classOf = numbered(b.layout.Classes)
	return nil
}

// cocoPicture is the picture that a file_name means: one whose path ends so, of several the one whose folders agree most with the JSON file's
// and its name.
func cocoPicture(ends map[string][]string, from, file string) (picture string, many bool) {
	file = strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(file, `\`, "/")), "/")
	near := ends[path.Base(file)]
	var of []string
	for _, p := range near {
		if p == file || strings.HasSuffix(p, "/"+file) {
			of = append(of, p)
		}
	}
	if len(of) == 0 { // a folder of whoever wrote it
		of = near
	}
	score := -1
	for _, p := range of {
		n := 2 * agree(path.Dir(from), path.Dir(p))
		if part := cocoPart(from); part != format.Unsplit && slices.ContainsFunc(strings.Split(path.Dir(p), "/"), func(folder string) bool { return partOf(folder) == part }) {
			n++
		}
		switch {
		case n > score:
			picture, score, many = p, n, false
		case n == score:
			many = true
		}
	}
	return picture, many
}

// cocoPart is the part that a JSON file is of: instances_train2017.json, valid/_annotations.coco.json.
func cocoPart(name string) Split {
	words := strings.FieldsFunc(stem(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' })
	for _, word := range append(words, strings.Split(path.Dir(name), "/")...) {
		if part := partOf(word); part != format.Unsplit {
			return part
		}
	}
	return format.Unsplit
}

// instances are the JSON files that hold COCO's instances, by what they begin with.
func (s *Set) instances(ctx context.Context, f *fileNames) ([]string, error) {
	var files []string
	for _, n := range f.json {
		if len(f.stems[stem(n)]) == 0 { // else a note of one picture
			files = append(files, n)
		}
	}
	if s.spec.Format == "" && len(files) > fewFiles {
		return nil, nil
	}
	var of, others []string
	err := s.read(ctx, files, func(name string, r io.Reader) error {
		head, _ := io.ReadAll(io.LimitReader(r, headBytes))
		for _, key := range []string{`"images"`, `"annotations"`, `"categories"`} {
			if bytes.Contains(head, []byte(key)) {
				for _, other := range []string{"captions", "person_keypoints", "panoptic", "stuff", "image_info"} { // COCO's other tasks, on the same pictures
					if strings.HasPrefix(path.Base(name), other) {
						others = append(others, name)
						return nil
					}
				}
				of = append(of, name)
				break
			}
		}
		return nil
	})
	if len(of) == 0 {
		of = others
	}
	slices.Sort(of)
	return of, err
}
