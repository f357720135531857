// Package memory says how much memory there is, so that what cannot fit is refused in words: Go itself ends a program that asks
// for more than the system has.
package memory

import (
	"os"
	"strconv"
	"strings"
)

// Total is how many bytes the machine has, or the control group of this process may use if that is less; 0 where neither tells.
func Total() int64 { return least("MemTotal:") }

// Free is how many bytes the system can still give, or the control group of this process may use if that is less; 0 where
// neither tells.
func Free() int64 { return least("MemAvailable:") }

// least is a line of the system's count, or the limit of the control group.
func least(line string) int64 {
	n := int64(0)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		n = field(string(b), line)
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} { // versions 2 and 1
		if b, err := os.ReadFile(file); err == nil {
			if limit := number(strings.TrimSpace(string(b))); limit > 0 && (n == 0 || limit < n) {
				n = limit
			}
		}
	}
	return n
}

// field reads a line of /proc/meminfo, in bytes; 0 if there is none.
func field(text, name string) int64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return 1024 * number(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		}
	}
	return 0
}

// number is 0 for what is none, such as "max".
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
