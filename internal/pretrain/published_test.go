package pretrain

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/zoo"
)

func TestPublishedWeightsAreFetchedOnceAndCheckedByTheirName(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	body, err := os.ReadFile("testdata/small.pth")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Write(body)
	}))
	defer server.Close()
	sum := fmt.Sprintf("%x", sha256.Sum256(body))
	dir, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	f := data.Remote{Name: "small-" + sum[:8] + ".pth", URL: server.URL, SHA256: sum[:8]}
	var last [2]int64
	path, fetched, err := get(t.Context(), f, dir, server.Client(), func(done, total int64) { last = [2]int64{done, total} })
	if err != nil || !fetched || path != filepath.Join(dir, f.Name) || last[0] != int64(len(body)) || last[1] != last[0] {
		t.Fatalf("%s, %v, progress %v, %v", path, fetched, last, err)
	}
	if _, fetched, err := get(t.Context(), f, dir, server.Client(), nil); err != nil || fetched || asked != 1 {
		t.Errorf("again: %v, %v, %d requests", fetched, err, asked)
	}
	if err := os.WriteFile(path, body[1:], 0o666); err != nil { // damaged since
		t.Fatal(err)
	}
	if _, fetched, err := get(t.Context(), f, dir, server.Client(), nil); err != nil || !fetched {
		t.Errorf("a damaged file: %v, %v", fetched, err)
	}
	f.Name, f.SHA256 = "other-00000000.pth", "00000000"
	if _, _, err := get(t.Context(), f, dir, server.Client(), nil); err == nil || !strings.Contains(err.Error(), "where one with 00000000 is published; run again") {
		t.Errorf("another content: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "other*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestWeightsOfImageNetAreAskedForByOneWord(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	g, err := zoo.New("resnet18", zoo.Input(64, 64, 3))
	if err != nil {
		t.Fatal(err)
	}
	p := from(experiment.FromImageNet)
	if _, err := Start(g, p); err == nil || err.Error() != `resnet18-f37072fd.pth is not on this machine; run "assay net get resnet18"` {
		t.Errorf("got %v", err)
	}
	if _, err := Start(small(t, 3, 5), p); err == nil || !strings.HasPrefix(err.Error(), "small: torchvision publishes no weights of it; give a file, or choose one of alexnet, ") {
		t.Errorf("got %v", err)
	}
	for name := range published {
		if _, err := zoo.Find(name); err != nil {
			t.Error(err)
		}
		if f, _ := remote(name); len(f.SHA256) < 8 || strings.Trim(f.SHA256, "0123456789abcdef") != "" {
			t.Errorf("%s: hash %q", name, f.SHA256)
		}
	}
}
