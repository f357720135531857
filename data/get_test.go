package data

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// served is an entry whose only file a local server sends; the handler decides how.
func served(t *testing.T, body []byte, handler http.HandlerFunc) (Entry, *httptest.Server) {
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return Entry{Name: "made", Files: []Remote{{"made.bin", srv.URL + "/made.bin", int64(len(body)), fmt.Sprintf("%x", sha256.Sum256(body))}}}, srv
}

func body(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 3)
	}
	return b
}

func TestACutDownloadGoesOnWhereItStopped(t *testing.T) {
	want := body(300_000)
	var ranges []string
	e, srv := served(t, want, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		if len(ranges) == 1 { // promise all, send a part, hang up
			w.Header().Set("Content-Length", fmt.Sprint(len(want)))
			w.Write(want[:100_000])
			return
		}
		http.ServeContent(w, r, "made.bin", time.Time{}, bytes.NewReader(want))
	})
	dir := t.TempDir()
	err := e.get(t.Context(), dir, srv.Client(), nil)
	if err == nil || !strings.Contains(err.Error(), "run again to go on from there") {
		t.Fatalf("a download that is cut off: %v", err)
	}
	file := filepath.Join(dir, "made", "made.bin")
	if _, err := os.Stat(file); err == nil {
		t.Fatal("half a file under the name of the whole")
	}
	var last int64
	if err := e.get(t.Context(), dir, srv.Client(), func(done, total int64) {
		if done < last || total != 300_000 {
			t.Errorf("progress %d after %d of %d", done, last, total)
		}
		last = done
	}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) || last != 300_000 {
		t.Errorf("%d bytes, progress to %d, %v", len(got), last, err)
	}
	if len(ranges) != 2 || ranges[1] != "bytes=100000-" {
		t.Errorf("asked for %q", ranges)
	}
	if err := e.get(t.Context(), dir, srv.Client(), nil); err != nil || len(ranges) != 2 {
		t.Errorf("a file that is there is fetched again (%v)", err)
	}
}

func TestAServerWithoutRangesIsAskedForAll(t *testing.T) {
	want := body(50_000)
	e, srv := served(t, want, func(w http.ResponseWriter, r *http.Request) { w.Write(want) })
	dir := t.TempDir()
	os.MkdirAll(filepath.Join(dir, "made"), 0o755)
	os.WriteFile(filepath.Join(dir, "made", "made.bin.part"), want[:1000], 0o644)
	if err := e.get(t.Context(), dir, srv.Client(), nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "made", "made.bin")); !bytes.Equal(got, want) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestWrongDownloadsAreRefusedAndNotKept(t *testing.T) {
	want := body(50_000)
	other := append([]byte{want[0] ^ 1}, want[1:]...)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"another file": {func(w http.ResponseWriter, _ *http.Request) { w.Write(other) }, "are published; run again, or fetch"},
		"too long":     {func(w http.ResponseWriter, _ *http.Request) { w.Write(append(want, 0)) }, "more than the 50000 bytes that are published"},
		"not found":    {http.NotFound, "answers 404 Not Found; try later"},
	} {
		e, srv := served(t, want, c.handler)
		dir := t.TempDir()
		err := e.get(t.Context(), dir, srv.Client(), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "made: made.bin: ") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "made", "made.bin")); err == nil {
			t.Errorf("%s: the file is kept", name)
		}
	}
	// What was wrong must not be gone on with: the next try begins anew.
	bad := true
	e, srv := served(t, want, func(w http.ResponseWriter, r *http.Request) {
		if b := want; bad {
			w.Write(other)
		} else {
			http.ServeContent(w, r, "made.bin", time.Time{}, bytes.NewReader(b))
		}
	})
	dir := t.TempDir()
	if err := e.get(t.Context(), dir, srv.Client(), nil); err == nil {
		t.Fatal("a wrong file passes")
	}
	bad = false
	if err := e.get(t.Context(), dir, srv.Client(), nil); err != nil {
		t.Error(err)
	}
}

func TestACancelledDownloadKeepsItsPart(t *testing.T) {
	want := body(200_000)
	ctx, cancel := context.WithCancel(t.Context())
	e, srv := served(t, want, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(want)))
		w.Write(want[:100_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	dir := t.TempDir()
	err := e.get(ctx, dir, srv.Client(), func(done, _ int64) {
		if done == 100_000 {
			cancel()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("got %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "made", "made.bin.part")); err != nil || info.Size() != 100_000 {
		t.Errorf("the part is gone: %v", err)
	}
}

func TestEveryDownloadHasItsSizeAndChecksum(t *testing.T) {
	for _, e := range Catalog() {
		if e.Licence == "" || e.Origin == "" || e.Labels == 0 || e.Classes != nil && len(e.Classes) != e.Labels {
			t.Errorf("%s: an incomplete entry", e.Name)
		}
		if len(e.Files) == 0 && e.embedded == nil {
			t.Errorf("%s: no files", e.Name)
		}
		for _, f := range e.Files {
			if len(f.SHA256) != 64 || f.Bytes == 0 || !strings.HasSuffix(f.URL, "/"+f.Name) {
				t.Errorf("%s: %+v", e.Name, f)
			}
		}
	}
	if err := Get(t.Context(), "fashion-mini", t.TempDir(), nil); err != nil {
		t.Errorf("a set that ships with the program: %v", err)
	}
}

func TestADownloadTakesOverWhatTheDeadLeftAndNothingElse(t *testing.T) {
	want := body(50_000)
	var ranges []string
	e, srv := served(t, want, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		http.ServeContent(w, r, "made.bin", time.Time{}, bytes.NewReader(want))
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "made", "made.bin")
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	living, dead := file+".part.999998", file+".part.999999"
	for _, name := range []string{living, dead} {
		if err := os.WriteFile(name, want[:1000], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-3 * stall)
	if err := os.Chtimes(dead, long, long); err != nil {
		t.Fatal(err)
	}
	if err := e.get(t.Context(), dir, srv.Client(), nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) || len(ranges) != 1 || ranges[0] != "bytes=1000-" {
		t.Errorf("%d bytes, asked for %q, %v", len(got), ranges, err)
	}
	if got, err := os.ReadFile(living); err != nil || !bytes.Equal(got, want[:1000]) {
		t.Errorf("what another process writes to was touched: %v", err)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("what the dead one left is still there")
	}
}
