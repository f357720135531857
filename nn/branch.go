package nn

import "slices"

// Branches lists the residual branches: the inputs of sums that are added to what bypasses them, in graph order. Of what is added, the
// bypass has the fewest convolutions and linear layers since all parted, at most one, and no activation: an identity or a projection
// (He et al., arXiv:1512.03385, §3.2); what has more is a branch. Sums within gates are none.
func (o *Overlay) Branches() []Site {
	var sites []Site
	gating := o.g.Gating()
	place := make(map[*Node]int, len(o.g.Nodes))
	for i, n := range o.g.Nodes {
		place[n] = i
	}
	for _, n := range o.g.Nodes {
		if _, sum := n.Layer.(Add); sum && !gating[n] {
			for _, i := range branches(n, place) {
				sites = append(sites, In(n, i))
			}
		}
	}
	return sites
}

// branches lists which inputs of a sum are residual branches.
func branches(sum *Node, place map[*Node]int) []int {
	fork, between := forkOf(sum, place)
	type way struct {
		units     int  // on the longest path since the fork
		activated bool // on any
	}
	ways := map[*Node]way{fork: {}}
	for _, n := range between {
		w, reached := way{}, false
		for _, in := range n.In {
			if from, ok := ways[in]; ok {
				reached = true
				w.units, w.activated = max(w.units, from.units), w.activated || from.activated
			}
		}
		if hasUnit(n) {
			w.units++
		}
		w.activated = w.activated || isActivation(n)
		if reached {
			ways[n] = w
		}
	}
	bypass := ways[sum.In[0]]
	for _, in := range sum.In[1:] {
		if w := ways[in]; w.units < bypass.units || w.units == bypass.units && !w.activated {
			bypass = w
		}
	}
	if bypass.units > 1 || bypass.activated {
		return nil
	}
	var is []int
	for i, in := range sum.In {
		if ways[in].units > bypass.units {
			is = append(is, i)
		}
	}
	return is
}

// forkOf is the last node that all inputs of a sum come from, and what lies between the two in graph order.
func forkOf(sum *Node, place map[*Node]int) (fork *Node, between []*Node) {
	meets := map[*Node]int{} // how many inputs come from a node
	for _, in := range sum.In {
		seen := map[*Node]bool{}
		todo := []*Node{in}
		for len(todo) > 0 {
			n := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !seen[n] {
				seen[n] = true
				meets[n]++
				todo = append(todo, n.In...)
			}
		}
	}
	for n, times := range meets {
		if times == len(sum.In) && (fork == nil || place[n] > place[fork]) {
			fork = n
		}
	}
	for n := range meets {
		if place[n] > place[fork] {
			between = append(between, n)
		}
	}
	slices.SortFunc(between, func(a, b *Node) int { return place[a] - place[b] })
	return fork, between
}
