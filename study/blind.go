package study

// Look takes a look as Judge does and tells r nothing, which is most of the work: for simulations of thousands of studies.
func (l Ledger) Look(r *Result, planned bool) (Look, error) {
	t, err := tabulate(r)
	if err != nil {
		return Look{}, err
	}
	t.begin(r)
	return l.take(r, t, planned), nil
}

// Claims fills r with verdicts as [Judge] does and leaves out what comes after them, the outlook and the choice, which are most of the work:
// for simulations.
func Claims(r *Result) error {
	t, err := tabulate(r)
	if err != nil {
		return err
	}
	t.begin(r)
	if r.Stopped == "" {
		t.tell(r, t.ask(r, sight{level: alpha}))
	}
	return nil
}

// LookAt is a look at the level given, whatever the rule of [Plain]: for simulations of rules that could be. A study is judged
// by [Ledger.Judge].
func (l Ledger) LookAt(r *Result, level float64) (Look, error) {
	t, err := tabulate(r)
	if err != nil {
		return Look{}, err
	}
	t.begin(r)
	look := Look{N: len(l.Looks) + 1, Level: level, Study: r.Name}
	if r.Stopped == "" {
		look.Arms = l.judge(t, t.ask(r, l.sight(t, level)))
	}
	return look, nil
}
