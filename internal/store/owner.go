package store

import (
	"crypto/rand"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// An owner is host, boot, pid namespace, pid, start of the process and a random word, with slashes between them. A pid alone comes
// back: a container's first process is always 1. "" stands for what the system does not tell.
type owner struct{ host, boot, namespace, pid, start, word string }

// NewOwner is a name for what leases trials: no other process has it, now or later.
func NewOwner() string {
	o := self()
	o.word = rand.Text()[:12]
	return strings.Join([]string{o.host, o.boot, o.namespace, o.pid, o.start, o.word}, "/")
}

// self is this process.
func self() owner {
	pid := strconv.Itoa(os.Getpid())
	o := owner{pid: pid}
	if host, err := os.Hostname(); err == nil {
		o.host = strings.ReplaceAll(host, "/", "")
	}
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		o.boot = strings.TrimSpace(string(boot))
	}
	// /proc may show the processes of another pid namespace than this process's.
	if seen, err := os.Readlink("/proc/self"); err == nil && seen == pid {
		if namespace, err := os.Readlink("/proc/self/ns/pid"); err == nil {
			o.namespace = strings.Trim(strings.TrimPrefix(namespace, "pid:"), "[]")
		}
		o.start, _ = started(pid)
	}
	return o
}

// started is when a process began, in ticks since the machine did; ended says that it is one that nobody has yet asked for its exit
// code. "" where the system does not tell.
func started(pid string) (start string, ended bool) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return "", false
	}
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:]) // behind the name, which may hold anything
	if len(fields) < 20 {
		return "", false
	}
	return fields[19], fields[0] == "Z" || fields[0] == "X"
}

// Gone reports whether an owner has surely ended: a process of this host, boot and pid namespace that is not there any more, or whose
// pid another has now. Of any other owner nothing is known, and its leases run out.
func Gone(name string) bool {
	f := strings.Split(name, "/")
	if len(f) != 6 {
		return false
	}
	o, me := owner{f[0], f[1], f[2], f[3], f[4], f[5]}, self()
	pid, err := strconv.Atoi(o.pid)
	if err != nil || pid < 1 || o.host != me.host || o.boot == "" || o.boot != me.boot || o.namespace == "" || o.namespace != me.namespace || o.start == "" {
		return false
	}
	if p, err := os.FindProcess(pid); err == nil {
		err = p.Signal(syscall.Signal(0)) // asks whether it is there; without the right to signal it, it is
		p.Release()
		if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
			return true
		}
	}
	start, ended := started(o.pid)
	return start != "" && (ended || start != o.start)
}
