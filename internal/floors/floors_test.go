package floors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

type pkg struct {
	ImportPath, Dir                    string
	GoFiles, IgnoredGoFiles            []string
	Imports, TestImports, XTestImports []string
}

var root = filepath.Join("..", "..")

func packages(t *testing.T) []pkg {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not on the path")
	}
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,IgnoredGoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestEveryImportIsAnEdgeOfTheTable(t *testing.T) {
	for _, p := range packages(t) {
		from, ok := RoomOf(p.ImportPath)
		if !ok {
			t.Errorf("%s belongs to no room; give it a row in floors.go", p.ImportPath)
			continue
		}
		check := func(imports []string, test bool) {
			for _, path := range imports {
				to, ok := RoomOf(path)
				if path != Module && !strings.HasPrefix(path, Module+"/") {
					continue
				}
				if !ok || !Allows(from, to) && !(test && slices.Contains(Helpers, to)) {
					t.Errorf("%s imports %s, which the table does not allow; move the code, or write a decision page and add the edge", p.ImportPath, path)
				}
			}
		}
		check(p.Imports, false)
		check(p.TestImports, true)
		check(p.XTestImports, true)
	}
}

func TestTheTableHasNoCycleAndNoUnknownRoom(t *testing.T) {
	for i, r := range Rooms {
		for _, may := range r.May {
			if may == All {
				continue
			}
			if room, ok := RoomOf(may); !ok || room != may {
				t.Errorf("%s may import %s, which is no room", r.Name, may)
			}
			if Allows(may, r.Name) && !Allows(may, "internal/floors") { // a room that may all is no cycle
				t.Errorf("%s and %s may import each other", r.Name, may)
			}
		}
		if slices.ContainsFunc(Rooms[:i], func(q Room) bool { return q.Name == r.Name }) {
			t.Errorf("%s stands twice", r.Name)
		}
	}
	for _, c := range []struct {
		from, to string
		want     bool
	}{{"zoo", "nn", true}, {"zoo", "data", false}, {"engine", "nn", false}, {"engine/cpu", "nn", false}, {"approach", "engine", false}, {"internal/report", "internal/runner", false}, {"train", "data", true}, {"data", "task", false}, {"tensor", "internal/spec", false}} {
		if got := Allows(c.from, c.to); got != c.want {
			t.Errorf("%s to %s: got %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// sources walks the Go files that are no tests, those for other processors and behind build tags included.
func sources(t *testing.T, visit func(p pkg, name string, f *ast.File)) {
	t.Helper()
	for _, p := range packages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				continue // the compiler says it better
			}
			visit(p, strings.TrimPrefix(p.ImportPath, Module+"/")+"/"+name, f)
		}
	}
}

// A driver of database/sql can only register itself; embed is no registration.
var blank = []string{"embed", "modernc.org/sqlite"}

func TestNothingRegistersItself(t *testing.T) {
	sources(t, func(_ pkg, name string, f *ast.File) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init; list what it adds in the catalogue", name)
			}
		}
		for _, i := range f.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); i.Name != nil && i.Name.Name == "_" && !slices.Contains(blank, path) {
				t.Errorf("%s imports %s for its side effect; call what is meant", name, path)
			}
		}
	})
}

func TestPureRoomsTouchNoDiskNetworkOrClock(t *testing.T) {
	world := []string{"os", "os/exec", "os/signal", "net", "net/http", "io/fs", "database/sql", "log", "log/slog", "syscall", "math/rand", "math/rand/v2", "crypto/rand"}
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	sources(t, func(p pkg, name string, f *ast.File) {
		if room, _ := RoomOf(p.ImportPath); !slices.Contains(Pure, room) {
			return
		}
		for _, i := range f.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); slices.Contains(world, path) {
				t.Errorf("%s imports %s; hand it in from outside", name, path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(clock, s.Sel.Name) {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s calls time.%s; hand the time in from outside", name, s.Sel.Name)
				}
			}
			return true
		})
	})
}

func TestNoFileIsADrawerForAnything(t *testing.T) {
	sources(t, func(_ pkg, name string, _ *ast.File) {
		for _, word := range []string{"util", "utils", "common", "helpers", "types", "misc"} {
			if strings.Contains("/"+name, "/"+word+"/") || strings.HasSuffix(name, "/"+word+".go") {
				t.Errorf("%s: name it after what it does", name)
			}
		}
	})
}

func TestDecisionsHaveEverySection(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "[0-9]*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no decision pages: %v", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range []string{"Status", "Context", "Decision", "What it costs", "What would change our mind"} {
			if !bytes.Contains(text, []byte(section)) {
				t.Errorf("%s lacks %q", filepath.Base(page), section)
			}
		}
	}
}

func ExampleAllows() {
	fmt.Println(Allows("zoo", "nn"), Allows("engine", "nn"))
	// Output: true false
}
