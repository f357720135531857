package data

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/tensor"
)

// Wrong labels on purpose. Who gets one, and which, is drawn by content from the stream "noise" of a seed: names and places of files
// decide nothing.

// Mislabelled is what all items are taken for when a share of the given ones, to the nearest whole number, get another class, each other class as likely. A smaller share lies
// within a larger one.
func (s *Set) Mislabelled(items []int, share float64, seed uint64) []int32 {
	labels := s.labels()
	stream, k := tensor.NewStream(seed, "noise"), uint64(len(s.Classes))
	which := s.numbers(items, stream)
	for _, i := range s.byLot(items, stream, 0)[:int(math.Round(share*float64(len(items))))] {
		labels[i] = int32((uint64(labels[i]) + 1 + which[i]%(k-1)) % k)
	}
	return labels
}

// Confused is what all items are taken for when the given ones of a class are taken for others at the shares that rates has, by class and other
// class. A class that the set does not have is an error.
func (s *Set) Confused(items []int, rates map[string]map[string]float64, seed uint64) ([]int32, error) {
	at := map[string]int{}
	table := make([][]float64, len(s.Classes))
	for class, row := range rates {
		for _, name := range append([]string{class}, keys(row)...) {
			k, err := s.Class(name)
			if err != nil {
				return nil, fmt.Errorf("confusion: %w", err)
			}
			at[name] = k
		}
		of := make([]float64, len(s.Classes))
		for other, share := range row {
			of[at[other]] = share
		}
		table[at[class]] = of
	}
	labels := s.labels()
	drawn := s.numbers(items, tensor.NewStream(seed, "noise"))
	for _, i := range items {
		left := float64(float64(drawn[i]>>11) / (1 << 53))
		for k, share := range table[labels[i]] {
			if left -= share; left < 0 && share > 0 {
				labels[i] = int32(k)
				break
			}
		}
	}
	return labels, nil
}

// labels are the items' own.
func (s *Set) labels() []int32 {
	labels := make([]int32, len(s.Items))
	for i := range labels {
		labels[i] = s.Items[i].Label
	}
	return labels
}

// numbers is a number that each of the given items draws, by item.
func (s *Set) numbers(items []int, stream tensor.Stream) map[int]uint64 {
	numbers := make(map[int]uint64, len(items))
	for _, d := range s.lots(items, stream, 1) {
		numbers[d.index] = d.lot
	}
	return numbers
}

func keys(m map[string]float64) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	return names
}
