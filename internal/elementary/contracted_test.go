package elementary_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// deciding are the packages whose floating-point numbers decide the bits of a training, or of pictures, of what is measured on them and of
// which are near.
var deciding = []string{
	"internal/elementary", "tensor", "internal/program", "experiment", "internal/compile", "engine", "engine/cpu", "engine/cpu/internal/kernel", "task", "train",
	"data", "data/augment", "internal/pixel", "internal/format", "internal/format/internal/jpeg",
}

// spared are functions of those packages that decide no bits, and why.
var spared = map[string]string{
	"task.Classify.Answer": "probabilities of a prediction, for people",
}

// exact are the functions of math that give the correctly rounded or the only result, so that every form of them has the same bits.
var exact = []string{"Frexp", "Ldexp", "Modf", "Floor", "Ceil", "Trunc", "Round", "RoundToEven", "Sqrt", "Abs", "Copysign", "IsNaN", "IsInf", "NaN", "Inf", "Nextafter"}

var (
	function    = regexp.MustCompile(`^(\S+) STEXT`)
	instruction = regexp.MustCompile(`^\t0x[0-9a-f]+ \d+ \((.*)\)\t(\S+)(?:\t(.*))?$`)
	contracted  = regexp.MustCompile(`^V?FN?M(ADD|SUB)`) // VFMADD231SS, VFNMADD213SD ..., FMADDS, FNMSUBD ...
	ofMath      = regexp.MustCompile(`^math\.(?:arch)?(\w+)\(SB\)`)
)

// TestNothingThatDecidesBitsIsContracted builds the packages for processors that multiply and add in one rounding, and reads the
// assembly that the Go compiler makes: no such instruction, and no call of a function of math whose bits are not the same everywhere.
// Kernels in assembly are not Go's: they contract where their level says so. What a compiler makes for arm64 is the same on every system;
// darwin is the one that is vetted, so that its standard library is there.
func TestNothingThatDecidesBitsIsContracted(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for other processors, whose standard library takes a while the first time")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not on the path")
	}
	const module = "github.com/assaylab/assay/"
	for _, processor := range [][]string{{"GOARCH=amd64", "GOAMD64=v3"}, {"GOOS=darwin", "GOARCH=arm64"}} {
		t.Run(strings.Join(processor, ","), func(t *testing.T) {
			functions := 0
			for at, lines := range listing(t, module, processor) {
				functions++
				if _, ok := spared[strings.TrimPrefix(at, module)]; ok {
					continue
				}
				for _, l := range lines {
					t.Errorf("%s: %s", at, l)
				}
			}
			if functions < 500 {
				t.Errorf("%d functions were read; the listing is not what it was", functions)
			}
		})
	}
}

// listing gives for every function what is wrong with it.
func listing(t *testing.T, module string, processor []string) map[string][]string {
	args := []string{"build", "-gcflags=-S"}
	for _, p := range deciding {
		args = append(args, module+p)
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), processor...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%.2000s", err, out)
	}
	found := map[string][]string{}
	name := ""
	for line := range bytes.Lines(out) {
		line = bytes.TrimRight(line, "\n")
		if m := function.FindSubmatch(line); m != nil {
			name = string(m[1])
			found[name] = nil
			continue
		}
		m := instruction.FindSubmatch(line)
		if m == nil {
			continue
		}
		at, op, operands := m[1], m[2], m[3]
		if contracted.Match(op) {
			found[name] = append(found[name], fmt.Sprintf("%s: %s; write the product as float32(x*y) or float64(x*y)", at, op))
		}
		if f := ofMath.FindSubmatch(operands); f != nil && !slices.ContainsFunc(exact, func(e string) bool { return strings.EqualFold(e, string(f[1])) }) {
			found[name] = append(found[name], fmt.Sprintf("%s: math.%s; take it from internal/elementary", at, f[1]))
		}
	}
	return found
}
