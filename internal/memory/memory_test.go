package memory

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	meminfo = "MemTotal:       16000000 kB\nMemFree:          812340 kB\nMemAvailable:    9000000 kB\n"
	v1Mount = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n" +
		"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n" +
		"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
	v2Mount = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
)

func TestTheLeastOfAllLimitsCounts(t *testing.T) {
	const mb = 1_000_000
	for _, c := range []struct {
		name        string
		files       map[string]string
		total, free int64
	}{
		{"nothing tells", nil, 0, 0},
		{"the machine alone", map[string]string{"proc/meminfo": meminfo}, 16_000_000 << 10, 9_000_000 << 10},
		{"a full machine", map[string]string{"proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 0 kB\n"}, 1000 << 10, 1},
		{"version 2, no limit", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/user.slice/a\n", "proc/self/mountinfo": v2Mount,
			"sys/fs/cgroup/user.slice/a/memory.max": "max\n", "sys/fs/cgroup/user.slice/a/memory.current": "1000\n",
		}, 16_000_000 << 10, 9_000_000 << 10},
		{"version 2, the group's own limit", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/user.slice/a\n", "proc/self/mountinfo": v2Mount,
			"sys/fs/cgroup/user.slice/a/memory.max": "300000000\n", "sys/fs/cgroup/user.slice/a/memory.current": "120000000\n",
			"sys/fs/cgroup/user.slice/a/memory.stat": "anon 1\ninactive_file 20000000\nactive_file 5\n",
		}, 300 * mb, 200 * mb},
		{"version 2, the limit of a group two above", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b/c\n", "proc/self/mountinfo": v2Mount,
			"sys/fs/cgroup/a/memory.max": "500000000\n", "sys/fs/cgroup/a/memory.current": "450000000\n",
			"sys/fs/cgroup/a/b/memory.max":   "max\n",
			"sys/fs/cgroup/a/b/c/memory.max": "400000000\n", "sys/fs/cgroup/a/b/c/memory.current": "100000000\n",
		}, 400 * mb, 50 * mb},
		{"version 1, nested, among other controllers", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "9:name=systemd:/x\n4:memory:/job/1\n1:cpu:/y\n0::/\n", "proc/self/mountinfo": v1Mount,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "7\n",
			"sys/fs/cgroup/memory/job/memory.limit_in_bytes": "800000000\n", "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "700000000\n",
			"sys/fs/cgroup/memory/job/memory.stat":             "inactive_file 1\ntotal_inactive_file 100000000\n",
			"sys/fs/cgroup/memory/job/1/memory.limit_in_bytes": "300000000\n", "sys/fs/cgroup/memory/job/1/memory.usage_in_bytes": "10000000\n",
		}, 300 * mb, 200 * mb},
		{"version 1, memory beside another controller in one hierarchy", map[string]string{
			"proc/self/cgroup": "4:cpu,memory:/j\n", "proc/self/mountinfo": "35 31 0:32 / /cg/cpu,memory rw - cgroup none rw,cpu,memory\n",
			"cg/cpu,memory/j/memory.limit_in_bytes": "1000\n", "cg/cpu,memory/j/memory.usage_in_bytes": "400\n",
		}, 1000, 600},
		{"a container without a namespace of groups: its own group is the mount's root", map[string]string{
			"proc/self/cgroup": "4:memory:/docker/abc/sub\n", "proc/self/mountinfo": "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "1000\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "100\n",
			"sys/fs/cgroup/memory/sub/memory.limit_in_bytes": "2000\n", "sys/fs/cgroup/memory/sub/memory.usage_in_bytes": "50\n",
		}, 1000, 900},
		{"a group outside what is mounted", map[string]string{
			"proc/self/cgroup": "0::/../../elsewhere\n", "proc/self/mountinfo": v2Mount,
			"sys/fs/cgroup/memory.max": "1000\n", "sys/fs/cgroup/memory.current": "100\n",
		}, 1000, 900},
		{"a mount whose name has a blank", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": `30 23 0:26 / /my\040groups rw - cgroup2 cgroup2 rw` + "\n",
			"my groups/memory.max": "1000\n", "my groups/memory.current": "1\n",
		}, 1000, 999},
		{"more in use than the limit", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2Mount, "sys/fs/cgroup/memory.max": "1000\n", "sys/fs/cgroup/memory.current": "2000\n",
		}, 1000, 1},
		{"the address space", map[string]string{
			"proc/meminfo": meminfo, "proc/self/limits": "Limit                     Soft Limit           Hard Limit           Units     \nMax address space         2000000000           unlimited            bytes     \n",
			"proc/self/status": "Name:\tassay\nVmSize:\t 1000000 kB\n",
		}, 2000 * mb, 2000*mb - 1_000_000<<10},
		{"an unlimited address space", map[string]string{
			"proc/meminfo": meminfo, "proc/self/limits": "Max address space         unlimited            unlimited            bytes     \n",
		}, 16_000_000 << 10, 9_000_000 << 10},
		{"lines that are none", map[string]string{"proc/meminfo": "MemTotal: many\n", "proc/self/cgroup": "x\n4:memory\n", "proc/self/mountinfo": "a b - c\n\n", "proc/self/limits": "Max address space\n"}, 0, 0},
	} {
		root := fstest.MapFS{}
		for name, text := range c.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := read(root); got.total != c.total || got.free != c.free {
			t.Errorf("%s: got %d free of %d, want %d of %d", c.name, got.free, got.total, c.free, c.total)
		}
	}
}

func TestTheMachineHasMoreThanIsFree(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	if r := read(os.DirFS("/")); r.free <= 0 || r.total < r.free {
		t.Errorf("got %d free of %d", r.free, r.total)
	}
}

func TestWhatDoesNotFitIsSaidInWords(t *testing.T) {
	if err := Need(8<<20, 0); err != nil {
		t.Errorf("8 MB: %v", err)
	}
	if runtime.GOOS == "linux" {
		err := Need(1<<60, 0)
		if _, ok := errors.AsType[*Lack](err); !ok || !strings.Contains(err.Error(), " TB of memory are needed, and this process may have ") {
			t.Errorf("an exabyte: %v", err)
		}
	}
	if got, want := (&Lack{Need: 540e6, Held: 24e6, Free: 120e6, Total: 600e6}).Error(), "516 MB of memory are needed, and of the 600 MB that this process may have 120 MB are free"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
