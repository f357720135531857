package store

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// Two containers one after the other: in each, the process that leases is number 1.
func TestProcessesOfTwoPidNamespacesAreTwoOwners(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a pid namespace can be made by root alone")
	}
	var names []string
	for range 2 {
		child := other("sleep", "")
		child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Skipf("no pid namespace here: %v", err)
		}
		line := make([]byte, 200)
		n, _ := out.Read(line)
		name := strings.TrimSpace(string(line[:n]))
		if f := strings.Split(name, "/"); len(f) != 6 || f[3] != "1" {
			t.Errorf("owner %q is not process 1", name)
		}
		if Gone(name) {
			t.Errorf("%q lives", name)
		}
		child.Process.Kill()
		child.Wait()
		if Gone(name) {
			t.Errorf("of %q nothing can be known from outside its namespace", name)
		}
		names = append(names, name)
	}
	if names[0] == names[1] {
		t.Errorf("both are %q", names[0])
	}
}
