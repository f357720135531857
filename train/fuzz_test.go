package train_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/train"
)

// FuzzResume: a file is a checkpoint of this training, or one line that begins with its name.
func FuzzResume(f *testing.F) {
	j := job(f, draw(f, 4))
	j.Checkpoint = filepath.Join(f.TempDir(), "c.checkpoint")
	ctx, stop := context.WithCancel(context.Background())
	interrupted := j
	interrupted.OnStep = func(p train.Progress) {
		if p.Step == 2 {
			stop()
		}
	}
	if _, err := train.Run(ctx, interrupted); err == nil {
		f.Fatal("the training was not interrupted")
	}
	seeds(f, j.Checkpoint)
	f.Fuzz(func(t *testing.T, b []byte) {
		file(t, j.Checkpoint, b)
		oneLine(t, j.Checkpoint, train.Resume(context.Background(), j))
	})
}

// seeds are a file, and that file with its description emptied or cut.
func seeds(f *testing.F, path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	for _, text := range []string{`\"classes\"`, `\"step\"`, "conv", "F32", `"format"`} {
		f.Add([]byte(strings.ReplaceAll(string(b), text, strings.Repeat("x", len(text)))))
	}
}

func file(t *testing.T, path string, b []byte) {
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func oneLine(t *testing.T, path string, err error) {
	if err != nil && (strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), path)) {
		t.Errorf("got %q, want one line that begins with the file", err)
	}
}
