package task

// Confusion counts images by their class (row) and by the class that they are taken for (column), [K][K].
type Confusion [][]int

// Confusion is that of the images that were measured, given the class of each by its number in the data set, of k classes. It is empty
// where the columns of a classifier are not there.
func (s Score) Confusion(k int, class func(id int32) int) Confusion {
	c := make(Confusion, k)
	for i := range c {
		c[i] = make([]int, k)
	}
	columns := map[string]Column{}
	for _, col := range s.Columns {
		columns[col.Name] = col
	}
	own, other, which := columns[LogPTrue].Reals, columns[LogPOther].Reals, columns[ClassOther].Wholes
	if len(own) != len(s.IDs) || len(other) != len(s.IDs) || len(which) != len(s.IDs) {
		return c
	}
	for i, id := range s.IDs {
		truth := class(id)
		taken := int(which[i])
		if own[i] > other[i] || own[i] == other[i] && truth < taken { // of equals the first, as accuracy has it
			taken = truth
		}
		c[truth][taken]++
	}
	return c
}

// counts are the images of a class, those that are taken for it, and those that are both.
func (c Confusion) counts(class int) (images, taken, right int) {
	for k := range c {
		images += c[class][k]
		taken += c[k][class]
	}
	return images, taken, c[class][class]
}

// BalancedAccuracy is the mean over the classes that have images of the share of these that is right, 0 to 1: accuracy as if all classes
// had equally many. Scikit-learn's balanced_accuracy_score.
func (c Confusion) BalancedAccuracy() float64 {
	sum, classes := 0.0, 0
	for k := range c {
		if images, _, right := c.counts(k); images > 0 {
			sum += float64(right) / float64(images)
			classes++
		}
	}
	return sum / float64(max(classes, 1))
}

// MacroF1 is the mean of F1, 2·right / (images + taken), over the classes that have images or that some are taken for, 0 to 1.
// Scikit-learn's f1_score(average="macro").
func (c Confusion) MacroF1() float64 {
	sum, classes := 0.0, 0
	for k := range c {
		if images, taken, right := c.counts(k); images+taken > 0 {
			sum += 2 * float64(right) / float64(images+taken)
			classes++
		}
	}
	return sum / float64(max(classes, 1))
}

// Majority is the class with the most images, their share, 0 to 1, which is the accuracy of always guessing that class, and whether it
// has twice the images of the rarest class that has any.
func (c Confusion) Majority() (class int, share float64, unbalanced bool) {
	total, most, least := 0, 0, 0
	for k := range c {
		images, _, _ := c.counts(k)
		total += images
		if images > most {
			class, most = k, images
		}
		if images > 0 && (least == 0 || images < least) {
			least = images
		}
	}
	return class, float64(most) / float64(max(total, 1)), most >= 2*least && most < total
}
