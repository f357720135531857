//go:build unix

package main

import "syscall"

// processorSeconds is what this process has used of processors.
func processorSeconds() (float64, bool) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, false
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9, true
}
