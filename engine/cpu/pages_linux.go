package cpu

import (
	"syscall"
	"unsafe"
)

// hugePage is the size that all of Linux's processors with 4 KB pages share.
const hugePage = 2 << 20

// advise asks for huge pages where d covers whole ones. It must come before the first write: what has been touched stays on small
// pages until the system finds the time to move it. A refusal changes nothing but speed.
func advise(d []float32) {
	if len(d) < hugePage/4 {
		return
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(&d[0])), 4*len(d))
	at := uintptr(unsafe.Pointer(&b[0]))
	from, to := (at+hugePage-1)&^(hugePage-1), (at+uintptr(len(b)))&^(hugePage-1)
	if from < to {
		_ = syscall.Madvise(b[from-at:to-at], syscall.MADV_HUGEPAGE)
	}
}
