package tree_test

import (
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/tree"
)

func TestParentsComeFirstAndSiblingsTogether(t *testing.T) {
	for _, c := range []struct {
		parents []int32
		want    string
	}{
		{nil, ""},
		{[]int32{-1}, ""},
		{[]int32{-1, -1, 0, 0, 1, 2}, ""},
		{[]int32{0}, "class 0 has no parent in front of it"},
		{[]int32{-1, 1}, "class 1 has no parent in front of it"},
		{[]int32{-1, -2}, "class 1 has no parent in front of it"},
		{[]int32{-1, 2, 0}, "class 1 has no parent in front of it"},
		{[]int32{-1, 0, -1}, "class 2 is apart from its siblings"},
		{[]int32{-1, -1, 0, 1, 0}, "class 4 is apart from its siblings"},
	} {
		if err := tree.Check(c.parents); (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), "tree: "+c.want) {
			t.Errorf("%v: %v, want %q", c.parents, err, c.want)
		}
	}
}
