package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// within3 checks a counted rate against the stated one, to three Monte-Carlo standard errors.
func within3(t *testing.T, what string, hits, draws int, stated float64) {
	t.Helper()
	rate := float64(hits) / float64(draws)
	if math.Abs(rate-stated) > 3*math.Sqrt(stated*(1-stated)/float64(draws)) {
		t.Errorf("%s: %.4f of %d draws, stated %.4f", what, rate, draws, stated)
	}
}

func draws(short, long int) int {
	if testing.Short() {
		return short
	}
	return long
}

func TestIntervalsCoverTogetherAtTheStatedRate(t *testing.T) {
	const arms, blocks = 6, 4
	rng := rand.New(rand.NewPCG(1, 2))
	for _, gaps := range [][][2]int{nil, {{1, 0}, {3, 2}, {0, 3}}} { // arm and block of the missing cells
		var f Family
		critical, hits, n := 0.0, 0, draws(4000, 40_000)
		for range n {
			y := square(arms)
			for v := range y {
				y[v] = make([]float64, blocks)
				for s := range y[v] {
					y[v][s] = float64(v) + 5*float64(s) + rng.NormFloat64()
				}
			}
			for _, g := range gaps {
				y[g[0]][g[1]] = math.NaN()
			}
			l, err := Fit(y)
			if err != nil {
				t.Fatal(err)
			}
			if critical == 0 {
				cov := square(arms - 1)
				for i := range cov {
					copy(cov[i], l.Cov[i+1][1:])
				}
				f = NewFamily(cov, 0)
				critical = f.Critical(0.95, float64(l.DF))
			}
			all := true
			for v := 1; v < arms; v++ {
				all = all && math.Abs(l.Effects[v]-float64(v)) <= critical*math.Sqrt(l.Variance*l.Cov[v][v])
			}
			if all {
				hits++
			}
		}
		within3(t, "simultaneous coverage", hits, n, 0.95)
	}
}

func TestTheImageTermIsUnbiasedWhateverTheOverlap(t *testing.T) {
	const pool, m, blocks = 300, 100, 4
	rng := rand.New(rand.NewPCG(3, 4))
	for _, redrawn := range []bool{false, true} {
		n := draws(300, 4000)
		var truth, estimate, varvar, square float64
		for range n {
			a := make([]float64, pool)
			for i := range a {
				a[i] = rng.NormFloat64()
			}
			var data []ImageBlock
			held := make([]float64, pool) // weight of each image in the effect
			ids := make([]int32, pool)
			for i := range ids {
				ids[i] = int32(i)
			}
			var overlap float64
			for range blocks {
				if redrawn {
					rng.Shuffle(pool, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
				}
				b := ImageBlock{Diff: [][]float64{make([]float64, m)}}
				shift := rng.NormFloat64()
				for j, id := range ids[:m] {
					b.IDs = append(b.IDs, id)
					b.Diff[0][j] = a[id] + shift + 2*rng.NormFloat64()
					overlap += held[id] * 2 / (m * blocks * (blocks - 1))
					held[id] += 1.0 / m
				}
				data = append(data, b)
			}
			terms := EstimateImages(data, 1)
			truth += overlap / float64(n) // σ_a² is 1
			// EstimateImages cuts at 0, which at this size is rare.
			estimate += terms.Cov[0][0] / float64(n)
			square += terms.Cov[0][0] * terms.Cov[0][0] / float64(n)
			varvar += terms.VarVar[0] / float64(n)
		}
		spread := square - estimate*estimate
		if math.Abs(estimate-truth) > 4*math.Sqrt(spread/float64(n)) {
			t.Errorf("redrawn %v: mean estimate %.5f, truth %.5f", redrawn, estimate, truth)
		}
		if r := varvar / spread; r < 0.75 || r > 1.3 {
			t.Errorf("redrawn %v: sampling variance told %.3g, seen %.3g", redrawn, varvar, spread)
		}
	}
}

func TestOneFixedSplitGivesTheAnalysisOfVariance(t *testing.T) {
	const m, n = 7, 3
	rng := rand.New(rand.NewPCG(5, 6))
	d, blocks := square(m), []ImageBlock{}
	for s := range n {
		b := ImageBlock{Diff: [][]float64{nil}}
		for i := range m {
			d[i][s] = 3*float64(i%3) + float64(s) + rng.NormFloat64()
			b.IDs, b.Diff[0] = append(b.IDs, int32(i)), append(b.Diff[0], d[i][s])
		}
		blocks = append(blocks, b)
	}
	var image, column []float64 // means over seeds, over images
	for i := range m {
		image = append(image, Mean(d[i][:n]))
	}
	for s := range n {
		sum := 0.0
		for i := range m {
			sum += d[i][s]
		}
		column = append(column, sum/m)
	}
	rest := 0.0
	for i := range m {
		for s := range n {
			r := d[i][s] - image[i] - column[s] + Mean(image)
			rest += r * r
		}
	}
	rest /= (m - 1) * (n - 1)
	near(t, "image term", EstimateImages(blocks, 1).Cov[0][0], Variance(image)/m-rest/(n*m), 1e-12)
}

// A false claim is a difference where there is none, or equivalence where the true effect is delta or -delta. The chance
// of any is worked out by the integral itself, for every mixture of arms without effect, at delta and at -delta.
func TestEquivalenceKeepsTheLevelInEveryMixture(t *testing.T) {
	lambda, rest := math.Sqrt2/2, math.Sqrt2/2 // of complete blocks
	normal := nodes(80, -8.5, 8.5, func(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) })
	wrong := func(none, above, below int, outer, inner, df float64) float64 {
		right := 0.0
		for _, s := range scale(df) {
			for _, z := range normal {
				up := func(c float64) float64 { return phi((c*s.at - lambda*z.at) / rest) }
				right += s.weight * z.weight * math.Pow(up(outer)-up(-outer), float64(none)) *
					math.Pow(up(inner), float64(below)) * math.Pow(1-up(-inner), float64(above))
			}
		}
		return 1 - right
	}
	for _, c := range []struct {
		level, df float64
		arms      int
	}{{0.05, 30, 1}, {0.05, 30, 2}, {0.05, 10, 6}, {0.05, 30, 7}, {0.05, 300, 15}, {0.04, 30, 6}, {0.005, 30, 6}, {0.04, 45, 15}} {
		f := ManyToOne(c.arms)
		if c.arms == 1 {
			near(t, "equivalence of one arm is two one-sided tests", f.Inner().Critical(1-c.level, c.df), StudentCritical(1-2*c.level, c.df), 1e-8)
		}
		outer, inner := f.Critical(1-c.level, c.df), f.Inner().Critical(1-c.level, c.df)
		worst, least := 0.0, 1.0
		for none := range c.arms + 1 {
			for above := range c.arms - none + 1 {
				e := wrong(none, above, c.arms-none-above, outer, inner, c.df)
				worst, least = max(worst, e), min(least, e)
			}
		}
		plain := wrong(0, c.arms/2, c.arms-c.arms/2, outer, f.Critical(1-2*c.level, c.df), c.df)
		t.Logf("level %.3f, %d arms, %g df: at most %.5f, at least %.5f; two one-sided tests by the two-sided 1-2α value: %.5f",
			c.level, c.arms, c.df, worst, least, plain)
		if worst > 1.005*c.level {
			t.Errorf("level %.3f, %d arms, %g df: a mixture errs in %.5f", c.level, c.arms, c.df, worst)
		}
	}
}

// A study grows: looks at 3, 5, 7, 9 and 11 blocks, at 4 %, then 1/2 %, 1/4 %, ...; a decided arm stays decided. Whose
// comparisons must a later look's critical value count? Every arm's that was ever judged. Counting the undecided alone hands
// them the shares of arms that were told to have no effect, and what is left undecided is what luck carried furthest: 15 arms,
// half at delta and half at -delta, err in 6 %. The scale is known, so that nothing else can be to blame.
func TestLaterLooksCountEveryArmEverJudged(t *testing.T) {
	const arms, first, step, looks = 15, 3, 2, 5
	rules := []struct {
		name   string
		family func(undecided, different int) int
	}{
		{"every arm ever judged", func(int, int) int { return arms }},
		{"all but those told different", func(_, different int) int { return arms - different }},
		{"the undecided alone", func(undecided, _ int) int { return undecided }},
	}
	var outer, inner [looks][arms + 1]float64 // critical values by look and size of the family
	for j := range looks {
		level := 0.04
		if j > 0 {
			level = 0.01 / math.Pow(2, float64(j))
		}
		for k := 1; k <= arms; k++ {
			f := ManyToOne(k)
			outer[j][k], inner[j][k] = f.Critical(1-level, math.Inf(1)), f.Inner().Critical(1-level, math.Inf(1))
		}
	}
	delta := 4 * math.Sqrt(2.0/first) // four standard errors of the first look, so that most arms are decided there
	n := draws(4000, 40_000)
	for _, truth := range [][]float64{{0}, {0, delta, 0, -delta}, {delta, -delta}} {
		wrong := make([]int, len(rules))
		rng := rand.New(rand.NewPCG(41, 42))
		for range n {
			var effects [looks][arms]float64 // estimates at each look
			for v := -1; v < arms; v++ {
				sum, blocks := 0.0, 0
				for j := range looks {
					for ; blocks < first+step*j; blocks++ {
						sum += rng.NormFloat64()
					}
					for w := range arms {
						switch mean := sum / float64(blocks); v {
						case -1:
							effects[j][w] -= mean
						case w:
							effects[j][w] += mean + truth[w%len(truth)]
						}
					}
				}
			}
			for i, rule := range rules {
				decided, undecided, different, bad := [arms]bool{}, arms, 0, false
				for j := 0; j < looks && undecided > 0; j++ {
					k := rule.family(undecided, different)
					se := math.Sqrt(2 / float64(first+step*j))
					for v := range arms {
						x, mu := effects[j][v], truth[v%len(truth)]
						switch {
						case decided[v]:
						case math.Abs(x) > outer[j][k]*se:
							decided[v], bad = true, bad || x*mu <= 0
							undecided, different = undecided-1, different+1
						case math.Abs(x)+inner[j][k]*se < delta:
							decided[v], bad = true, bad || mu != 0
							undecided--
						}
					}
				}
				if bad {
					wrong[i]++
				}
			}
		}
		for i, rule := range rules {
			t.Logf("true effects %.1f: %s: wrong in %.4f of %d studies", truth, rule.name, float64(wrong[i])/float64(n), n)
		}
		if most := 0.05 + 2*math.Sqrt(0.05*0.95/float64(n)); float64(wrong[0])/float64(n) > most {
			t.Errorf("true effects %.1f: counting every arm errs in %.4f of %d studies", truth, float64(wrong[0])/float64(n), n)
		}
		if len(truth) == 2 && !testing.Short() && float64(wrong[2])/float64(n) < 0.055 {
			t.Errorf("counting the undecided alone errs in %.4f only: the study does not put the rule to the test", float64(wrong[2])/float64(n))
		}
	}
}

func TestAnAbsentComparisonIsNeverTooFewOfThem(t *testing.T) {
	for _, df := range []float64{5, 30, math.Inf(1)} {
		all := ManyToOne(7)
		two := [][]float64{{1, 0.5}, {0.5, 1}}
		got, want, fewer := NewFamily(two, 5).Critical(0.96, df), all.Critical(0.96, df), ManyToOne(6).Critical(0.96, df)
		if got < want || got > 1.06*want || want <= fewer {
			t.Errorf("%g df: 2 and 5 absent take %.3f, all 7 %.3f, 6 %.3f", df, got, want, fewer)
		}
		if got, want := NewFamily(two, 5).Inner().Critical(0.96, df), all.Inner().Critical(0.96, df); got < want || got > 1.1*want {
			t.Errorf("%g df: equivalence of 2 and 5 absent takes %.3f, of all 7 %.3f", df, got, want)
		}
	}
}

func TestHolmKeepsTheFamilyWiseError(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	hits, n := 0, draws(5000, 40_000)
	for range n {
		p := make([]float64, 5)
		for i := range p {
			p[i] = rng.Float64()
		}
		levels, adjusted := Holm(p, 0.05)
		any := false
		for i := range p {
			if (p[i] <= levels[i]) != (adjusted[i] <= 0.05) {
				t.Fatalf("p %v: levels %v and adjusted %v disagree", p, levels, adjusted)
			}
			any = any || p[i] <= levels[i]
		}
		if any {
			hits++
		}
	}
	within3(t, "false rejections of independent nulls", hits, n, 1-math.Pow(1-0.01, 5))
}

func TestTheExactTestKeepsItsLevel(t *testing.T) {
	for _, n := range []int{3, 5, 8} {
		for q := 0.05; q < 1; q += 0.05 {
			wrong := 0.0
			for d := range n + 1 {
				for d0 := range n + 1 {
					if FisherMore(d, n, d0, n) <= 0.05 {
						wrong += choose(n, d) * choose(n, d0) * math.Pow(q, float64(d+d0)) * math.Pow(1-q, float64(2*n-d-d0))
					}
				}
			}
			if wrong > 0.05 {
				t.Errorf("n=%d, chance %.2f of diverging: wrong in %.4f", n, q, wrong)
			}
		}
	}
}

func TestPowerIsWhatSimulationFinds(t *testing.T) {
	d := Design{Variants: 15, SD: 0.3, Delta: 1.5, Level: 0.05}
	near(t, "power at 3 repeats", d.Detects(0.8, 3), 0.60, 0.02)
	near(t, "power at 5 repeats", d.Detects(0.8, 5), 0.89, 0.02)
	near(t, "the detectable effect is detected", d.Detects(d.Detectable(4, 0.8), 4), 0.8, 0.001)

	const repeats, effect = 4, 0.4
	df := float64(15 * (repeats - 1))
	f := ManyToOne(15)
	outer, inner := f.Critical(0.95, df), f.Inner().Critical(0.95, df)
	rng := rand.New(rand.NewPCG(9, 10))
	hits, n := 0, draws(4000, 40_000)
	for range n {
		chi := 0.0
		for range int(df) {
			z := rng.NormFloat64()
			chi += z * z
		}
		se := math.Sqrt(2.0 / repeats * 0.09)
		x, s := effect+se*rng.NormFloat64(), se*math.Sqrt(chi/df)
		if math.Abs(x) > outer*s || math.Abs(x)+inner*s < d.Delta {
			hits++
		}
	}
	within3(t, "decided", hits, n, d.Decides(effect, repeats))
	if n := d.Repeats(0.8, 0.8, 2, 100); d.Decides(0.8, n) < 0.8 || d.Decides(0.8, n-1) >= 0.8 {
		t.Errorf("%d repeats decide with %.3f, one fewer with %.3f", n, d.Decides(0.8, n), d.Decides(0.8, n-1))
	}
	if share := (Design{Variants: 5, SD: 0.3, ImageVar: 0.2, Level: 0.05}).ImageShare(0.5, 0.8); share <= 0 || share >= 1 {
		t.Errorf("share %v of the image term for an effect it hides", share)
	}
}

func TestBadInputIsNoPanic(t *testing.T) {
	nan := math.NaN()
	for _, y := range [][][]float64{nil, {{}}, {{1, 2}, {1}}, {{nan, nan}, {1, 2}}} {
		if _, err := Fit(y); err == nil {
			t.Errorf("no error for %v", y)
		}
	}
	l, err := Fit([][]float64{{1, nan}, {nan, 2}, {3, nan}})
	if err != nil || !math.IsNaN(l.Effects[1]) || math.Abs(l.Effects[2]-2) > 1e-12 || l.DF != 0 {
		t.Errorf("an arm without a block in common: %+v, %v", l, err)
	}
	if c := ManyToOne(3).Critical(2, 5); !math.IsNaN(c) {
		t.Errorf("critical value at level 2 is %v", c)
	}
	if p := FisherMore(4, 3, 0, 3); !math.IsNaN(p) {
		t.Errorf("4 of 3 has p %v", p)
	}
	if n := (Design{}).Repeats(1, 0.8, 2, 10); n != 0 {
		t.Errorf("a design without variants needs %d repeats", n)
	}
	EstimateImages(nil, 2)
	EstimateImages([]ImageBlock{{IDs: []int32{1}, Diff: [][]float64{{1}, nil}}}, 2)
}
