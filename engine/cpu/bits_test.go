package cpu

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/enginetest"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/internal/program"
)

// TestBitsChangeOnlyWithTheTablesVersion holds the digest of what every kind of op leaves behind at every level, over all cases of
// enginetest that have it. The file of a level is the same on every processor and in every build that runs the level.
func TestBitsChangeOnlyWithTheTablesVersion(t *testing.T) {
	for _, level := range Levels() {
		t.Run(level, func(t *testing.T) {
			path := filepath.Join("testdata", "golden", "bits-"+level+".txt")
			got := digests(t, level)
			version, _, _ := strings.Cut(got, "\n")
			if held, err := os.ReadFile(path); err == nil && string(held) != got && strings.HasPrefix(string(held), version+"\n") {
				t.Fatalf("the bits of these ops changed and TableVersion did not; raise it, then run with -update: %s", strings.Join(changed(string(held), got), ", "))
			}
			golden.Text(t, path, got)
		})
	}
}

// digests is a line for the version, then one for each kind of op.
func digests(t *testing.T, level string) string {
	e := newEngine(t, Options{Level: level, Threads: 2})
	hashes := map[string]hash.Hash{}
	for _, c := range enginetest.Cases() {
		p, err := c.Program()
		if err != nil {
			t.Fatal(err)
		}
		sum, err := c.Bits(e)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		seen := map[string]bool{}
		for _, n := range p.Nodes {
			kind := n.Op.Kind()
			if seen[kind] {
				continue
			}
			seen[kind] = true
			if hashes[kind] == nil {
				hashes[kind] = sha256.New()
			}
			hashes[kind].Write(sum[:])
		}
	}
	text := fmt.Sprintf("version %d\n", TableVersion)
	for _, op := range program.Ops() {
		text += fmt.Sprintf("%s %x\n", op.Kind(), hashes[op.Kind()].Sum(nil)[:8])
	}
	return text
}

// changed lists the ops whose lines differ.
func changed(old, now string) (ops []string) {
	for line := range strings.Lines(now) {
		if !strings.Contains(old, line) {
			op, _, _ := strings.Cut(line, " ")
			ops = append(ops, op)
		}
	}
	return ops
}
