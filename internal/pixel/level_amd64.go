//go:build !purego

package pixel

import "golang.org/x/sys/cpu"

// Best is the fastest level of this processor.
func Best() Level {
	if cpu.X86.HasAVX2 && cpu.X86.HasBMI2 {
		return AVX2
	}
	return Generic
}
