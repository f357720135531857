package augment

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// A compiler may fuse x*y + z, on arm64 always and on amd64 from GOAMD64=v3 on, which rounds once in place of twice: the bits of
// pictures, of what is measured on them and of which are near would depend on the processor.
func TestNoFusedMultiplyAddDecidesAPixel(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for two other processors")
	}
	fused := regexp.MustCompile(`\.go:\d+\)\s+(FN?M(ADD|SUB)[SD]|VFN?M(ADD|SUB)\S+)\s.*`)
	for _, env := range [][]string{{"GOOS=darwin", "GOARCH=arm64"}, {"GOARCH=amd64", "GOAMD64=v3"}} {
		cmd := exec.Command("go", "build", "-gcflags=-S", "..", ".", "../../internal/format", "../../internal/format/internal/jpeg")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%.2000s", env, err, out)
		}
		if len(out) < 1000 {
			t.Fatalf("%v: the compiler printed no code", env)
		}
		for _, line := range fused.FindAll(out, 10) {
			t.Errorf("%v: %s", env, line)
		}
	}
}
