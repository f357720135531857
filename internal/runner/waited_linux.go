package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// scheduled is how long the threads of this process have run, and how long they could have run but waited for a processor that
// others had (the kernel's schedstat). Zeros where the kernel does not count.
func scheduled() (ran, waited time.Duration) {
	files, _ := filepath.Glob("/proc/self/task/*/schedstat")
	for _, file := range files {
		text, err := os.ReadFile(file) // fails where the thread has ended
		if err != nil {
			continue
		}
		var r, w int64
		if _, err := fmt.Sscan(string(text), &r, &w); err == nil {
			ran, waited = ran+time.Duration(r), waited+time.Duration(w)
		}
	}
	return ran, waited
}
