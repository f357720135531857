package store_test

import (
	"fmt"
	"os"
	"time"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// A study of two arms is put, its trials are leased, run and taken in, and read back.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(dir, time.Now)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	specs, ids := map[string]trial.Spec{}, []string{}
	st := store.Study{Name: "photos", Repeats: 1}
	var cells []store.Cell
	for _, name := range []string{"baseline", "elu"} {
		spec := trial.Spec{Network: trial.Digest(name)} // and all else that decides the bits
		specs[spec.ID()], ids = spec, append(ids, spec.ID())
		st.Arms = append(st.Arms, store.Arm{Arm: study.Arm{Name: name}, Key: spec.Arm()})
		cells = append(cells, store.Cell{Arm: spec.Arm(), Repeat: 1, Trial: spec.ID()})
	}
	st.Baseline = st.Arms[0].Key
	if _, err := s.Put(st); err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Assign("photos", cells, false); err != nil {
		fmt.Println(err)
		return
	}
	owner := store.NewOwner()
	for {
		lease, err := s.Lease(ids, owner, time.Minute)
		if err != nil || lease == nil {
			break
		}
		s.Complete(&trial.Result{ID: lease.Trial, Spec: specs[lease.Trial], Status: trial.Done, Steps: 100}, lease)
	}
	trials, _, err := s.Trials(ids)
	for _, t := range trials {
		fmt.Println(t.Status, t.Steps)
	}
	fmt.Println(err)
	// Output:
	// done 100
	// done 100
	// <nil>
}
