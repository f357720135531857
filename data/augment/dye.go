package augment

import "math"

// luma is the brightness of a colour by ITU-R BT.601, as Pillow's convert("L") and torchvision weigh it.
var luma = [3]float64{0.299, 0.587, 0.114}

// Colour is a change of colours: a pixel p of red, green and blue becomes Pixel·p + Mean·q + Add, where q is the mean of what is seen of
// the picture, all from 0 to 255.
type Colour struct {
	Pixel, Mean [3][3]float64
	Add         [3]float64
}

// Dye changes the colours of what is seen, after what was said before. Several in a row are one, so nothing is rounded or cut off in
// between.
func (s *Sample) Dye(c Colour) {
	if n := len(s.stages); n > 0 && s.stages[n-1].kind == linear {
		s.stages[n-1].colour = c.after(s.stages[n-1].colour)
		return
	}
	s.stages = append(s.stages, stage{kind: linear, colour: c})
}

// after is the change that does first, and then c: the mean is then changed, too.
func (c Colour) after(first Colour) Colour {
	var mean [3][3]float64
	for i := range 3 {
		for j := range 3 {
			mean[i][j] = first.Pixel[i][j] + first.Mean[i][j]
		}
	}
	a, b := product(c.Pixel, first.Mean), product(c.Mean, mean)
	both := Colour{Pixel: product(c.Pixel, first.Pixel)}
	for i := range 3 {
		for j := range 3 {
			both.Mean[i][j] = a[i][j] + b[i][j]
			both.Add[i] += float64((c.Pixel[i][j] + c.Mean[i][j]) * first.Add[j])
		}
		both.Add[i] += c.Add[i]
	}
	return both
}

func product(a, b [3][3]float64) (ab [3][3]float64) {
	for i := range 3 {
		for j := range 3 {
			ab[i][j] = float64(a[i][0]*b[0][j]) + float64(a[i][1]*b[1][j]) + float64(a[i][2]*b[2][j])
		}
	}
	return ab
}

// apply changes a picture, between the spans where there are any. In a grey one all three are the one value, and it stays grey by
// the brightness of what it would become. Sums are of whole numbers with 16 bits behind the point, cut off at 0 and 255.
func (c Colour) apply(m Image, spans []Span) {
	add := [3]int64{whole(c.Add[0]), whole(c.Add[1]), whole(c.Add[2])}
	if c.Mean != ([3][3]float64{}) {
		mean := seenMean(m, spans)
		for i := range 3 {
			add[i] += whole(float64(c.Mean[i][0]*mean[0]) + float64(c.Mean[i][1]*mean[1]) + float64(c.Mean[i][2]*mean[2]))
		}
	}
	if m.C == 1 {
		var factor, offset int64
		for i := range 3 {
			factor += whole(luma[i] * (c.Pixel[i][0] + c.Pixel[i][1] + c.Pixel[i][2]))
			offset += whole(float64(luma[i] * float64(add[i]) / (1 << 16)))
		}
		for i, v := range m.Pix {
			m.Pix[i] = cut((int64(v)*factor + offset + 1<<15) >> 16)
		}
		return
	}
	var f [3][3]int64
	for i := range 3 {
		for j := range 3 {
			f[i][j] = whole(c.Pixel[i][j])
		}
		add[i] += 1 << 15
	}
	for at := 0; at+2 < len(m.Pix); at += 3 {
		p := m.Pix[at : at+3 : at+3]
		r, g, b := int64(p[0]), int64(p[1]), int64(p[2])
		p[0] = cut((r*f[0][0] + g*f[0][1] + b*f[0][2] + add[0]) >> 16)
		p[1] = cut((r*f[1][0] + g*f[1][1] + b*f[1][2] + add[1]) >> 16)
		p[2] = cut((r*f[2][0] + g*f[2][1] + b*f[2][2] + add[2]) >> 16)
	}
}

// whole is a number with 16 bits behind the point.
func whole(v float64) int64 { return int64(math.Floor(float64(v*(1<<16)) + 0.5)) }

func cut(v int64) byte { return byte(min(max(v, 0), 255)) }

// seenMean is the mean of red, green and blue, of what is filled nothing; a grey picture's is its mean three times.
func seenMean(m Image, spans []Span) (mean [3]float64) {
	var sum [3]int64
	n := 0
	for y := range m.H {
		span := Span{0, m.W}
		if spans != nil {
			span = spans[y]
		}
		row := m.Pix[(y*m.W+span.X0)*m.C : (y*m.W+span.X1)*m.C]
		n += span.X1 - span.X0
		if m.C == 1 {
			for _, v := range row {
				sum[0] += int64(v)
			}
			continue
		}
		for ; len(row) >= 3; row = row[3:] {
			sum[0] += int64(row[0])
			sum[1] += int64(row[1])
			sum[2] += int64(row[2])
		}
	}
	if m.C == 1 {
		sum[1], sum[2] = sum[0], sum[0]
	}
	for k := range mean {
		mean[k] = float64(sum[k]) / float64(max(1, n))
	}
	return mean
}
