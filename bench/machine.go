package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assaylab/assay/engine/cpu"
)

// machine says where and when, and by what, without a name.
type machine struct {
	Processor string   `json:"processor"` // the model as it calls itself, with family and model number
	Features  []string `json:"features"`  // of its instruction set, those that kernels could use
	Cores     int      `json:"cores"`     // that this process may use
	Siblings  bool     `json:"siblings"`  // two of these share a core
	Caches    []string `json:"caches"`
	MemoryGB  int      `json:"memory_gb"`
	System    string   `json:"system"`
	Go        string   `json:"go"`
	Commit    string   `json:"commit"` // of Assay
	Day       string   `json:"day"`
}

// features that are worth naming.
var features = []string{"avx2", "fma", "avx512f", "avx512vl", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve"}

// thisMachine looks at the machine; what the system does not tell stays empty.
func thisMachine(ctx context.Context) *machine {
	m := &machine{Cores: cpu.DefaultThreads(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	about := map[string]string{}
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && about[strings.TrimSpace(key)] == "" {
			about[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	m.Processor = about["model name"]
	if m.Processor == "" {
		m.Processor = runtime.GOARCH
	}
	if about["cpu family"] != "" {
		m.Processor += " (family " + about["cpu family"] + ", model " + about["model"] + ")"
	}
	flags := strings.Fields(about["flags"] + " " + about["Features"])
	for _, f := range features {
		if slices.Contains(flags, f) {
			m.Features = append(m.Features, f)
		}
	}
	const cpus = "/sys/devices/system/cpu/cpu0/"
	siblings, _ := os.ReadFile(cpus + "topology/thread_siblings_list")
	m.Siblings = strings.ContainsAny(string(siblings), ",-")
	caches, _ := filepath.Glob(cpus + "cache/index*")
	for _, dir := range caches {
		read := func(name string) string {
			text, _ := os.ReadFile(filepath.Join(dir, name))
			return strings.TrimSpace(string(text))
		}
		if kind := read("type"); kind != "Instruction" {
			m.Caches = append(m.Caches, "L"+read("level")+" "+read("size"))
		}
	}
	text, _ = os.ReadFile("/proc/meminfo")
	if fields := strings.Fields(string(text)); len(fields) > 1 && fields[0] == "MemTotal:" {
		kb, _ := strconv.Atoi(fields[1])
		m.MemoryGB = (kb + 1<<19) >> 20
	}
	commit, _ := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*").Output()
	m.Commit, m.Day = strings.TrimSpace(string(commit)), time.Now().Format(time.DateOnly)
	return m
}
