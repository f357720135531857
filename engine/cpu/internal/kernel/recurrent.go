package kernel

import "math"

// Steps of recurrent sweeps: everything that a step does between two products with the recurrent weight, gates and states of
// several sequences at once. An LSTM's step is some 150 instructions for every vector of units, most of them of the five
// exponentials; a step's product is 4·units multiply-adds for each.

// Cell is a step of Rows sequences of Units units. Of each map row r is that of sequence r, its gates Units apart; Pix is not
// read. A row pitch of 0 gives all sequences the same row. Outputs may be the very map of an input of as many gates.
type Cell struct {
	Rows, Units int

	X      Map // input product, 4 gates (LSTM: i, f, g, o) or 3 (GRU: r, z, n)
	P      Map // recurrent product with its bias, as many
	G      Map // what the gates are, 4 (LSTM: i, f, g, o; GRU: r, z, n, p_n): out, in a gradient in
	Before Map // c (LSTM) or h (GRU) of the step before
	C      Map // LSTM: out, in a gradient in
	H      Map // out

	DY Map // gradient by h from above
	DH Map // gradient by h from the step behind; GRU leaves there what passes the gates by
	DC Map // LSTM: gradient by c from the step behind, and then for the one before
	DX Map // gradient by x, out
	DP Map // GRU: gradient by p, out
}

// row is width elements of row r.
func (m Map) row(r, width int) []float32 { return m.Data[r*m.Row:][:width:width] }

func sigmoid(x float32) float32 { return 1 / (1 + exp(-x)) }

func tanh(x float32) float32 {
	e := expm1(-2 * max(x, -x))
	t := -e / (e + 2)
	return float32(math.Copysign(float64(t), float64(x)))
}

// lstm is i,f,o = σ(x+p), g = tanh(x+p), c = f·before + i·g, h = o·tanh(c).
func lstm(a *Cell) {
	u := a.Units
	for r := range a.Rows {
		x, p, gates := a.X.row(r, 4*u), a.P.row(r, 4*u), a.G.row(r, 4*u)
		before, c, h := a.Before.row(r, u), a.C.row(r, u), a.H.row(r, u)
		for j := range u {
			i, f := sigmoid(x[j]+p[j]), sigmoid(x[u+j]+p[u+j])
			g, o := tanh(x[2*u+j]+p[2*u+j]), sigmoid(x[3*u+j]+p[3*u+j])
			gates[j], gates[u+j], gates[2*u+j], gates[3*u+j] = i, f, g, o
			c[j] = float32(f*before[j]) + float32(i*g)
			h[j] = o * tanh(c[j])
		}
	}
}

// lstmGrad is dx of the four gates from dh = DY+DH and DC, which it replaces by the gradient of the step before.
func lstmGrad(a *Cell) {
	u := a.Units
	for r := range a.Rows {
		gates, before, cell := a.G.row(r, 4*u), a.Before.row(r, u), a.C.row(r, u)
		dy, back, dcell, dx := a.DY.row(r, u), a.DH.row(r, u), a.DC.row(r, u), a.DX.row(r, 4*u)
		for j := range u {
			i, f, g, o := gates[j], gates[u+j], gates[2*u+j], gates[3*u+j]
			dh, t := dy[j]+back[j], tanh(cell[j])
			dc := dcell[j] + float32(dh*o*(1-float32(t*t)))
			dx[j] = dc * g * (i - float32(i*i))
			dx[u+j] = dc * before[j] * (f - float32(f*f))
			dx[2*u+j] = dc * i * (1 - float32(g*g))
			dx[3*u+j] = dh * t * (o - float32(o*o))
			dcell[j] = dc * f
		}
	}
}

// gru is r,z = σ(x+p), n = tanh(x + r·p), h = n + z·(before-n).
func gru(a *Cell) {
	u := a.Units
	for s := range a.Rows {
		x, p, gates := a.X.row(s, 3*u), a.P.row(s, 3*u), a.G.row(s, 4*u)
		before, h := a.Before.row(s, u), a.H.row(s, u)
		for j := range u {
			r, z, pn := sigmoid(x[j]+p[j]), sigmoid(x[u+j]+p[u+j]), p[2*u+j]
			n := tanh(x[2*u+j] + float32(r*pn))
			gates[j], gates[u+j], gates[2*u+j], gates[3*u+j] = r, z, n, pn
			h[j] = n + float32(z*(before[j]-n))
		}
	}
}

// gruGrad is dx and dp of the three gates from dh = DY+DH, and leaves z·dh in DH.
func gruGrad(a *Cell) {
	u := a.Units
	for s := range a.Rows {
		gates, before, dy, back := a.G.row(s, 4*u), a.Before.row(s, u), a.DY.row(s, u), a.DH.row(s, u)
		dx, dp := a.DX.row(s, 3*u), a.DP.row(s, 3*u)
		for j := range u {
			r, z, n, pn := gates[j], gates[u+j], gates[2*u+j], gates[3*u+j]
			dh := dy[j] + back[j]
			dn := (dh - float32(dh*z)) * (1 - float32(n*n))
			dr, dz := dn*pn*(r-float32(r*r)), dh*(before[j]-n)*(z-float32(z*z))
			dx[j], dx[u+j], dx[2*u+j] = dr, dz, dn
			dp[j], dp[u+j], dp[2*u+j] = dr, dz, dn*r
			back[j] = dh * z
		}
	}
}
