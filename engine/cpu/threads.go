package cpu

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// DefaultThreads is the number of cores that this process may use: those of its affinity mask, and no more than the
// processor quota of its control groups (version 1 or 2), rounded up. At least 1.
func DefaultThreads() int {
	n := runtime.NumCPU()
	if q := quota("/proc/self/cgroup", "/sys/fs/cgroup"); q > 0 {
		n = min(n, q)
	}
	return max(n, 1)
}

// quota is the smallest processor quota, in cores rounded up, on the way from the process's control group to the root, 0 if
// there is none. The runtime's own reading of it (GOMAXPROCS) can be overridden by the environment, so it is not asked.
func quota(self, root string) int {
	text, err := os.ReadFile(self)
	if err != nil {
		return 0 // not Linux, or no control groups
	}
	least := 0
	note := func(limit, period string) {
		l, err1 := strconv.ParseFloat(limit, 64)
		p, err2 := strconv.ParseFloat(period, 64)
		if err1 != nil || err2 != nil || l <= 0 || p <= 0 {
			return // "max" or -1: no limit here
		}
		if n := max(int((l+p-1)/p), 1); least == 0 || n < least {
			least = n
		}
	}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		controllers, group := f[1], f[2]
		for dir := group; ; dir = filepath.Dir(dir) {
			if controllers == "" { // version 2: one file, "quota period"
				if b, err := os.ReadFile(filepath.Join(root, dir, "cpu.max")); err == nil {
					if q := strings.Fields(string(b)); len(q) == 2 {
						note(q[0], q[1])
					}
				}
			} else if strings.Contains(","+controllers+",", ",cpu,") {
				base := filepath.Join(root, "cpu", dir)
				q, err1 := os.ReadFile(filepath.Join(base, "cpu.cfs_quota_us"))
				p, err2 := os.ReadFile(filepath.Join(base, "cpu.cfs_period_us"))
				if err1 == nil && err2 == nil {
					note(strings.TrimSpace(string(q)), strings.TrimSpace(string(p)))
				}
			}
			if dir == "/" || dir == "." {
				break
			}
		}
	}
	return least
}
