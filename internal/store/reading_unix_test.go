//go:build unix

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestAStoreThatMayOnlyBeReadIsRead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("another user's process can be started by root alone")
	}
	for _, live := range []string{"closed", "open", "killed"} {
		t.Run(live, func(t *testing.T) {
			s, _ := filled(t)
			before, err := shownBy(s)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "store")
			os.Mkdir(dir, 0o755)
			for _, end := range map[string][]string{"closed": {""}, "open": {"", "-wal", "-shm"}, "killed": {"", "-wal"}}[live] {
				if live == "closed" {
					s.Close()
				}
				if err := duplicate(s.path+end, filepath.Join(dir, FileName)+end); err != nil {
					t.Fatal(err)
				}
				os.Chmod(filepath.Join(dir, FileName)+end, 0o444)
			}
			os.Chmod(dir, 0o555)
			for d := dir; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) { // t.TempDir is the owner's alone
				info, _ := os.Stat(d)
				os.Chmod(d, info.Mode().Perm()|0o055)
			}
			program := filepath.Join(t.TempDir(), "store.test")
			if err := duplicate(os.Args[0], program); err != nil {
				t.Fatal(err)
			}
			for d := program; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) {
				os.Chmod(d, 0o755)
			}
			var stats []string
			for range 2 {
				cmd := other("read", dir)
				cmd.Path = program
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
				out, err := cmd.CombinedOutput()
				if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(len(before)) {
					t.Errorf("got %s, want %d (%v)", out, len(before), err)
				}
				files, _ := os.ReadDir(dir)
				stats = append(stats, fmt.Sprint(files))
			}
			if live == "killed" {
				os.Chmod(filepath.Join(dir, FileName)+"-wal", 0)
				cmd := other("read", dir)
				cmd.Path = program
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
				if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), "permission denied; see that you may read") {
					t.Errorf("a log that may not be read: %s", out)
				}
			}
			if stats[0] != stats[1] || strings.Count(stats[1], "assay.db") != map[string]int{"closed": 1, "open": 3, "killed": 2}[live] {
				t.Errorf("beside it: %v", stats)
			}
			if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "assay-store-*")); len(left) != 0 {
				t.Errorf("copies stayed: %v", left)
			}
		})
	}
}
