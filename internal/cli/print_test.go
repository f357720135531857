package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

func TestFiguresReadAsAPersonWritesThem(t *testing.T) {
	for _, c := range []struct{ got, want string }{
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

func TestANarrowTerminalLosesNoColumn(t *testing.T) {
	c := columns{head: []string{"name", "family", ">parameters", ">multiply-adds", "paper"}}
	c.add("googlenet", "googlenet", "6,624,904", "1.58G", "Szegedy et al., Going deeper with convolutions, CVPR 2015")
	c.add("mini", "mini", "21,000", "", "")
	for _, w := range []struct {
		width int
		want  string
	}{
		{44, "name       family     parameters\n" +
			"googlenet  googlenet   6,624,904\n" +
			"    multiply-adds 1.58G, Szegedy et al.,\n" +
			"    Going deeper with convolutions, CVPR\n" +
			"    2015\n" +
			"mini       mini           21,000\n"},
		{80, "name       family     parameters  multiply-adds  paper\n" +
			"googlenet  googlenet   6,624,904          1.58G  Szegedy et al., Going deeper\n" +
			"                                                 with convolutions, CVPR 2015\n" +
			"mini       mini           21,000\n"},
	} {
		var out bytes.Buffer
		(&Env{Stdout: &out, Terminal: true, Width: w.width}).table(c)
		if out.String() != w.want {
			t.Errorf("%d columns: got\n%s\nwant\n%s", w.width, out.String(), w.want)
		}
	}
}

// hostile is a name as a file may have it: it clears the screen, sets the title, forges a line and turns the writing round.
const hostile = "a\x1b[2J\x1b]0;t\x07\nassay: ok\t\u009b\u202e"

const shown = `a\x1b[2J\x1b]0;t\x07\nassay: ok\t\x9b\u202e`

func TestNoNameSteersTheTerminalWhicheverWayItLeaves(t *testing.T) {
	for name, leave := range map[string]func(e *Env){
		"print":       func(e *Env) { e.print("%s\n", hostile) },
		"print width": func(e *Env) { e.print("%-5s\n", hostile) },
		"stringer":    func(e *Env) { e.print("%s\n", data.Fault{File: hostile}) },
		"kind":        func(e *Env) { e.print("%v\n", study.Status(hostile)) },
		"slice":       func(e *Env) { e.print("%v\n", []string{hostile}) },
		"paragraph":   func(e *Env) { e.paragraph("  ", "%s", hostile) },
		"note":        func(e *Env) { e.note("%s", hostile) },
		"detail":      func(e *Env) { e.detail("%s", hostile) },
		"bar's line":  func(e *Env) { e.bar().line("%s", hostile) },
		"bold":        func(e *Env) { e.print("%s\n", e.bold(hostile)) },
		"table": func(e *Env) {
			c := columns{head: []string{"name", "what"}}
			c.add(hostile, hostile)
			e.table(c)
		},
		"error":             func(e *Env) { e.complain(errors.New(hostile)) },
		"error of a file":   func(e *Env) { _, err := os.Open(hostile); e.complain(err) },
		"error in an error": func(e *Env) { e.complain(fmt.Errorf("%s: %w", hostile, errors.New(hostile))) },
		"lines":             func(e *Env) { e.print("%s\n", lines(strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(hostile))) },
		"JSON":              func(e *Env) { _ = e.document(map[string]string{"name": hostile}) },
		"JSON line":         func(e *Env) { _ = e.object(hostile) },
	} {
		for _, terminal := range []bool{false, true} {
			var out bytes.Buffer
			leave(&Env{Stdout: &out, Stderr: &out, Terminal: terminal, Width: 200, Color: terminal, Verbose: true, Clock: time.Now})
			text := strings.NewReplacer("\x1b[1m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(out.String()) // ours
			for l := range strings.Lines(text) {
				l = strings.TrimSuffix(l, "\n")
				if !terminal {
					l = strings.ReplaceAll(l, "\t", "") // between columns
				}
				if say.Printable(l) != l {
					t.Errorf("%s, terminal %v: %q", name, terminal, text)
				}
			}
			if strings.HasPrefix(name, "JSON") {
				continue
			}
			if !strings.Contains(text, shown) || strings.Contains(text, "\nassay: ok") {
				t.Errorf("%s, terminal %v: got %q, want %q in it", name, terminal, text, shown)
			}
		}
	}
}

func TestErrorsOfTheSystemAreSaidInPlainWordsWithOnePath(t *testing.T) {
	at := func(err error) error { return &fs.PathError{Op: "open", Path: "a/b", Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{at(fs.ErrNotExist), "a/b: no such file; check the name"},
		{at(fs.ErrPermission), "a/b: not allowed; check its permissions"},
		{at(syscall.EISDIR), "a/b: is a folder; give a file"},
		{at(syscall.ENOTDIR), "a/b: no such file, since a part of its path is no folder; check the name"},
		{at(syscall.ENOSPC), "a/b: the disk is full; make room"},
		{at(syscall.ENAMETOOLONG), "a/b: too long a name; give a shorter one"},
		{fmt.Errorf("a/b: %w", at(syscall.ENOSPC)), "a/b: the disk is full; make room"},
		{fmt.Errorf("a/b: cannot be read: %w", at(fs.ErrPermission)), "a/b: cannot be read: a/b: not allowed; check its permissions"},
		{fmt.Errorf("--out: %w", at(fs.ErrPermission)), "--out: a/b: not allowed; check its permissions"},
		{fmt.Errorf("s.yaml:3:4: %w", syscall.ENOSPC), "s.yaml:3:4: the disk is full; make room"},
		{&os.LinkError{Op: "rename", Old: "a/.b.partial", New: "a/b", Err: syscall.EACCES}, "a/b: not allowed; check its permissions"},
		{syscall.ENOMEM, "no memory is left for it; give this process more (ulimit -v)"},
		{errors.New("two\nlines"), `two\nlines`},
	} {
		if got := oneLine(c.err); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// Stdout and Stderr pass through few functions, which make printable what they are given.
func TestNoCommandWritesPastTheDoor(t *testing.T) {
	doors := map[string]string{
		"print.go": "the door itself", "progress.go": "the bar, another", "cli.go": "the world, and help",
		"study_run.go": "package report makes its own lines printable", "study_export.go": "and its cells", "trial.go": "a pipe of JSON between two processes of ours",
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || doors[name] != "" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Stdout" || s.Sel.Name == "Stderr") {
				t.Errorf("%s writes to %s; use print, note, detail, complain, table or document", name, s.Sel.Name)
			}
			return true
		})
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
