package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/published"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
)

// Result is a study of the store as it stands, with the verdicts of its last look. Its data need not be there any more.
func Result(st *store.Store, name string) (*study.Result, error) {
	r, ledger, doubts, err := gather(st, name)
	if err == nil {
		err = ledger.Show(r)
	}
	if err != nil {
		return nil, err
	}
	r.Caveats = append(r.Caveats, doubts...)
	held, err := st.Study(name)
	if err != nil {
		return nil, err
	}
	of, err := decode(held)
	if err != nil {
		return nil, err
	}
	if err := tuned(st, r, of.Tune); err != nil {
		return nil, err
	}
	return r, tested(st, r)
}

// conclude judges the study where the run has come to an end that is one: that is a look, which is counted. Else it shows what the
// last look said.
func (w *work) conclude() (*Ran, error) {
	ran := &Ran{Trials: w.ran, End: w.end}
	var doubts []string
	defer func() {
		if ran.Result != nil {
			ran.Result.Caveats = append(ran.Result.Caveats, doubts...)
		}
	}()
	for {
		r, ledger, of, err := gather(w.st, w.Name)
		if err != nil {
			return nil, err
		}
		ran.Result, doubts = r, of
		if w.rungs() { // nothing is claimed of them
			return ran, nil
		}
		ends := w.end.Kind == study.AllDone || w.end.Kind == study.BudgetSpent || w.end.Kind == study.SomeFailed
		if !ends || w.end.Beyond > 0 { // with arms beyond this file's, the look is for the process that runs them
			return ran, ledger.Show(r)
		}
		look, err := ledger.Judge(r, w.end.Kind != study.BudgetSpent)
		if err != nil || look.N == 0 {
			return ran, err
		}
		look.At = time.Now().UTC()
		body, err := json.Marshal(look)
		if err != nil {
			return nil, err
		}
		err = w.st.AddLook(ledger.Baseline, store.Look{N: look.N, Study: w.Name, Body: body})
		if errors.Is(err, store.ErrChanged) { // another process has judged in the meantime
			continue
		}
		if err == nil && w.tuning == nil { // the luck of choosing is no noise of trainings
			err = w.keepNoise(w.st, r, ledger.Baseline)
		}
		return ran, err
	}
}

// gathered is what a store holds of a study.
type gathered struct {
	store.Study
	study *study.Study // its file
	task  task.Task    // without classes
	cells []study.Held // that a trial stands for, of the arms that it has, arm by arm
	ended map[string]*trial.Result
}

// gatherAll reads what a store holds of a study. A damaged trial stands in cells and has not ended.
func gatherAll(st *store.Store, name string) (g gathered, err error) {
	if g.Study, err = st.Study(name); err != nil {
		return g, err
	}
	if g.study, err = decode(g.Study); err != nil {
		return g, err
	}
	if g.task, err = task.New(g.study.Base.Task, nil); err != nil {
		return g, err
	}
	standing, err := stands(st, g.Study)
	if err != nil {
		return g, err
	}
	var ids []string
	for _, a := range g.arms() {
		for repeat := 1; repeat <= g.Repeats; repeat++ {
			at := slices.IndexFunc(standing, func(h study.Held) bool { return h.Cell == study.Cell{Arm: a.Key, Repeat: repeat} })
			if at >= 0 && standing[at].Status != "" {
				g.cells, ids = append(g.cells, standing[at]), append(ids, standing[at].Trial)
			}
		}
	}
	results, _, err := st.Trials(ids)
	g.ended = map[string]*trial.Result{}
	for _, t := range results {
		g.ended[t.ID] = t
	}
	return g, err
}

// arms are those that are not removed.
func (g gathered) arms() []store.Arm {
	return slices.DeleteFunc(slices.Clone(g.Arms), func(a store.Arm) bool { return a.Status == store.Removed })
}

// arm is the one of an identity.
func (g gathered) arm(key string) store.Arm {
	return g.Arms[slices.IndexFunc(g.Arms, func(a store.Arm) bool { return a.Key == key })]
}

// trials are those of some cells that have ended, judged on the images of an evaluation.
func (g gathered) trials(evaluation string, cells []study.Held) (trials []study.Trial) {
	var results []*trial.Result
	for _, c := range cells {
		if t := g.ended[c.Trial]; t != nil && !slices.Contains(results, t) {
			results = append(results, t)
		}
	}
	p := newPool(g.task, evaluation, results)
	for _, c := range cells {
		if t := g.ended[c.Trial]; t != nil {
			a := g.arm(c.Arm)
			trials = append(trials, p.trial(a.Name, c.Repeat, t, a.By()))
		}
	}
	return trials
}

// gather makes a result of what a study holds: its arms, the trials that stand for their cells, the ledger of its baseline, and what is
// to be said of its images: what the verdicts hold for, and what was doubtful.
func gather(st *store.Store, name string) (r *study.Result, ledger study.Ledger, doubts []string, err error) {
	g, err := gatherAll(st, name)
	if err != nil {
		return nil, ledger, nil, err
	}
	from, err := originOf(g.Study)
	if err != nil {
		return nil, ledger, nil, err
	}
	if ledger, err = ledgerOf(st, g.Baseline); err != nil {
		return nil, ledger, nil, err
	}
	base := g.study.Base
	r = &study.Result{
		Question: g.Question, Name: name, Digest: trial.Digest(g.File), Data: base.Data.String(), Net: base.Net,
		Design: g.study.Design, Seed: g.Seed, Repeats: g.Repeats, Folds: base.Data.Folds, Val: share(base.Data.Spec), Meaningful: g.study.Meaningful, Metrics: g.task.Metrics(), Complete: true,
	}
	if floor, err := st.Noise(floorOf(g.Baseline)); err == nil && floor != nil {
		r.NoiseFloor = floor.SD
	}
	for _, v := range g.study.Variants {
		r.Variants = append(r.Variants, v.Name)
	}
	r.Published = elsewhere(g.study, g.Study)
	known := map[study.Cell]bool{}
	for _, c := range g.cells {
		known[c.Cell] = c.Status == study.Done || c.Status == study.Diverged
		if t := g.ended[c.Trial]; t == nil {
			r.Complete = false // damaged, so that it is run again
		} else if t.Status != trial.Failed {
			r.Engine = t.Spec.Engine
		}
	}
	for _, a := range g.arms() {
		arm := a.Arm
		arm.ID = a.Key
		r.Arms = append(r.Arms, arm)
		for repeat := 1; repeat <= g.Asked(a); repeat++ {
			r.Complete = r.Complete && known[study.Cell{Arm: a.Key, Repeat: repeat}]
		}
	}
	r.Trials = g.trials(Validation, g.cells)
	if promise := r.Promise(); promise != "" {
		doubts = append(doubts, promise)
	}
	return r, ledger, append(doubts, from.Doubts...), nil
}

// elsewhere is what others found of a study's variants: of those that are one choice, in place of the base's of that name or beside it. A
// base whose network has batch norm is compared with one that had.
func elsewhere(s *study.Study, held store.Study) []study.Published {
	const norm = "batchnorm"
	beside := ""
	for _, a := range held.Arms {
		if a.Key == held.Baseline && strings.Contains(a.Recipe.Network, norm) {
			beside = norm
		}
	}
	var list []study.Published
	for _, v := range s.Variants {
		if len(v.With) != 1 || v.Net != "" || v.Data != nil || slices.ContainsFunc(v.Without, func(name string) bool { return name != v.With[0].Name }) {
			continue
		}
		like := published.Like
		for _, of := range slices.Concat(s.Base.Architecture, s.Base.Optimization, s.Base.Learning) {
			if of.Name == v.With[0].Name {
				like = func(c experiment.Choice, beside string) (published.Effect, bool) {
					return published.Against(c, of, beside)
				}
			}
		}
		e, ok := like(v.With[0], beside)
		if !ok && !slices.ContainsFunc(published.Of(v.With[0].Name), func(e published.Effect) bool { return e.Beside == beside }) {
			e, ok = like(v.With[0], "") // of such they have none at all
		}
		if ok {
			list = append(list, study.Published{Variant: v.Name, Points: e.Points(), Network: e.Network, Data: e.Data, Runs: e.Runs, Source: e.Source, Paper: e.Paper})
		}
	}
	return list
}

// share is the part of the images that each repeat draws for validation; 0 where it is a fold.
func share(images data.Spec) float64 {
	if images.Folds > 0 {
		return 0
	}
	return images.Val
}

// stands is the trials that stand for a study's cells.
func stands(st *store.Store, held store.Study) ([]study.Held, error) {
	cells, err := st.Cells(held.Name)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range cells {
		ids = append(ids, c.Trial)
	}
	states, err := st.States(ids)
	if err != nil {
		return nil, err
	}
	view, err := viewOf(held)
	if err != nil {
		return nil, err
	}
	h, judged := study.History{View: view}, judgedBy(held)
	for _, c := range cells {
		s := states[c.Trial]
		h.Held = append(h.Held, study.Held{
			Cell: study.Cell{Arm: c.Arm, Repeat: c.Repeat}, Trial: c.Trial, Engine: s.Engine, Status: statusBy(s, judged[c.Arm]), Leased: s.Owner != "",
			Weights: judgedWeights(s.Weights, judged[c.Arm]), Columns: s.Columns[by(Validation, judged[c.Arm])],
		})
	}
	return h.Standing(), nil
}

// ledgerOf reads the looks at a baseline. One whose record is damaged is spent all the same.
func ledgerOf(st *store.Store, baseline string) (study.Ledger, error) {
	ledger := study.Ledger{Baseline: baseline}
	looks, err := st.Looks(baseline)
	if err == nil {
		ledger.First, ledger.Repeats, err = st.Planned(baseline)
	}
	if err != nil {
		return ledger, err
	}
	for _, l := range looks {
		look := study.Look{N: l.N, Damaged: l.Damaged}
		if !l.Damaged {
			if err := json.Unmarshal(l.Body, &look); err != nil {
				return ledger, fmt.Errorf("%s: look %d cannot be read: %w; assay store check says more", st.Dir(), l.N, err)
			}
		}
		ledger.Looks = append(ledger.Looks, look)
	}
	return ledger, nil
}

// pool numbers the images of an evaluation of all trials of a study by their content, so that trials whose parts overlap know it.
type pool struct {
	task   task.Task
	of     string // name of the evaluation
	set    string
	number map[string]int32
}

func newPool(t task.Task, of string, results []*trial.Result) pool {
	p := pool{task: t, of: of, number: map[string]int32{}}
	var hashes []string
	for _, r := range results {
		if e, ok := r.Score(of); ok {
			for _, hash := range r.Images[e.Images].Hashes {
				if _, ok := p.number[hash]; !ok {
					p.number[hash] = 0
					hashes = append(hashes, hash)
				}
			}
		}
	}
	slices.Sort(hashes)
	for i, hash := range hashes {
		p.number[hash] = int32(i)
	}
	p.set = trial.Digest(fmt.Sprint(hashes))
	return p
}

// trial is a result as a study judges it, by a mean of the weights and by views or, where judged is "", by the last and at the centre.
func (p pool) trial(arm string, repeat int, r *trial.Result, judged string) study.Trial {
	t := study.Trial{
		Arm: arm, Repeat: repeat, Status: study.Status(r.Status), Reason: r.Reason, Step: int64(r.Steps), Seconds: r.Seconds,
		WeightsDigest: judgedWeights(r.Weights, judged), Engine: r.Spec.Engine,
	}
	for _, point := range r.Curve {
		t.Curve = append(t.Curve, study.Point{
			Epoch: point.Epoch, TrainLoss: float64(point.TrainLoss), LR: point.LR, Metrics: point.Metrics, Images: point.Images,
		})
	}
	if val, ok := r.Score(by(Validation, judged)); r.Status == trial.Done && ok && val.Diverged() {
		t.Status, t.Reason = study.Diverged, unsound(judged)
		return t
	}
	e, ok := r.Score(by(p.of, judged))
	if r.Status != trial.Done || !ok {
		return t
	}
	t.Metrics = e.Metrics
	images := r.Images[e.Images]
	t.Images = study.PerImage{Set: p.set, Columns: map[string][]float32{}}
	for _, hash := range images.Hashes {
		t.Images.IDs = append(t.Images.IDs, p.number[hash])
	}
	for _, c := range e.Columns {
		values := c.Reals
		for _, v := range c.Wholes {
			values = append(values, float32(v))
		}
		t.Images.Columns[c.Name] = values
	}
	p.task.Derive(t.Images.Columns, images.Labels)
	return t
}

// Winner is the experiment of a judged study's best arm as the text of a file in folder dir: what assay train goes on with. It is empty
// where nothing was judged.
func Winner(st *store.Store, r *study.Result, dir string) (string, error) {
	if len(r.Looks) == 0 || r.Stopped != "" || r.Winner == "" {
		return "", nil
	}
	held, err := st.Study(r.Name)
	if err != nil {
		return "", err
	}
	s, err := decode(held)
	if err != nil {
		return "", err
	}
	e, err := s.Experiment(r.Winner)
	if err != nil {
		return "", err
	}
	share := ""
	if usual := data.Folder("").Val; e.Data.Folds > 0 || e.Data.Val > usual { // held back to judge by, which is done
		e.Data.Val, e.Data.Folds = usual, 0
		e.Data.Asked = slices.DeleteFunc(slices.Clone(e.Data.Asked), func(key string) bool { return key == "val" })
		share = "\nThe study held more images back to judge by; this holds back the usual share, to see that the training went well."
	}
	if j, ok := r.Judgement(r.Winner); ok {
		if err := study.Resolve(&e, j.Solved); err != nil {
			return "", err
		}
	}
	e.Optimization, e.Learning = approach.Merged(e.Optimization), approach.Merged(e.Learning)
	node, err := experiment.EncodeIn(dir, e)
	if err != nil {
		return "", err
	}
	node.Comment = fmt.Sprintf("The best arm of the study %s: %s.%s\nTrain it to the end with: assay train winner.yaml\nOr on every image but those of the test, with none left to measure it on: assay train winner.yaml --all-images", r.Name, says(r), share)
	return string(node.YAML()), nil
}

// Next is what follows a study of the store.
func Next(st *store.Store, r *study.Result) (study.Next, error) {
	held, err := st.Study(r.Name)
	if err != nil {
		return study.Next{}, err
	}
	s, err := decode(held)
	if err != nil {
		return study.Next{}, err
	}
	return study.After(s, r)
}

// says is the winner's line: its name, and what was found of it.
func says(r *study.Result) string {
	j, ok := r.Judgement(r.Winner)
	if !ok || j.Baseline || j.Effect == nil || j.Low == nil || j.High == nil {
		return r.Winner + ", as no variant is shown to be better"
	}
	return fmt.Sprintf("%s, %+.2f points [%+.2f, %+.2f] on validation images", r.Winner, *j.Effect, *j.Low, *j.High)
}

// Source is the file that a study of the store was last run from, and the folder that took its data's place, "" where none did; absolute.
func Source(held store.Study) (file, data string, err error) {
	from, err := originOf(held)
	return from.File, from.Data, err
}

// decode reads the study that the store holds, with the folder that it was pointed at.
func decode(held store.Study) (*study.Study, error) {
	from, err := originOf(held)
	if err != nil {
		return nil, err
	}
	root, err := spec.Parse(from.File, []byte(held.File))
	if err != nil {
		return nil, err
	}
	s, err := study.Decode(root)
	if err != nil {
		return nil, err
	}
	s.PointAt(from.Data)
	return s, nil
}
