package runner

import (
	"encoding/json"
	"fmt"

	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
)

// Result is a study of the store as it stands, judged anew. Its data need not be there any more.
func Result(st *store.Store, name string) (*study.Result, error) {
	held, err := st.Study(name)
	if err != nil {
		return nil, err
	}
	decoded, err := decode(held)
	if err != nil {
		return nil, err
	}
	r := &study.Result{
		Question: held.Question, Name: name, Digest: held.Digest, Data: decoded.Base.Data.String(), Net: decoded.Base.Net,
		Design: string(decoded.Design), Seed: decoded.Seed, Repeats: decoded.Repeats, Threads: cpu.DefaultThreads(),
		Metric: "accuracy", Meaningful: decoded.Meaningful, Arms: held.Arms,
	}
	if n, err := st.Noise(held.Digest); err == nil && n != nil {
		r.NoiseFloor = n.SD
	}
	if r.Trials, err = st.Trials(name); err != nil {
		return nil, err
	}
	for _, t := range r.Trials {
		if t.Engine != "" {
			r.Engine = t.Engine
		}
	}
	return r, study.Judge(r)
}

// Winner is the experiment of a judged study's best arm as the text of a file: what assay train goes on with.
func Winner(st *store.Store, r *study.Result) (string, error) {
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
	node, err := experiment.Encode(e)
	if err != nil {
		return "", err
	}
	node.Comment = fmt.Sprintf("The best arm of the study %s: %s.\nTrain it to the end with: assay train winner.yaml", r.Name, says(r))
	return string(node.YAML()), nil
}

// says is the winner's line: its name, and what was found of it.
func says(r *study.Result) string {
	j, ok := r.Judgement(r.Winner)
	if !ok || j.Baseline || j.Effect == nil || j.Low == nil || j.High == nil {
		return r.Winner + ", as no variant helps"
	}
	return fmt.Sprintf("%s, %+.2f points [%+.2f, %+.2f] on validation images", r.Winner, *j.Effect, *j.Low, *j.High)
}

// decode reads the study that the store holds, with the folder that it was pointed at.
func decode(held store.Study) (*study.Study, error) {
	var from origin
	if err := json.Unmarshal(held.Plan, &from); err != nil {
		return nil, fmt.Errorf("study %s: the store does not say where it came from: %w; run it under another name (--as NAME)", held.Name, err)
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
