package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"assay": main, "pictures": pictures, "hostile": hostile})
}

var update = flag.Bool("update", false, "rewrite the golden parts of scripts")

func TestScriptsOfEveryCommand(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			root, err := filepath.Abs(filepath.Join("..", ".."))
			env.Setenv("ROOT", root)
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("ASSAY_THREADS", "2")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "await": await, "field": field,
		},
	})
}

// pictures DIR CLASSES N SIDE makes a folder of PNGs, one folder a class: each class has a colour of its own, each picture a
// little of its own on it.
func pictures() {
	var n [3]int
	if len(os.Args) != 5 {
		panic("pictures DIR CLASSES N SIDE")
	}
	for i := range n {
		v, err := strconv.Atoi(os.Args[2+i])
		if err != nil {
			panic(err)
		}
		n[i] = v
	}
	for class := range n[0] {
		dir := filepath.Join(os.Args[1], fmt.Sprintf("class%d", class))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			panic(err)
		}
		for k := range n[1] {
			m := image.NewRGBA(image.Rect(0, 0, n[2], n[2]))
			for y := range n[2] {
				for x := range n[2] {
					noise := uint32(x*31+y*17+k*101+class*7) * 2654435761 >> 25
					m.Set(x, y, color.RGBA{uint8(60*class + int(noise)), uint8(200 - 50*class + int(noise)/4), uint8(noise), 255})
				}
			}
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%03d.png", k)))
			if err != nil {
				panic(err)
			}
			if err := errors.Join(png.Encode(f, m), f.Close()); err != nil {
				panic(err)
			}
		}
	}
}

// hostile DIR NEW renames the classes of a folder of pictures, and NEW as a study file, to names that would steer a terminal, and
// lays files beside the pictures that are none, one of a name that would forge a line of ours.
func hostile() {
	const clear, title, turned = "\x1b[2J", "\x1b]0;owned\x07", "\u202e"
	dir := os.Args[1]
	err := errors.Join(
		os.Rename(filepath.Join(dir, "class0"), filepath.Join(dir, "cat"+clear)),
		os.Rename(filepath.Join(dir, "class1"), filepath.Join(dir, "dog"+title+turned)),
		os.WriteFile(filepath.Join(dir, "cat"+clear, "x\nassay: ok.png"), []byte("no picture"), 0o666),
		os.WriteFile("y"+title+"\nassay: ok.png", []byte("no picture"), 0o666),
		os.Rename(os.Args[2], "s"+clear+".yaml"),
	)
	if err != nil {
		panic(err)
	}
}

// code N COMMAND... runs a command and wants that exit code. Its output can be looked at as after any other.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// await FILE waits until it is there, half a minute at most.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if matches, _ := filepath.Glob(ts.MkAbs(args[0])); matches != nil {
			return
		}
	}
	ts.Fatalf("%s did not come", args[0])
}

// field FILE PATH WANT reads a JSON file (or stdout) and compares what stands at a path: arms.0.name, arms.len for a length. A
// WANT of * takes anything but null.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: field FILE PATH WANT")
	}
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &v); err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
	for step := range strings.SplitSeq(args[1], ".") {
		switch x := v.(type) {
		case map[string]any:
			held, ok := x[step]
			if !ok {
				ts.Fatalf("%s: no field %q", args[1], step)
			}
			v = held
		case []any:
			if step == "len" {
				v = float64(len(x))
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				ts.Fatalf("%s: no element %s of %d", args[1], step, len(x))
			}
			v = x[i]
		default:
			ts.Fatalf("%s: %q is a %T", args[1], step, v)
		}
	}
	text, err := json.Marshal(v)
	ts.Check(err)
	got := strings.Trim(string(text), `"`)
	same := got == args[2] || args[2] == "*" && got != "null"
	if same == neg {
		ts.Fatalf("%s is %s, want %s", args[1], got, args[2])
	}
}
