package meanap

// Average is a mean over classes that images are judged by.
type Average int

// The averages of [Evaluation.Pseudo].
const (
	AP50 Average = iota // Figures.AP50
	AP                  // Figures.AP
)

// Pseudo is the jackknife pseudo-value of each image: with n images, the average θ, and θ₋ᵢ the average without the i-th,
//
//	n·θ - (n-1)·θ₋ᵢ
//
// (Quenouille, "Notes on bias in estimation", Biometrika 43, 1956; Tukey, "Bias and confidence in not-quite large samples", Ann. Math. Stat.
// 29, 1958). Their variance divided by n estimates that of θ over images. A class whose boxes are all in one image is no class without
// it. Where no class is left, or there is one image, it is θ.
//
// It is exact. Whom a detection finds is a matter of its image, so that the order of all detections is made once; without an image
// those that were right and are left move up by what stood before them, and AP asks for the best precision between each two of 101 recalls
// and the image's own detections: images that have the class, times these, times steps that grow as the square of a logarithm.
func (e *Evaluation) Pseudo(of Average) []float64 {
	at := []int{0}
	if of == AP {
		at = at[:0]
		for t := range thresholds {
			at = append(at, t)
		}
	}
	sum, classes := 0.0, 0
	change, gone := make([]float64, e.images), make([]int, e.images)
	l := leaver{first: make([]int32, e.images+1)}
	for k := range e.classes {
		if r := &e.classes[k]; r.positives > 0 {
			sum += l.leave(r, at, change, gone)
			classes++
		}
	}
	out := make([]float64, e.images)
	if classes == 0 {
		return out
	}
	whole := sum / float64(classes)
	for i := range out {
		out[i] = whole
		if left := classes - gone[i]; left > 0 {
			out[i] += float64(float64(e.images-1) * (whole - (sum+change[i])/float64(left)))
		}
	}
	return out
}

// leaver leaves images out, and has the room for it.
type leaver struct {
	first []int32 // by image: where its marks begin in by
	by    []int32 // marks by image, the surest first
	left  []leave // by image in order, of those that have the class
	rank  []float64
	right []int32 // by mark: how many of it and those before it are right
	hits  []float64

	slopes slopes // of hits
}

// recall is a number of truths at whose finding precision is read, and what that weighs.
type recall struct {
	truths int
	weight float64
}

// recallsOf are those of weights by truth, the last first.
func recallsOf(weights []float64) (all []recall) {
	for m := len(weights) - 1; m > 0; m-- {
		if weights[m] > 0 {
			all = append(all, recall{m, weights[m]})
		}
	}
	return all
}

// leave is an image, its marks in leaver.by, and its truths.
type leave struct{ image, from, to, positives int32 }

// leave gives the mean over thresholds of the class's AP, adds to change, by image, what it is more without the image, and
// counts in gone where there is none without it.
func (l *leaver) leave(r *ranking, at []int, change []float64, gone []int) float64 {
	l.sort(r)
	recalls := map[int][]recall{}
	by := func(positives int) []recall {
		if recalls[positives] == nil {
			recalls[positives] = recallsOf(points(101, positives))
		}
		return recalls[positives]
	}
	weights := points(101, r.positives)
	each := 1 / float64(len(at))
	sum := 0.0
	for _, t := range at {
		l.rankAt(r, t)
		l.slopes.of(l.hits)
		ap := average(l.hits, weights)
		sum += float64(each * ap)
		for _, i := range l.left {
			positives := r.positives - int(i.positives)
			without := 0.0
			if positives > 0 {
				without = l.without(r, t, i, ap, by(positives))
			}
			change[i.image] += float64(each * (without - ap))
		}
	}
	for _, i := range l.left {
		if int(i.positives) == r.positives {
			gone[i.image]++
		}
	}
	return sum
}

// sort lists the images that have truths or detections of the class.
func (l *leaver) sort(r *ranking) {
	clear(l.first)
	for _, m := range r.marks {
		l.first[m.image+1]++
	}
	for i := 1; i < len(l.first); i++ {
		l.first[i] += l.first[i-1]
	}
	l.left = l.left[:0]
	shares := r.shares
	for i := range len(l.first) - 1 {
		of := leave{image: int32(i), from: l.first[i], to: l.first[i+1]}
		if len(shares) > 0 && shares[0].image == of.image {
			of.positives, shares = shares[0].positives, shares[1:]
		}
		if of.from < of.to || of.positives > 0 {
			l.left = append(l.left, of)
		}
	}
	l.by = resize(l.by, len(r.marks))
	for k, m := range r.marks {
		l.by[l.first[m.image]] = int32(k)
		l.first[m.image]++
	}
}

// rankAt ranks the marks that count at a threshold; the rank of one that does not is 0.
func (l *leaver) rankAt(r *ranking, t int) {
	l.rank, l.right, l.hits = resize(l.rank, len(r.marks)), resize(l.right, len(r.marks)), l.hits[:0]
	rank := 0.0
	for k, m := range r.marks {
		if l.rank[k] = 0; m.out>>t&1 == 1 {
			continue
		}
		if rank++; m.right>>t&1 == 1 {
			l.hits = append(l.hits, rank)
		}
		l.rank[k], l.right[k] = rank, int32(len(l.hits))
	}
}

// without is the class's AP without an image, given that with it: average over the hits that are left, from the last to the first, whose
// number and rank are less by those of the image's marks that stand before. Precision is read at recalls of the truths that are left.
func (l *leaver) without(r *ranking, t int, i leave, ap float64, reached []recall) float64 {
	marks := l.by[i.from:i.to]
	before, hit, first := 0, 0, 0.0
	for k := len(marks) - 1; k >= 0; k-- {
		if rank := l.rank[marks[k]]; rank > 0 {
			before++
			hit += int(r.marks[marks[k]].right >> t & 1)
			first = rank
		}
	}
	if i.positives == 0 && (before == 0 || len(l.hits) == 0 || first > l.hits[len(l.hits)-1]) {
		return ap // it moves no hit
	}
	best, sum, at := fraction{0, 1}, 0.0, 0
	for at < len(reached) && reached[at].truths > len(l.hits)-hit {
		at++ // more than are found
	}
	for k, to := len(marks), len(l.hits); k >= 0; k-- { // what stands between the image's marks k-1 and k
		from, own := 0, 0
		if k > 0 {
			mark := marks[k-1]
			if l.rank[mark] == 0 {
				continue
			}
			from, own = int(l.right[mark]), int(r.marks[mark].right>>t&1)
		}
		for ; at < len(reached) && reached[at].truths+hit > from; at++ {
			best = l.slopes.best(best, reached[at].truths+hit-1, to, float64(hit), float64(before))
			to = reached[at].truths + hit - 1
			sum += float64(reached[at].weight * (best.over / best.under))
		}
		best = l.slopes.best(best, from, to, float64(hit), float64(before))
		to = from - own
		hit -= own
		before--
	}
	return sum
}

// resize is room for n, with anything in it.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
