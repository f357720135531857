package data

import "fmt"

// Anchors are the k boxes that stand for the shapes of the set's best.
func (s *Set) Anchors(k int, seed uint64) ([][2]float64, error) {
	return nil, fmt.Errorf("%s: no boxes to find %d anchors of", s.Name, k)
}
