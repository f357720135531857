//go:build !linux

package runner

import "time"

// scheduled is zeros: nothing counts what threads wait.
func scheduled() (ran, waited time.Duration) { return 0, 0 }
