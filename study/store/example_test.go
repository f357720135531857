package store_test

import (
	"fmt"
	"os"
	"time"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
)

// A study of two trials is planned, run by one owner and read back.
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

	arms := []study.Arm{{Name: "baseline", Baseline: true}, {Name: "elu"}}
	s.CreateOrResume(store.Study{Name: "photos", Digest: "1f3a", Arms: arms, Trials: study.OneFactorAtATime(arms, 1, 1)})
	for {
		lease, err := s.Lease("photos", "me", time.Minute)
		if err != nil || lease == nil {
			break
		}
		s.Complete("photos", study.Trial{Arm: lease.Arm, Repeat: lease.Repeat, Status: study.Done, Metrics: map[string]float64{"accuracy": 88}})
	}
	trials, err := s.Trials("photos")
	for _, t := range trials {
		fmt.Println(t.Arm, t.Repeat, t.Status, t.Metrics["accuracy"])
	}
	fmt.Println(err)
	// Output:
	// baseline 1 done 88
	// elu 1 done 88
	// <nil>
}
