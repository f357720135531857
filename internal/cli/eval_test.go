package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/assaylab/assay/task"
)

func TestMistakesAreShownAsFarAsThereIsRoom(t *testing.T) {
	names := []string{"cat", "dog", "absent", "owl", "fox", "elk", "hen", "emu"}
	c, all := make(task.Confusion, 8), make(task.Confusion, 8)
	for k := range c {
		c[k], all[k] = make([]int, 8), make([]int, 8)
		all[k][k] = 9
	}
	c[0][0], c[0][1], c[1][1], c[3][0], c[3][1], c[3][3] = 8, 2, 10, 1, 3, 6
	all[0][1], all[3][0], all[3][1] = 2, 10, 3
	for name, c := range map[string]struct {
		terminal bool
		width    int
		counts   task.Confusion
		want     string
	}{
		"a pipe": {false, 100, c, "\nclass\tcat\tdog\towl\ncat\t8\t2\t0\ndog\t0\t10\t0\nowl\t1\t3\t6\n"},
		"a terminal": {true, 80, c, `
rows: what images are; columns, by the same numbers: what they are taken for
class  1   2  3
1 cat  8   2  0
2 dog  0  10  0
3 owl  1   3  6
`},
		"a terminal that is narrow": {true, 40, all, `
images  class  taken for
    10  owl    cat
     3  owl    dog
     2  cat    dog
`},
	} {
		var out bytes.Buffer
		e := &Env{Stdout: &out, Terminal: c.terminal, Width: c.width}
		e.printConfusion(ofImages, names, c.counts)
		lines := strings.Split(out.String(), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
