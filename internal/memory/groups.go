package memory

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// hierarchy is one version's way of writing a control group's memory.
type hierarchy struct {
	kind                  string // of the mount
	limit, used, inactive string // files, and the line of memory.stat that counts what the kernel drops before it kills
}

// Control groups: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. Both count the page cache as used;
// inactive_file is the part of it that goes first.
var (
	version1 = hierarchy{"cgroup", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}
	version2 = hierarchy{"cgroup2", "memory.max", "memory.current", "inactive_file"}
)

// groups narrows r to the limits of this process's control group and of all groups above it.
func groups(root fs.FS, r *room) {
	mounts := file(root, "proc/self/mountinfo")
	for line := range strings.Lines(file(root, "proc/self/cgroup")) {
		f := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3) // number, controllers, group
		if len(f) != 3 {
			continue
		}
		h := version1
		switch {
		case f[1] == "":
			h = version2
		case !has(f[1], "memory"):
			continue
		}
		point, group := mounted(mounts, h, f[2])
		for ; point != ""; group = path.Dir(group) {
			h.narrow(root, path.Join(point, group), r)
			if group == "/" {
				break
			}
		}
	}
}

// narrow takes one group's limit into account, if it has one.
func (h hierarchy) narrow(root fs.FS, dir string, r *room) {
	limit, ok := number(strings.TrimSpace(file(root, path.Join(dir, h.limit))))
	if !ok {
		return // "max", or no such file: the root of version 2
	}
	used, _ := number(strings.TrimSpace(file(root, path.Join(dir, h.used))))
	for line := range strings.Lines(file(root, path.Join(dir, "memory.stat"))) {
		if words := strings.Fields(line); len(words) == 2 && words[0] == h.inactive {
			n, _ := number(words[1])
			used = max(used-n, 0)
		}
	}
	r.limit(limit, used)
}

// mounted finds where a hierarchy hangs, and the group's path below that, from / on; "" where it hangs nowhere. In a container a
// group may be mounted alone, so that the mount's own root has to be taken off the group's path.
func mounted(mountinfo string, h hierarchy, group string) (point, below string) {
	for line := range strings.Lines(mountinfo) {
		// 35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
		left, right, ok := strings.Cut(strings.TrimRight(line, "\n"), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !ok || len(l) < 5 || len(r) < 3 || r[0] != h.kind || h == version1 && !has(r[2], "memory") {
			continue
		}
		point = strings.TrimPrefix(unescape(l[4]), "/")
		mount := unescape(l[3])
		if rest, ok := strings.CutPrefix(group, mount); ok && (rest == "" || rest[0] == '/' || mount == "/") {
			return point, path.Join("/", rest)
		}
		return point, "/" // the group lies outside what is mounted: what is seen is all there is
	}
	return "", ""
}

// unescape reads the octal escapes that the kernel writes for blanks in paths.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// has reports whether a list with commas has a word.
func has(list, word string) bool { return strings.Contains(","+list+",", ","+word+",") }

// field reads a line of /proc/meminfo or /proc/self/status, in bytes; 0 if there is none.
func field(text, name string) int64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := number(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return n << 10
		}
	}
	return 0
}

// number is a count of bytes; not ok for what is none ("max", "unlimited") or stands for no limit (version 1 writes 2^63 less a
// page).
func number(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0 && n < 1<<62
}
