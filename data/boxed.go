package data

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/annotation"
	"github.com/assaylab/assay/internal/format"
)

// Which pictures of a folder have which boxes. Names say how it is laid out, annotations what the pictures show; nothing is settled before a
// picture has been looked at, as its size decides what of a box lies in it.

// The formats of boxes, values of Spec.Format.
const (
	VOC  = "voc"
	COCO = "coco"
	YOLO = "yolo"
)

// boxes is what a folder says of its pictures.
type boxes struct {
	format  string
	layout  format.Layout // the pictures that have an annotation, their labels not known yet
	said    []annotation.Image
	source  []string // by place, the file that says it
	classOf func(string) (int32, bool)
	amiss   []amiss // of files, not of pictures
	doubts  []Doubt
}

// amiss is something wrong with an object, and where it stands.
type amiss struct {
	file string
	annotation.Amiss
}

// fault is how a person is told.
func (a amiss) fault() Fault {
	f := Fault{File: a.file, What: a.What, Mend: mends[a.Rule]}
	if a.Object > 0 {
		f.What = fmt.Sprintf("object %d: %s", a.Object, a.What)
	}
	return f
}

var mends = map[annotation.Rule]string{
	annotation.Unreadable: "the box is left out; write its four numbers",
	annotation.Quoted:     "it is read; write numbers without quotes",
	annotation.Flat:       "the box is left out; correct it or take it away",
	annotation.Outside:    "the box is left out; correct it or take it away",
	annotation.Beyond:     "it is cut off at the edge; correct it if it is of another picture",
	annotation.Unknown:    "the box is left out; name its class or take it away",
	annotation.Twice:      "it is taken once; take one away",
	annotation.Unit:       "the box is left out; write it in the unit of the format",
	annotation.Turned:     "boxes are turned with the picture; nothing is to be done if they lie right (assay data show)",
	annotation.Scaled:     "boxes are scaled; nothing is to be done if they lie right (assay data show)",
	annotation.Strange:    "the picture is left out; give it its own annotation",
	annotation.Stray:      "it is left out; correct the id or take it away",
	annotation.Repeated:   "the second is left out; give it an id of its own",
}

// names are the files of a folder by what they are called.
type fileNames struct {
	pictures, xml, json, text, yaml []string
	stems                           map[string][]string // pictures by their name without folder and ending
}

func namesOf(names []string) (f fileNames) {
	for _, n := range names {
		switch ext := strings.ToLower(path.Ext(n)); {
		case strings.HasSuffix(n, "/"):
		case format.IsPicture(n):
			f.pictures = append(f.pictures, n)
		case ext == ".xml":
			f.xml = append(f.xml, n)
		case ext == ".json":
			f.json = append(f.json, n)
		case ext == ".txt" || ext == ".names" || ext == ".labels":
			f.text = append(f.text, n)
		case ext == ".yaml" || ext == ".yml":
			f.yaml = append(f.yaml, n)
		}
	}
	if len(f.xml)+len(f.json)+len(f.text) > 0 {
		f.stems = make(map[string][]string, len(f.pictures))
		for _, n := range f.pictures {
			f.stems[stem(n)] = append(f.stems[stem(n)], n)
		}
	}
	return f
}

func stem(name string) string {
	base := path.Base(name)
	return strings.TrimSuffix(base, path.Ext(base))
}

// paired are those of some files that are called as a picture is.
func (f *fileNames) paired(files []string) (of []string) {
	for _, n := range files {
		if len(f.stems[stem(n)]) > 0 {
			of = append(of, n)
		}
	}
	return of
}

// in tells whether one of the files lies in a folder of a name, in any case.
func in(files []string, folder string) bool {
	return slices.ContainsFunc(files, func(n string) bool {
		return slices.ContainsFunc(strings.Split(path.Dir(n), "/"), func(part string) bool { return strings.EqualFold(part, folder) })
	})
}

// boxes finds the boxes of a folder: as Spec.Format says, or by looking. It is nil where the folder has none.
func (s *Set) boxes(ctx context.Context, names []string) (*boxes, error) {
	f := namesOf(names)
	kinds, err := s.boxFormats(ctx, &f)
	if err != nil {
		return nil, err
	}
	switch said := s.spec.Format; {
	case said == "" && len(kinds) == 0:
		return nil, nil
	case said != "" && !slices.Contains(kinds, said):
		want := map[string]string{VOC: "XML files named as the pictures are", COCO: "JSON file with images, annotations and categories", YOLO: "text files named as the pictures are"}
		return nil, fault("format", "format: %s has no %s; correct format or take it away", s.tree.Root, want[said])
	case said == "" && len(kinds) > 1:
		return nil, fmt.Errorf("%s: boxes in several formats, %s; write the one that is meant, as in format: %s", s.tree.Root, strings.Join(kinds, " and "), kinds[0])
	case said != "":
		kinds = []string{said}
	}
	b := &boxes{format: kinds[0]}
	switch b.format {
	case VOC:
		err = s.readVOC(ctx, &f, b)
	case COCO:
		err = s.readCOCO(ctx, &f, b)
	default:
		err = s.readYOLO(ctx, &f, b)
	}
	return b, err
}

// boxFormats are the formats that a folder's files look like. Without Spec.Format it takes more than a name: a folder of classes may hold
// notes of its own beside the pictures.
func (s *Set) boxFormats(ctx context.Context, f *fileNames) (kinds []string, err error) {
	asked := s.spec.Format != ""
	most := func(files []string) bool { return len(files) > 0 && 2*len(files) >= len(f.pictures) }
	if xml := f.paired(f.xml); len(xml) > 0 && (asked || most(xml) || in(xml, "Annotations")) {
		heads, err := s.heads(ctx, xml[:min(len(xml), fewFiles)])
		if err != nil {
			return nil, err
		}
		if asked || slices.ContainsFunc(heads, func(h []byte) bool { return bytes.Contains(h, []byte("<annotation")) }) {
			kinds = append(kinds, VOC)
		}
	}
	if files, err := s.instances(ctx, f); err != nil {
		return nil, err
	} else if len(files) > 0 {
		f.json = files
		kinds = append(kinds, COCO)
	}
	text := f.paired(f.text)
	config, err := s.dataYAML(ctx, f)
	if err != nil {
		return nil, err
	}
	switch {
	case config == nil && len(text) == 0 || len(f.pictures) == 0:
	case asked, config != nil:
		kinds = append(kinds, YOLO)
	case most(text) || in(text, "labels"):
		heads, err := s.heads(ctx, text[:min(len(text), fewFiles)])
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(heads, isLabels) {
			kinds = append(kinds, YOLO)
		}
	}
	return kinds, nil
}

// fewFiles is how many files of a kind are looked into to tell the kind, and headBytes how far.
const (
	fewFiles  = 32
	headBytes = 1 << 16
)

// isLabels tells whether a text begins with a line of YOLO's labels.
func isLabels(head []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(head), []byte("\n"))
	m, err := annotation.YOLO(bytes.NewReader(line))
	return err == nil && len(m.Objects) == 1
}

// heads are the beginnings of files, in the order of the tree.
func (s *Set) heads(ctx context.Context, files []string) (heads [][]byte, err error) {
	err = s.read(ctx, files, func(_ string, r io.Reader) error {
		head, _ := io.ReadAll(io.LimitReader(r, headBytes)) // one that cannot be read is told when it is read
		heads = append(heads, head)
		return nil
	})
	return heads, err
}

// read visits files of the tree.
func (s *Set) read(ctx context.Context, files []string, visit func(name string, r io.Reader) error) error {
	want := make(map[string]bool, len(files))
	for _, n := range files {
		want[n] = true
	}
	return s.tree.Each(ctx, func(name string) bool { return want[name] }, func(name string, _ int64, r io.Reader) error {
		return visit(name, r)
	})
}

// add takes a picture with what is said of it in a file.
func (b *boxes) add(picture string, split Split, source string, m annotation.Image) {
	b.layout.Places = append(b.layout.Places, format.Place{Name: picture, Split: split})
	b.said, b.source = append(b.said, m), append(b.source, source)
}

// leave notes a picture or an annotation that is left out.
func (b *boxes) leave(name, what, mend string) {
	b.layout.Strays = append(b.layout.Strays, format.Stray{Name: name, What: what, Mend: mend})
}

// sort puts pictures into the order of their names.
func (b *boxes) sort() {
	order := make([]int, len(b.said))
	for i := range order {
		order[i] = i
	}
	places, said, source := b.layout.Places, b.said, b.source
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(places[i].Name, places[j].Name) })
	b.layout.Places, b.said, b.source = nil, nil, nil
	for _, i := range order {
		b.add(places[i].Name, places[i].Split, source[i], said[i])
	}
}

// pair finds for each of some annotations the picture of its name: of several that whose folders agree most with its own, from the
// front and from the back, so that labels/val/a.txt is of images/val/a.jpg. Pictures and annotations without a partner are left out.
func (b *boxes) pair(f *fileNames, annotations []string, missing string) (pictures map[string]string) {
	pictures = map[string]string{}
	of := map[string]string{}
	for _, a := range annotations {
		best, score, tie := "", -1, false
		for _, p := range f.stems[stem(a)] {
			switch n := agree(path.Dir(a), path.Dir(p)); {
			case n > score:
				best, score, tie = p, n, false
			case n == score:
				tie = true
			}
		}
		switch {
		case score < 0:
			b.leave(a, "no picture is called so", "add the picture or list it under data.skip")
		case tie:
			b.leave(a, "two pictures are called so, "+best+" among them", "give each a name of its own")
		case of[best] != "":
			b.leave(a, "the annotation of "+best+", which has another, "+of[best], "keep one")
		default:
			pictures[a], of[best] = best, a
		}
	}
	b.unsaid(f, of, unlabelled, missing)
	return pictures
}

// What is wrong with a picture of which nothing is said.
const (
	unlabelled = "a picture without annotation"
	unlisted   = "a picture that no JSON file lists"
)

// unsaid leaves out the pictures that nothing is said of, one by one, and counts them.
func (b *boxes) unsaid(f *fileNames, of map[string]string, what, mend string) {
	d, n := Doubt{Kind: DoubtUnsaid, Mend: mend}, 0
	for _, p := range f.pictures {
		if of[p] == "" {
			n++
			b.leave(p, what, mend)
			d.example("%s", p)
		}
	}
	if d.What = count(n, "picture") + strings.TrimPrefix(what, "a picture") + ", left out"; n > 0 {
		b.doubts = append(b.doubts, d)
	}
}

// agree counts the folders that two paths share, from the front and from the back.
func agree(a, b string) (n int) {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y, n = x[1:], y[1:], n+1
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y, n = x[:len(x)-1], y[:len(y)-1], n+1
	}
	return n
}

// byFolder are the parts of pictures that all lie in a folder named after one, in more than one part; else nil. COCO's train2017 is one.
func byFolder(pictures []string) map[string]Split {
	of, seen := make(map[string]Split, len(pictures)), map[Split]bool{}
	for _, p := range pictures {
		part := format.Unsplit
		for _, folder := range strings.Split(path.Dir(p), "/") {
			if part = partOf(folder); part != format.Unsplit {
				break
			}
		}
		if part == format.Unsplit {
			return nil
		}
		of[p], seen[part] = part, true
	}
	if len(seen) < 2 {
		return nil
	}
	return of
}

// partOf is the part that a word stands for, digits at its end aside.
func partOf(word string) Split { return format.PartOf(strings.TrimRight(word, "0123456789")) }

// numbered gives names their places in a list.
func numbered(classes []string) func(string) (int32, bool) {
	at := make(map[string]int32, len(classes))
	for i := len(classes) - 1; i >= 0; i-- {
		at[classes[i]] = int32(i)
	}
	return func(name string) (int32, bool) {
		k, ok := at[name]
		return k, ok
	}
}

// leaveAll notes pictures that are left out for one reason as one stray.
func (b *boxes) leaveAll(names []string, what, mend string) {
	if n := len(names); n > 1 {
		what += ", like " + count(n-1, "other picture")
	}
	if len(names) > 0 {
		b.leave(names[0], what, mend)
	}
}

// uncut makes one part of a set that has train alone.
func uncut(parts map[string]Split) map[string]Split {
	for _, part := range parts {
		if part != format.Train {
			return parts
		}
	}
	for p := range parts {
		parts[p] = format.Unsplit
	}
	return parts
}

// settle holds what is said against the pictures that were found, in the places of the layout: it gives each its label, the class that is
// rarest among all pictures of those that it shows, and its objects. Pictures that cannot be used become faults.
func (l *listing) settle(b *boxes, found []finding) {
	l.of = make([][]box.Object, len(found))
	wrong := slices.Clone(b.amiss)
	shows := make([]int, len(l.Classes)) // pictures by class
	for at := range found {
		f := &found[at]
		if f.err != nil {
			continue
		}
		objects, all, err := annotation.Settle(b.said[at], f.h, f.w, f.turned, b.classOf)
		for _, a := range all {
			wrong = append(wrong, amiss{b.source[at], a})
		}
		if err != nil {
			f.err = &format.Fault{What: err.Error(), Mend: "give it its own annotation, or list it under data.skip"}
			wrong = append(wrong, amiss{b.source[at], annotation.Amiss{Rule: annotation.Strange, What: "its size is another than the picture's"}})
			continue
		}
		l.of[at] = objects
		for k, o := range objects {
			if k == 0 || objects[k-1].Class != o.Class { // they are sorted by class
				shows[o.Class]++
			}
		}
	}
	for at, objects := range l.of {
		label := int32(0)
		for k, o := range objects {
			if k == 0 || shows[o.Class] < shows[label] {
				label = o.Class
			}
		}
		b.layout.Places[at].Label = label
	}
	l.Doubts = append(l.Doubts, b.doubts...)
	l.amissed(wrong)
}

// amissed notes what is wrong with objects: all of it as faults of theirs, and of each rule a doubt with examples.
func (l *listing) amissed(wrong []amiss) {
	counts := map[annotation.Rule]*Doubt{}
	n := map[annotation.Rule]int{}
	var rules []annotation.Rule
	slices.SortStableFunc(wrong, func(a, b amiss) int { return strings.Compare(a.file, b.file) })
	for _, a := range wrong {
		f := a.fault()
		if l.Wrong++; len(l.Amiss) < maxAmiss {
			l.Amiss = append(l.Amiss, f)
		}
		if counts[a.Rule] == nil {
			counts[a.Rule] = &Doubt{Kind: DoubtBoxes}
			rules = append(rules, a.Rule)
		}
		n[a.Rule]++
		counts[a.Rule].example("%s: %s", f.File, f.What)
	}
	slices.Sort(rules)
	for _, rule := range rules {
		d := counts[rule]
		noun := "box"
		switch rule {
		case annotation.Turned, annotation.Scaled, annotation.Strange:
			noun = "annotation"
		case annotation.Repeated:
			noun = "id"
		}
		d.What = boxCount(n[rule], noun) + " " + rule.String()
		l.Doubts = append(l.Doubts, *d)
	}
}

// maxAmiss bounds what a listing keeps of objects that are wrong; more are counted.
const maxAmiss = 10_000

func boxCount(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "box":
		return strconv.Itoa(n) + " boxes"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
