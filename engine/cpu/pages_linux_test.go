package cpu

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

func TestLongArraysAskForHugePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no transparent huge pages")
	}
	for _, n := range []int{0, 1, 1 << 19, 8 << 20} {
		d := floats(n)
		if len(d) != n {
			t.Fatalf("%d elements, want %d", len(d), n)
		}
		for i := range d {
			if d[i] != 0 {
				t.Fatalf("element %d of %d is %v, want 0", i, n, d[i])
			}
		}
	}
	d := floats(8 << 20)
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	middle := uint64(uintptr(unsafe.Pointer(&d[len(d)/2])))
	inside := false
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		if _, err := fmt.Sscanf(line, "%x-%x ", &from, &to); err == nil {
			inside = from <= middle && middle < to
		} else if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside {
			if !strings.Contains(flags, " hg") {
				t.Errorf("the middle of a 32 MB array is not advised: flags%s", flags)
			}
			return
		}
	}
	t.Error("the array is in no mapping")
}
