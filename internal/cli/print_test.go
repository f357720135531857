package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func TestFiguresReadAsAPersonWritesThem(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{si(0), "0"}, {si(999), "999"}, {si(1_696_320), "1.70M"}, {si(999_600), "1.00M"}, {si(7_609_090_048), "7.61G"},
		{size(12), "12 B"}, {size(170_052_171), "170 MB"},
		{about(40 * time.Millisecond), "0.0 s"}, {about(89 * time.Second), "89 s"}, {about(90 * time.Second), "2 min"},
		{about(89 * time.Minute), "89 min"}, {about(150 * time.Minute), "2.5 h"}, {about(30 * time.Hour), "30 h"},
		{plural(1, "class"), "1 class"}, {plural(5, "class"), "5 classes"}, {plural(1000, "epoch"), "1,000 epochs"}, {plural(0, "entry"), "0 entries"},
		{ordinal(3), "third"}, {ordinal(11), "11th"}, {ordinal(21), "21st"}, {ordinal(112), "112th"},
		{left(0.5, 10*time.Second), "10 s left"}, {left(0.001, time.Minute), ""}, {left(0.99, 10*time.Second), ""},
		{trim(3), "3"}, {trim(2.25), "2.2"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestATableIsTabsInAPipeAndAlignedOnATerminal(t *testing.T) {
	var out bytes.Buffer
	c := columns{head: []string{"name", ">count", "what"}}
	c.add("a", "1", "short")
	c.add("longer", "1,000", "words that go on and on, beyond the width that there is")
	(&Env{Stdout: &out}).table(c)
	if want := "name\tcount\twhat\na\t1\tshort\nlonger\t1,000\twords that go on and on, beyond the width that there is\n"; out.String() != want {
		t.Errorf("in a pipe: got %q, want %q", out.String(), want)
	}
	out.Reset()
	(&Env{Stdout: &out, Terminal: true, Width: 45}).table(c)
	want := strings.Join([]string{
		"name    count  what",
		"a           1  short",
		"longer  1,000  words that go on and on,",
		"               beyond the width that there is",
		"",
	}, "\n")
	if out.String() != want {
		t.Errorf("on a terminal: got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestEveryCommandHasAnExampleAndAShortLine(t *testing.T) {
	e := &Env{}
	for _, g := range e.root().Commands() {
		for _, c := range append(g.Commands(), g) {
			if c.Hidden || g.Name() == "completion" || c.Name() == "version" || c.HasSubCommands() {
				continue
			}
			if c.Example == "" || c.Short == "" || strings.HasSuffix(c.Short, ".") {
				t.Errorf("%s: short %q, example %q", c.CommandPath(), c.Short, c.Example)
			}
		}
	}
}

func TestErrorsOfTheCommandLineExitWithTwo(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		line string
	}{
		{"net show resnet81", Misused, "assay: no network \"resnet81\"; did you mean resnet18? (assay net list)\n"},
		{"nett", Misused, "assay: no command \"nett\"; did you mean \"net\"?\n"},
		{"data describe nowhere", Failed, "assay: nowhere: no such folder or archive; check the path\n"},
		{"version", Done, ""},
	} {
		var out, messages bytes.Buffer
		code := (&Env{Stdout: &out, Stderr: &messages, Clock: time.Now}).Run(context.Background(), append(strings.Fields(c.args), "--store", t.TempDir()))
		if code != c.code || messages.String() != c.line || (code != Done) != (out.Len() == 0) {
			t.Errorf("%s: exit code %d, want %d; messages %q, want %q; output %q", c.args, code, c.code, messages.String(), c.line, out.String())
		}
	}
}
