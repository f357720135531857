package cpu

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
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
			if held, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(held), version+"\n") {
				if ops := changed(got, string(held)); len(ops) > 0 { // what joins changes nothing
					t.Fatalf("the bits of these ops changed and TableVersion did not; raise it, then run with -update: %s", strings.Join(ops, ", "))
				}
			}
			golden.Text(t, path, got)
		})
	}
}

// digests is a line for the version, then one for each kind of op; of the kinds of cases that joined later, by their name, one each behind.
func digests(t *testing.T, level string) string {
	e := newEngine(t, Options{Level: level, Threads: 2})
	hashes := map[string]map[string]hash.Hash{}
	var sets []string // in the order of the cases
	for _, c := range enginetest.Cases() {
		p, err := c.Program()
		if err != nil {
			t.Fatal(err)
		}
		sum, err := c.Bits(e)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if hashes[c.Later] == nil {
			hashes[c.Later] = map[string]hash.Hash{}
			sets = append(sets, c.Later)
		}
		of, seen := hashes[c.Later], map[string]bool{}
		for _, n := range p.Nodes {
			kind := n.Op.Kind()
			if seen[kind] {
				continue
			}
			seen[kind] = true
			if of[kind] == nil {
				of[kind] = sha256.New()
			}
			of[kind].Write(sum[:])
		}
	}
	slices.Sort(sets)
	text := fmt.Sprintf("version %d\n", TableVersion)
	for _, set := range sets {
		for _, op := range program.Ops() {
			if h := hashes[set][op.Kind()]; h != nil {
				text += strings.TrimSpace(fmt.Sprintf("%s %x %s", op.Kind(), h.Sum(nil)[:8], set)) + "\n"
			}
		}
	}
	return text
}

// changed lists the ops of lines that are no more.
func changed(now, old string) (ops []string) {
	for line := range strings.Lines(old) {
		if !strings.Contains(now, line) {
			op, _, _ := strings.Cut(line, " ")
			ops = append(ops, op)
		}
	}
	return ops
}
