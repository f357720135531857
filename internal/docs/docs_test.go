package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGeneratedPagesAreCurrent(t *testing.T) {
	pages, err := Pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(Dir, filepath.FromSlash(name)))
		if err != nil || string(got) != want {
			t.Errorf("docs/%s is not what the catalogues say (%v); run go generate ./internal/docs and read the difference", name, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(Dir, "approaches", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name, err := filepath.Rel(Dir, f)
		if err != nil || pages[filepath.ToSlash(name)] == "" {
			t.Errorf("%s is of no approach any more; run go generate ./internal/docs", f)
		}
	}
}

func TestEveryRewriteHasADrawingOfAFewKilobytes(t *testing.T) {
	pages, err := Pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range pages {
		if !strings.HasPrefix(name, "approaches/") {
			continue
		}
		svg := pages[strings.TrimSuffix(name, ".md")+".svg"]
		if strings.Contains(text, "An approach of architecture") && svg == "" {
			t.Errorf("%s shows no drawing", name)
		}
		if strings.HasSuffix(name, ".svg") && len(text) > 16<<10 {
			t.Errorf("%s takes %d bytes", name, len(text))
		}
	}
}
