package augment

import (
	"math"
	"slices"
	"sync"

	"github.com/assaylab/assay/internal/elementary"
)

// Space is how the colours of a picture are told to the network: bytes of red, green and blue become bytes of something else, after all that
// training does to them and before they are normalised. Conversions are OpenCV's of 8 bits, in whole numbers.
type Space string

// The spaces.
const (
	SpaceRGB      Space = "rgb"      // as they are
	SpaceGrey     Space = "grey"     // brightness alone, one channel
	SpaceYCrCb    Space = "ycrcb"    // brightness by ITU-R BT.601, and how much redder and bluer, 128 where not at all
	SpaceHSV      Space = "hsv"      // hue in steps of 2°, saturation, value: Smith, SIGGRAPH 1978
	SpaceLab      Space = "lab"      // CIE 1976 L*a*b* of sRGB under D65: L times 2.55, a and b plus 128
	SpaceLog      Space = "log"      // each channel's logarithm: 255·ln(1+v)/ln 256
	SpaceEqualize Space = "equalize" // brightness by its rank among the pixels of what is seen
	SpaceCLAHE    Space = "clahe"    // the same in 8x8 parts, no level counted more than twice its share: Zuiderveld, Graphics Gems IV, 1994
)

// Spaces lists them.
func Spaces() []Space {
	return []Space{SpaceRGB, SpaceGrey, SpaceYCrCb, SpaceHSV, SpaceLab, SpaceLog, SpaceEqualize, SpaceCLAHE}
}

// Channels is how many a network sees of pictures of c channels; 0 stays, but under grey.
func (s Space) Channels(c int) int {
	if s == SpaceGrey {
		return 1
	}
	return c
}

// Coloured tells whether a space is of colours, so that grey pictures have no use for it.
func (s Space) Coloured() bool { return slices.Contains([]Space{SpaceYCrCb, SpaceHSV, SpaceLab}, s) }

// Sight is room for seeing pictures in a space; it keeps it for the next.
type Sight struct {
	pix  []byte
	luts []byte // of 64 parts, 256 levels each
}

// See gives a picture and the window of it as a network sees them: m itself where colours stay as they are. All is the
// room's until the next See.
func (s Space) See(m Image, win Window, room *Sight) (Image, Window) {
	if s == SpaceRGB || s == SpaceGrey || s == "" {
		return m, win
	}
	y0, x0 := max(0, win.Y), max(0, win.X)
	h, w := max(0, min(m.H, win.Y+win.H)-y0), max(0, min(m.W, win.X+win.W)-x0)
	c := m.C
	if s.Coloured() {
		c = 3
	}
	room.pix = resized(room.pix, h*w*c)
	for y := range h {
		out, in := room.pix[y*w*c:(y+1)*w*c], m.Pix[((y0+y)*m.W+x0)*m.C:]
		if c == m.C {
			copy(out, in)
			continue
		}
		for x, v := range in[:w] {
			out[3*x], out[3*x+1], out[3*x+2] = v, v, v
		}
	}
	win.Y, win.X = win.Y-y0, win.X-x0
	m = Image{H: h, W: w, C: c, Pix: room.pix}
	if h > 0 && w > 0 {
		s.convert(m, room)
	}
	return m, win
}

func (s Space) convert(m Image, room *Sight) {
	switch s {
	case SpaceLog:
		table := logs()
		for i, v := range m.Pix {
			m.Pix[i] = table[v]
		}
	case SpaceEqualize, SpaceCLAHE:
		if m.C == 3 {
			each(m, toYCrCb)
		}
		if s == SpaceEqualize {
			equalized(m)
		} else {
			room.luts = resized(room.luts, parts*parts*256)
			clahe(m, room.luts)
		}
		if m.C == 3 {
			each(m, fromYCrCb)
		}
	case SpaceYCrCb:
		each(m, toYCrCb)
	case SpaceHSV:
		each(m, toHSV)
	case SpaceLab:
		t := labs()
		for p := m.Pix; len(p) >= 3; p = p[3:] {
			t.convert(p[:3:3])
		}
	}
}

// each converts all pixels of three channels.
func each(m Image, convert func(p []byte)) {
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		convert(p[:3:3])
	}
}

// Numbers of YCrCb have 14 bits behind the point.
const yPoint = 14

func yRound(v int) int { return (v + 1<<(yPoint-1)) >> yPoint }

func toYCrCb(p []byte) {
	r, g, b := int(p[0]), int(p[1]), int(p[2])
	y := yRound(4899*r + 9617*g + 1868*b) // 0.299, 0.587, 0.114
	p[0] = byte(y)
	p[1] = cut(int64(128 + yRound(11682*(r-y)))) // 0.713
	p[2] = cut(int64(128 + yRound(9241*(b-y))))  // 0.564
}

func fromYCrCb(p []byte) {
	y, cr, cb := int(p[0]), int(p[1])-128, int(p[2])-128
	p[0] = cut(int64(y + yRound(22987*cr)))         // 1.403
	p[1] = cut(int64(y - yRound(11698*cr+5636*cb))) // 0.714, 0.344
	p[2] = cut(int64(y + yRound(29049*cb)))         // 1.773
}

func toHSV(p []byte) {
	r, g, b := int(p[0]), int(p[1]), int(p[2])
	high, low := max(r, g, b), min(r, g, b)
	d := high - low
	if d == 0 {
		p[0], p[1], p[2] = 0, 0, byte(high)
		return
	}
	hue := 0 // 30 a sixth
	switch high {
	case r:
		hue = nearest(30*(g-b), d)
	case g:
		hue = nearest(30*(b-r), d) + 60
	default:
		hue = nearest(30*(r-g), d) + 120
	}
	if hue < 0 {
		hue += 180
	}
	p[0], p[1], p[2] = byte(hue), byte(nearest(255*d, high)), byte(high)
}

// nearest is a/b rounded to the nearest, b above 0, halves up.
func nearest(a, b int) int { return int(math.Floor(float64(2*a+b) / float64(2*b))) }

var logs = sync.OnceValue(func() *[256]byte {
	var t [256]byte
	for v := range t {
		t[v] = byte(math.Floor(float64(255*elementary.Log(float64(1+v))/elementary.Log(256)) + 0.5))
	}
	return &t
})

// labTables hold, with 14 bits behind the point, the light of each level of sRGB and the function that L*a*b* takes of light.
type labTables struct {
	light [256]int32
	f     [1<<labPoint + 1]int32 // 16 bits behind the point
}

const labPoint = 14

// The light that each colour gives to X, Y and Z, whose sums are white under D65.
var labLight = [3][3]int32{
	{7110, 6164, 3110},  // 0.412453, 0.357580, 0.180423, by 0.950456
	{3484, 11717, 1183}, // 0.212671, 0.715160, 0.072169
	{291, 1794, 14299},  // 0.019334, 0.119193, 0.950227, by 1.088754
}

var labs = sync.OnceValue(func() *labTables {
	t := &labTables{}
	for v := range t.light {
		x := float64(v) / 255
		if x <= 0.04045 {
			x /= 12.92
		} else {
			x = elementary.Pow((x+0.055)/1.055, 2.4)
		}
		t.light[v] = int32(math.Floor(float64(x*(1<<labPoint)) + 0.5))
	}
	for i := range t.f {
		x := float64(i) / (1 << labPoint)
		if x <= 216.0/24389 {
			x = (float64(x*(24389.0/27)) + 16) / 116
		} else {
			x = elementary.Pow(x, 1.0/3)
		}
		t.f[i] = int32(math.Floor(float64(x*(1<<16)) + 0.5))
	}
	return t
})

func (t *labTables) convert(p []byte) {
	r, g, b := t.light[p[0]], t.light[p[1]], t.light[p[2]]
	var f [3]int64
	for i, k := range labLight {
		f[i] = int64(t.f[(k[0]*r+k[1]*g+k[2]*b+1<<(labPoint-1))>>labPoint])
	}
	const half = 1 << 15
	p[0] = cut(((116*f[1]-16<<16)*255/100 + half) >> 16)
	p[1] = cut((500*(f[0]-f[1]) + 128<<16 + half) >> 16)
	p[2] = cut((200*(f[1]-f[2]) + 128<<16 + half) >> 16)
}

// equalized gives each level of the first channel its share of the pixels below it: the lowest becomes 0, the highest 255.
func equalized(m Image) {
	var count [256]int
	for i := 0; i < len(m.Pix); i += m.C {
		count[m.Pix[i]]++
	}
	first := 0
	for count[first] == 0 {
		first++
	}
	rest := m.H*m.W - count[first]
	if rest == 0 {
		return
	}
	var table [256]byte
	sum := 0
	for v := first + 1; v < 256; v++ {
		sum += count[v]
		table[v] = byte((2*sum*255 + rest) / (2 * rest))
	}
	for i := 0; i < len(m.Pix); i += m.C {
		m.Pix[i] = table[m.Pix[i]]
	}
}

// parts are those of each side under clahe, whose limit is twice a level's share.
const (
	parts = 8
	limit = 2
)

// clahe equalizes the first channel by parts, with the excess of levels above the limit spread over all; a pixel's value is mixed from the
// tables of the four parts whose centres are around it. Parts are of one size; those at the end reach over the border, behind
// which the picture is mirrored.
func clahe(m Image, luts []byte) {
	h, w := (m.H+parts-1)/parts, (m.W+parts-1)/parts
	for part := range parts * parts {
		var count [256]int
		y0, x0 := part/parts*h, part%parts*w
		for y := y0; y < y0+h; y++ {
			row := neighbour(y, m.H, true) * m.W
			for x := x0; x < x0+w; x++ {
				count[m.Pix[(row+neighbour(x, m.W, true))*m.C]]++
			}
		}
		level(&count, h*w, luts[part*256:][:256])
	}
	for y := range m.H {
		top, below, fy := around(y, h)
		for x := range m.W {
			left, right, fx := around(x, w)
			at := (y*m.W + x) * m.C
			v := int(m.Pix[at])
			lut := func(ty, tx int) int { return int(luts[(ty*parts+tx)*256+v]) }
			upper := lut(top, left)*(2*w-fx) + lut(top, right)*fx
			lower := lut(below, left)*(2*w-fx) + lut(below, right)*fx
			m.Pix[at] = byte(evenly(upper*(2*h-fy)+lower*fy, 4*h*w))
		}
	}
}

// level makes the table of a part from how often each level is in it.
func level(count *[256]int, area int, table []byte) {
	most := max(1, limit*area/256)
	excess := 0
	for v, n := range count {
		if n > most {
			excess += n - most
			count[v] = most
		}
	}
	for v := range count {
		count[v] += excess / 256
	}
	if rest := excess % 256; rest > 0 {
		step := max(1, 256/rest)
		for v := 0; v < 256 && rest > 0; v += step {
			count[v]++
			rest--
		}
	}
	sum := 0
	for v, n := range count {
		sum += n
		table[v] = byte(min(255, evenly(sum*255, area)))
	}
}

// evenly is a/b of numbers from 0, rounded to the nearest, halves to the even one.
func evenly(a, b int) int {
	q, rest := a/b, a%b
	if 2*rest > b || 2*rest == b && q%2 == 1 {
		q++
	}
	return q
}

// around are the parts of a side on both sides of a place, and how far it is on the way from the first to the second, of twice a part's
// length.
func around(at, length int) (first, second, on int) {
	from := 2*at - length // from the centre of the first part
	first = from / (2 * length)
	if from < 0 {
		first = -1
	}
	on = from - 2*first*length
	return max(first, 0), min(first+1, parts-1), on
}
