package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Rules are the ways to choose, by confident learning, which labels are taken for wrong: Northcutt, Jiang, Chuang, "Confident Learning",
// JAIR 70, 2021, arXiv:1911.00068, section 3.2, under the names that cleanlab gives them.
const (
	PruneByNoiseRate  = "prune_by_noise_rate" // of each pair of classes as many as the joint says, those whose probabilities differ most
	PruneByClass      = "prune_by_class"      // of each class as many as the joint says, the least probable
	PruneByBoth       = "both"                // what both of these find
	ConfidentLearning = "confident_learning"  // what counts as another class in the joint
	PredictedNeqGiven = "predicted_neq_given" // what a network takes for another class
	leastLeft         = 1                     // images that a class keeps
	confidentRounding = 1e-6                  // of a probability beside a threshold
	leastThreshold    = 2 * confidentRounding // where a class is given to no image, or with no probability
)

// Confident is what probabilities say of labels.
type Confident struct {
	labels  []int32
	probs   []float64 // [n,k]
	classes int

	// Joint is the confident joint C[given][true] (equation 1): how many images that are given a class are confidently of another.
	Joint [][]int

	guess []int32 // by image: the class that it is confidently of; -1: none
}

// NewConfident works out the confident joint of n labels, each of k classes, and of probabilities [n,k] that come from networks
// that have not been trained on the image. An image is confidently of a class whose probability is at least the mean over the images
// that are given the class; of several classes, it is of the most probable of all.
func NewConfident(labels []int32, probs []float32, classes int) (*Confident, error) {
	c := &Confident{labels: labels, classes: classes, probs: make([]float64, len(probs)), guess: make([]int32, len(labels))}
	if classes < 2 || len(probs) != len(labels)*classes {
		return nil, fmt.Errorf("confident learning: %d probabilities of %d images and %d classes; give one for each class of each image", len(probs), len(labels), classes)
	}
	for i, p := range probs {
		if c.probs[i] = float64(p); !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("confident learning: a probability of %g; give 0 to 1", p)
		}
	}
	threshold, given := make([]float64, classes), make([]int, classes)
	for i, label := range labels {
		if label < 0 || int(label) >= classes {
			return nil, fmt.Errorf("confident learning: a label %d of %d classes; give 0 to %d", label, classes, classes-1)
		}
		threshold[label] += c.of(i)[label]
		given[label]++
	}
	for k := range threshold {
		threshold[k] = max(threshold[k]/float64(max(given[k], 1)), leastThreshold)
	}
	c.Joint = make([][]int, classes)
	for k := range c.Joint {
		c.Joint[k] = make([]int, classes)
	}
	for i, label := range labels {
		c.guess[i] = -1
		several := false
		for k, p := range c.of(i) {
			if p >= threshold[k]-confidentRounding {
				several = c.guess[i] >= 0
				if !several {
					c.guess[i] = int32(k)
				}
			}
			if several {
				c.guess[i] = c.predicted(i)
				break
			}
		}
		if c.guess[i] >= 0 {
			c.Joint[label][c.guess[i]]++
		}
	}
	for k := range c.Joint {
		c.Joint[k][k] = max(c.Joint[k][k], 1)
	}
	return c, nil
}

// of is the probabilities of an image.
func (c *Confident) of(i int) []float64 { return c.probs[i*c.classes : (i+1)*c.classes] }

// predicted is the most probable class of an image, the first of equals.
func (c *Confident) predicted(i int) int32 {
	best := 0
	for k, p := range c.of(i) {
		if p > c.of(i)[best] {
			best = k
		}
	}
	return int32(best)
}

// Self is the self-confidence of an image: the probability of the class that it is given.
func (c *Confident) Self(i int) float64 { return c.of(i)[c.labels[i]] }

// Suggested is the class that an image is most probably of.
func (c *Confident) Suggested(i int) int32 { return c.predicted(i) }

// Most is the probability of that class.
func (c *Confident) Most(i int) float64 { return c.of(i)[c.predicted(i)] }

// Suspects are the images whose labels are taken for wrong by a rule, the least self-confident first. An image of which no class is
// more probable than the one that it is given is none.
func (c *Confident) Suspects(rule string) []int {
	n := len(c.labels)
	in := make([]bool, n)
	switch rule {
	case PredictedNeqGiven:
		for i := range in {
			in[i] = true // the last word below is all of it
		}
	case ConfidentLearning:
		for i, label := range c.labels {
			in[i] = c.guess[i] >= 0 && c.guess[i] != label
		}
	default:
		counts := c.counts()
		rate, class := make([]bool, n), make([]bool, n)
		for given := range c.classes {
			var of []int
			for i, label := range c.labels {
				if int(label) == given {
					of = append(of, i)
				}
			}
			if len(of) <= leastLeft {
				continue
			}
			c.lowest(class, of, len(of)-counts[given][given], func(i int) float64 { return c.of(i)[given] })
			for other := range c.classes {
				if n := counts[given][other]; other != given && n > 0 {
					c.lowest(rate, of, n, func(i int) float64 { return c.of(i)[given] - c.of(i)[other] })
				}
			}
		}
		for i := range in {
			switch rule {
			case PruneByClass:
				in[i] = class[i]
			case PruneByBoth:
				in[i] = class[i] && rate[i]
			default:
				in[i] = rate[i]
			}
		}
	}
	var found []int
	for i, label := range c.labels {
		if in[i] && c.of(i)[c.predicted(i)] > c.of(i)[label] {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int { return cmp.Compare(c.Self(a), c.Self(b)) })
	return found
}

// lowest marks the n of some images that have the lowest values, of equals those that come first.
func (c *Confident) lowest(in []bool, of []int, n int, value func(i int) float64) {
	order := slices.SortedStableFunc(slices.Values(of), func(a, b int) int { return cmp.Compare(value(a), value(b)) })
	for _, i := range order[:max(0, min(n, len(order)))] {
		in[i] = true
	}
}

// counts is the joint in images (equation 3): each row in proportion to as many images as are given the class, rounded so that
// the sum of a row stays. A class keeps [leastLeft] images, which its other entries give up evenly.
func (c *Confident) counts() [][]int {
	given := make([]int, c.classes)
	for _, label := range c.labels {
		given[label]++
	}
	counts := make([][]int, c.classes)
	for k, row := range c.Joint {
		sum := 0
		for _, n := range row {
			sum += n
		}
		shares := make([]float64, len(row))
		for j, n := range row {
			shares[j] = float64(n) / float64(sum) * float64(given[k])
		}
		counts[k] = rounded(shares)
		if lack := leastLeft - counts[k][k]; lack > 0 {
			others := 0
			for j, n := range counts[k] {
				if j != k && n > 0 {
					others++
				}
			}
			for j, n := range counts[k] {
				shares[j] = max(0, float64(n)-float64(lack)/float64(max(others, 1)))
			}
			shares[k] = leastLeft
			counts[k] = rounded(shares)
		}
	}
	return counts
}

// rounded is whole numbers of the sum that values come to, those of the largest remainders rounded up.
func rounded(values []float64) []int {
	whole := make([]int, len(values))
	order := make([]int, len(values))
	sum, have := 0.0, 0
	for i, v := range values {
		whole[i], order[i] = int(math.Floor(v)), i
		sum, have = sum+v, have+whole[i]
	}
	rest := func(i int) float64 { return values[i] - float64(whole[i]) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest(b), rest(a)) })
	for n := range int(math.Round(sum)) - have {
		whole[order[n%len(order)]]++
	}
	return whole
}

// AUC is the area under the curve of telling two groups apart by a figure that is lower in the first: the share of pairs, one of each, in which it
// is, ties counted half (Mann and Whitney, Ann. Math. Stat. 18, 1947). 0.5: not at all.
func AUC(low, high []float64) float64 {
	if len(low) == 0 || len(high) == 0 {
		return 0.5
	}
	sorted := slices.Sorted(slices.Values(high))
	above := 0.0
	for _, v := range low {
		first, _ := slices.BinarySearch(sorted, v)
		last, _ := slices.BinarySearchFunc(sorted, v, func(x, v float64) int {
			if x <= v {
				return -1
			}
			return 1
		})
		above += float64(len(sorted)-last) + float64(0.5*float64(last-first))
	}
	return above / float64(len(low)) / float64(len(high))
}
