package experiment_test

import (
	"reflect"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

func TestKeysOfBoxesComeBackFromAFile(t *testing.T) {
	for _, want := range []data.Spec{
		{Name: "shapes", Val: 0.1, Test: 0.1, Images: 400, Size: 96, Seed: 1<<63 + 1, Thumbnail: 8, Asked: []string{"images", "size", "seed", "thumbnail"}},
		{Name: "shapes", Val: 0.1, Test: 0.1},
		{Folder: "cells", Val: 0.1, Test: 0.1, Format: data.COCO, Fit: data.Stretch},
	} {
		n, err := experiment.Data{Spec: want}.MarshalSpec()
		if err != nil {
			t.Fatal(err)
		}
		var got experiment.Data
		if n, err = spec.Parse("e.yaml", n.YAML()); err == nil {
			err = spec.Decode(n, &got)
		}
		if err != nil || !reflect.DeepEqual(got.Spec, want) {
			t.Errorf("%+v, %v; want %+v", got.Spec, err, want)
		}
	}
}
