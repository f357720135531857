package annotation

import (
	"bytes"
	"testing"

	"github.com/assaylab/assay/data/box"
)

// settles holds an image against pictures: what comes out lies in them.
func settles(t *testing.T, m Image) {
	any := func(name string) (int32, bool) { return 0, name != "" }
	for orientation := range 10 {
		objects, _, err := Settle(m, 30, 40, orientation, any)
		if err != nil {
			continue
		}
		for i, o := range objects {
			if o.Box.Empty() || o.Box.Intersect(box.Box{X1: 40, Y1: 30}) != o.Box {
				t.Fatalf("%v does not lie in the picture", o)
			}
			if i > 0 && Compare(objects[i-1], o) > 0 {
				t.Fatalf("%v before %v", objects[i-1], o)
			}
		}
	}
}

func FuzzVOC(f *testing.F) {
	f.Add([]byte(head + object("cat", "3,4,5,6") + "</annotation>"))
	f.Add([]byte("<?xml version='1.0' encoding='latin1'?><!DOCTYPE a [<!ENTITY b 'c'>]><annotation>&b;</annotation>"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if m, err := VOC(bytes.NewReader(file)); err == nil {
			settles(t, m)
		}
	})
}

func FuzzCOCO(f *testing.F) {
	f.Add([]byte(instances(`{"id": 1, "file_name": "a\u00e4\ud83d\ude00.jpg", "width": 40, "height": 30}`, `{"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4.5e0]}`, `{"id": 2, "name": "cat"}`)))
	f.Add([]byte(instances("", `{"bbox": [null, true, "1", {}]}`, "")))
	f.Fuzz(func(t *testing.T, file []byte) {
		if c, err := COCO(bytes.NewReader(file)); err == nil {
			for _, m := range c.Images {
				settles(t, m)
			}
		}
	})
}

func FuzzYOLO(f *testing.F) {
	f.Add([]byte("0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.2 0.3 0.5 0.5\n"))
	f.Add([]byte("\ufeff2 50 50 20 20\r\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if m, err := YOLO(bytes.NewReader(file)); err == nil {
			settles(t, m)
		}
	})
}
