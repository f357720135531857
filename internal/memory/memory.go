// Package memory says how much memory this process may have, so that what cannot fit is refused in words: Go itself ends a
// program that asks for more than the system has, and a control group's limit ends it without a word. It imports internal/say.
// Start at [Need]; where a system tells nothing, nothing is refused.
package memory

import (
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"

	"github.com/assaylab/assay/internal/say"
)

// Free is how many bytes this process can still ask for: the least of what the machine has available and of what the limits of its
// control groups and of its address space (ulimit -v) leave beyond what is in use; 0 where nothing tells, at least 1 where
// something does.
func Free() int64 { return read(os.DirFS("/")).free }

// Lack is the error of what does not fit.
type Lack struct {
	Need, Held int64 // bytes: in all, and of them held already
	Free       int64 // bytes that can still be had
	Total      int64 // bytes that this process can ever have: the least limit, with nothing else in use
}

func (l *Lack) Error() string {
	if l.Need > l.Total {
		return fmt.Sprintf("%s of memory are needed, and this process may have %s", say.Bytes(l.Need), say.Bytes(l.Total))
	}
	return fmt.Sprintf("%s of memory are needed, and of the %s that this process may have %s are free", say.Bytes(l.Need-l.Held), say.Bytes(l.Total), say.Bytes(l.Free))
}

// small is what is never refused: to ask reads some ten files of the system, which takes a millisecond, longer than many a small
// program to lay out.
const small = 4 << 20

// Need is nil where so many bytes can be had, of which the caller holds some already, or where nothing tells; else the error is a
// [*Lack], to which the caller adds what to do. Before it refuses it has Go give back what it holds and no longer uses. What is at most
// 4 MiB beyond what is held is not asked for.
func Need(bytes, held int64) error {
	if bytes-held <= small {
		return nil
	}
	fits := func(r room) bool { return r.total == 0 || bytes <= r.total && bytes-held <= r.free }
	r := read(os.DirFS("/"))
	if !fits(r) && bytes <= r.total {
		debug.FreeOSMemory()
		r = read(os.DirFS("/"))
	}
	if fits(r) {
		return nil
	}
	return &Lack{Need: bytes, Held: held, Free: r.free, Total: r.total}
}

// room is what the system tells, 0 for nothing.
type room struct{ total, free int64 }

// limit narrows the room to one of its limits with what is in use under it.
func (r *room) limit(limit, used int64) {
	left := max(limit-used, 1)
	if r.total == 0 || limit < r.total {
		r.total = limit
	}
	if r.free == 0 || left < r.free {
		r.free = left
	}
}

// read looks at a system's files: /proc/meminfo, the control groups that /proc/self/cgroup names with all above them, and the
// limit of the address space in /proc/self/limits. root is the file system from / on.
func read(root fs.FS) room {
	var r room
	if text := file(root, "proc/meminfo"); text != "" {
		if total := field(text, "MemTotal:"); total > 0 {
			free := field(text, "MemAvailable:")
			if free == 0 { // Linux before 3.14
				free = field(text, "MemFree:") + field(text, "Cached:")
			}
			r.limit(total, total-free)
		}
	}
	groups(root, &r)
	for line := range strings.Lines(file(root, "proc/self/limits")) {
		if rest, ok := strings.CutPrefix(line, "Max address space"); ok {
			if words := strings.Fields(rest); len(words) > 0 {
				if limit, ok := number(words[0]); ok {
					r.limit(limit, field(file(root, "proc/self/status"), "VmSize:"))
				}
			}
		}
	}
	return r
}

// file is a file's text, "" where it cannot be read.
func file(root fs.FS, name string) string {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return string(text)
}
