package stat

import "math"

// Images are a sample too: an arm may merely suit the validation images at hand. A difference between two arms is, image
// by image and block by block, d[i,s] = θ + a_i + b_s + e_is, images and seeds crossed. What blocks vary by is in the
// residual; the a_i that blocks share are not, however many blocks there are. Their share of the variance of an effect is
//
//	σ_a² · o,  o = the chance-weighted overlap: mean over pairs of blocks of |V_s ∩ V_s'| / (m_s m_s'),
//
// for validation splits V_s of m_s images. One fixed split has o = 1/m and the term is the analysis of variance's
// MS_image/m - MS_image×seed/(n m), MS_image the variance of an image's mean over seeds (Cornfield and Tukey, "Average
// values of mean squares in factorials", Ann. Math. Stat. 27, 1956). Splits redrawn each repeat overlap less, and what
// they do not share the residual has counted already. Its honesty: the table "null" of internal/simulate.

// ImageBlock is one repeat: the images that its validation split holds and what each arm's difference from the
// baseline is on each.
type ImageBlock struct {
	Set  string      // in which IDs are names
	IDs  []int32     // names of the images, each at most once; the same name of the same set is the same image in any block
	Diff [][]float64 // by arm, then by place in IDs: the arm's score less the baseline's; nil where either is missing
}

// ImageTerms is the image term of the effects of k arms.
type ImageTerms struct {
	Cov    [][]float64 // covariances; a variance that came out negative is 0, and so is all of its row and column
	VarVar []float64   // sampling variance of each variance
}

// EstimateImages estimates the image term of the mean effect over blocks of each of k arms, without bias under the
// model: products of an image's differences in two *different* blocks know a_i and nothing of e_is. The sampling
// variance is the sandwich over images, since differences of right and wrong are far from normal. An arm with one block
// gets the variance over images that includes e, an upper bound.
func EstimateImages(blocks []ImageBlock, k int) ImageTerms {
	t := ImageTerms{Cov: square(k), VarVar: make([]float64, k)}
	centred, rows, images := centre(blocks, k)
	c := crossing{centred: centred, rows: rows, common: sharedImages(rows, images)}
	for _, of := range []*[]float64{&c.sumX, &c.sumY, &c.sumXY, &c.seen, &c.inverse, &c.here} {
		*of = make([]float64, images)
	}
	for v := range k {
		for w := range v + 1 {
			cov, varvar := c.term(v, w)
			t.Cov[v][w], t.Cov[w][v] = cov, cov
			if v == w {
				t.VarVar[v] = varvar
			}
		}
	}
	for v := range k {
		if !(t.Cov[v][v] > 0) {
			for w := range k {
				t.Cov[v][w], t.Cov[w][v] = 0, 0
			}
		}
	}
	for v := range k { // estimates of their own may exceed what variances allow
		for w := range k {
			if w != v {
				limit := math.Sqrt(t.Cov[v][v] * t.Cov[w][w])
				t.Cov[v][w] = max(-limit, min(limit, t.Cov[v][w]))
			}
		}
	}
	return t
}

// AtMost lets variances be known no better than by so many degrees of freedom, 1 or more: the sampling variance of V is 2 V²/df or more.
func (t ImageTerms) AtMost(df float64) {
	for v := range t.VarVar {
		t.VarVar[v] = max(t.VarVar[v], 2*t.Cov[v][v]*t.Cov[v][v]/max(1, df))
	}
}

// crossing is what the covariances of the image parts of effects are worked out from, and room to do it in.
type crossing struct {
	centred [][][]float64 // by block, arm and image of the block
	rows    [][]int       // by block: its images
	common  [][]float64   // images that two blocks share

	sumX, sumY, sumXY, seen, inverse, here []float64 // by image
}

// term is the covariance of the image parts of two arms' effects, with the sampling variance of that estimate.
func (c *crossing) term(v, w int) (cov, varvar float64) {
	var shared []int // blocks that have both arms
	for s := range c.rows {
		if c.centred[s][v] != nil && c.centred[s][w] != nil {
			shared = append(shared, s)
		}
	}
	n := float64(len(shared))
	if n == 0 {
		return 0, 0
	}
	// Σ over ordered pairs s≠s' of x[i,s] y[i,s'] is ΣxΣy - Σxy, image by image.
	rows, common := c.rows, c.common
	sumX, sumY, sumXY, seen, inverse, here := c.sumX, c.sumY, c.sumXY, c.seen, c.inverse, c.here
	for _, of := range [][]float64{sumX, sumY, sumXY, seen, inverse, here} {
		clear(of)
	}
	for _, s := range shared {
		x, y, m := c.centred[s][v], c.centred[s][w], float64(len(rows[s]))
		each, both := 1/m, 1/(m*m)
		for j, i := range rows[s] {
			sumX[i] += x[j]
			sumY[i] += y[j]
			sumXY[i] += x[j] * y[j]
			seen[i]++
			inverse[i] += each
			here[i] += both
		}
	}
	if len(shared) == 1 {
		m := float64(len(rows[shared[0]]))
		if m < 2 {
			return 0, 0
		}
		total := 0.0
		for _, xy := range sumXY {
			total += xy
		}
		cov = total / (m - 1) / m
		return cov, 2 * cov * cov / (m - 1)
	}
	var total, pairs, overlap float64
	for i, n := range seen {
		total += sumX[i]*sumY[i] - sumXY[i]
		pairs += n * (n - 1)
		overlap += inverse[i]*inverse[i] - here[i]
	}
	if pairs == 0 {
		return 0, 0 // nothing shared, nothing that the residual has not counted
	}
	// Centring a column by its own mean takes a little of each pair's expectation away: of c shared images among m and
	// m', c(1 - 1/m - 1/m') + c²/(mm') is left, m-1 for one fixed split.
	expect := pairs
	for a, s := range shared {
		for _, u := range shared[:a] {
			c := common[s][u]
			m, mu := float64(len(rows[s])), float64(len(rows[u]))
			expect -= 2 * (c/m + c/mu - c*c/(m*mu))
		}
	}
	if expect <= 0 {
		return 0, 0
	}
	sigma := total / expect
	overlap /= n * (n - 1)
	spread := 0.0
	for i, n := range seen {
		z := sumX[i]*sumY[i] - sumXY[i] - sigma*n*(n-1)*expect/pairs
		spread += z * z
	}
	return sigma * overlap, spread / (expect * expect) * overlap * overlap
}

// centre numbers the images 0, 1, ... in order of first sight and takes each column's mean off.
func centre(blocks []ImageBlock, k int) (centred [][][]float64, rows [][]int, images int) {
	numbers := map[string]map[int32]int{} // by set and name
	centred, rows = make([][][]float64, len(blocks)), make([][]int, len(blocks))
	for s, b := range blocks {
		rows[s] = make([]int, len(b.IDs))
		number := numbers[b.Set]
		if number == nil {
			number = make(map[int32]int, 2*len(b.IDs))
			numbers[b.Set] = number
		}
		for j, id := range b.IDs {
			i, ok := number[id]
			if !ok {
				i = images
				number[id] = i
				images++
			}
			rows[s][j] = i
		}
		centred[s] = make([][]float64, k)
		for v := range k {
			if v < len(b.Diff) && len(b.Diff[v]) == len(b.IDs) && len(b.IDs) > 0 {
				mean := Mean(b.Diff[v])
				c := make([]float64, len(b.IDs))
				for j, d := range b.Diff[v] {
					c[j] = d - mean
				}
				centred[s][v] = c
			}
		}
	}
	return centred, rows, images
}

// sharedImages counts the images that each two blocks have in common.
func sharedImages(rows [][]int, images int) [][]float64 {
	common, in := square(len(rows)), make([]int, images) // in: the last block, from 1, that an image was seen in
	for s := range rows {
		for _, i := range rows[s] {
			in[i] = s + 1
		}
		for u := range s {
			for _, i := range rows[u] {
				if in[i] == s+1 {
					common[s][u]++
				}
			}
			common[u][s] = common[s][u]
		}
	}
	return common
}

// Satterthwaite is the degrees of freedom of a seed term with df of its own plus an image term with a sampling
// variance: 2 V² / Var(V), never fewer than the seeds' df allow where there is no image term (Satterthwaite, "An
// approximate distribution of estimates of variance components", Biometrics Bulletin 2, 1946).
func Satterthwaite(seedVar, seedDF, imageVar, imageVarVar float64) float64 {
	if imageVar <= 0 {
		return seedDF
	}
	v := seedVar + imageVar
	return 2 * v * v / (2*seedVar*seedVar/seedDF + imageVarVar)
}
