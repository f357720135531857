package learning

import (
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Tree has a detector tell classes apart by a tree of them, each among its siblings: Redmon, Farhadi, "YOLO9000: Better, Faster, Stronger",
// CVPR 2017, arXiv:1612.08242, §4, WordTree.
type Tree experiment.Tree

// Teach sets the tree.
func (t Tree) Teach(l *experiment.Learning) (nn.Changes, error) {
	if t.Of.None() {
		return refuse("of", "no file; write tree: FILE, a CSV of child,parent (assay data tree writes one), or a list of [child, parent]")
	}
	l.Tree = experiment.Tree(t)
	return nn.Changes{Setting: "classes in a tree: " + t.Of.String()}, nil
}
