package runner

import (
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study/trial"
)

// Album is what the trials of a study saw.
type Album struct {
	Data   string       // digest of the set of images that its baseline trained on; "" while no trial has ended
	Images trial.Images // all validation images, numbered as study.PerImage.IDs number them
}

// OpenAlbum reads the album of a study of the store.
func OpenAlbum(st *store.Store, name string) (Album, error) {
	var a Album
	held, err := st.Study(name)
	if err != nil {
		return a, err
	}
	standing, err := stands(st, held)
	if err != nil {
		return a, err
	}
	var ids []string
	baseline := map[string]bool{}
	for _, h := range standing {
		if h.Status != "" {
			ids = append(ids, h.Trial)
			baseline[h.Trial] = h.Cell.Arm == held.Baseline
		}
	}
	results, _, err := st.Trials(ids)
	if err != nil {
		return a, err
	}
	seen := map[string]trial.Images{} // by hash, a list of that image alone
	for _, r := range results {
		if e, ok := r.Score(Validation); ok && baseline[r.ID] && a.Data == "" {
			a.Data, a.Images.Classes = r.Spec.Data, r.Images[e.Images].Classes
		}
	}
	for _, r := range results {
		e, ok := r.Score(Validation)
		if !ok {
			continue
		}
		of := r.Images[e.Images]
		if a.Images.Classes == nil { // no baseline has ended yet
			a.Images.Classes = of.Classes
		}
		for i, hash := range of.Hashes {
			one := trial.Images{Labels: of.Labels[i : i+1]}
			if i < len(of.Names) {
				one.Names = of.Names[i : i+1]
			}
			seen[hash] = one
		}
	}
	for hash := range seen {
		a.Images.Hashes = append(a.Images.Hashes, hash)
	}
	slices.Sort(a.Images.Hashes) // as newPool numbers them
	for _, hash := range a.Images.Hashes {
		a.Images.Labels = append(a.Images.Labels, seen[hash].Labels...)
		a.Images.Names = append(a.Images.Names, append(slices.Clone(seen[hash].Names), "")[0])
	}
	return a, nil
}

// Base is the experiment that a study of the store varies, with the folder that it was pointed at.
func Base(held store.Study) (experiment.Experiment, error) {
	s, err := decode(held)
	if err != nil {
		return experiment.Experiment{}, err
	}
	return s.Base, nil
}
