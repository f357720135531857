// Package tree holds what trees of classes have to be, wherever they come from: a layer of a network's file, an op of a program. It imports
// nothing of Assay. Start at [Check].
package tree

import "fmt"

// Check is what is wrong with a tree as the parent of each class, -1 of a root: parents come before their children, and siblings one after the other.
func Check(parents []int32) error {
	over := map[int32]bool{} // parents whose children are all there
	for k, p := range parents {
		if p < -1 || int(p) >= k {
			return fmt.Errorf("tree: class %d has no parent in front of it; give the number of one, from 0, or -1 for a root", k)
		}
		if k > 0 && p != parents[k-1] {
			over[parents[k-1]] = true
		}
		if over[p] {
			return fmt.Errorf("tree: class %d is apart from its siblings; put the children of a class one after the other", k)
		}
	}
	return nil
}
