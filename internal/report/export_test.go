package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// albumOf is an album of images whose numbers a made-up study uses.
func albumOf(n int) *trial.Images {
	a := &trial.Images{Classes: []string{"cat", "dog"}}
	for i := range n {
		a.Hashes, a.Names, a.Labels = append(a.Hashes, strings.Repeat(string(rune('a'+i%6)), 32)), append(a.Names, "val/=x,\"y\".jpg"), append(a.Labels, int32(i%2))
	}
	return a
}

func exported(t *testing.T, r *study.Result, format string, album *trial.Images) string {
	t.Helper()
	var b bytes.Buffer
	if err := Export(&b, r, format, album); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnExportHasARowATrialOrAnImage(t *testing.T) {
	r := makeUp(t, "", 2, 2, 30, firstArms[0], firstArms[4], firstArms[5])
	trials, images := 8, 5*30 // lr 0.5 diverged once, residual failed twice
	for _, c := range []struct {
		album *trial.Images
		rows  int
	}{{nil, trials}, {albumOf(30), images}} {
		rows, err := csv.NewReader(strings.NewReader(exported(t, r, "csv", c.album))).ReadAll()
		if err != nil || len(rows) != c.rows+1 {
			t.Errorf("csv: %d rows and a head, want %d: %v", len(rows), c.rows, err)
		}
		if c.album != nil && rows[1][6] != `'val/=x,"y".jpg` && rows[1][6] != `val/=x,"y".jpg` {
			t.Errorf("a file's name became %q", rows[1][6])
		}
		lines := strings.Split(strings.TrimSuffix(exported(t, r, "jsonl", c.album), "\n"), "\n")
		if len(lines) != c.rows {
			t.Errorf("jsonl: %d lines, want %d", len(lines), c.rows)
		}
		for _, l := range lines {
			var row map[string]any
			if err := json.Unmarshal([]byte(l), &row); err != nil || len(row) != len(rows[0]) {
				t.Errorf("%s: %d keys of %d, %v", l, len(row), len(rows[0]), err)
			}
		}
	}
	if s := exported(t, r, "jsonl", nil); !strings.Contains(s, `"status":"diverged","accuracy":null`) {
		t.Errorf("what diverged has no accuracy:\n%s", s)
	}
}

func TestAnExportThatCannotBeIsRefused(t *testing.T) {
	r := makeUp(t, "", 2, 2, 30, firstArms[0])
	if err := Export(&bytes.Buffer{}, &study.Result{}, "csv", nil); !errors.Is(err, ErrNotJudged) {
		t.Errorf("not judged: %v", err)
	}
	if err := Export(&bytes.Buffer{}, r, "csv", &trial.Images{}); !errors.Is(err, ErrNoImages) {
		t.Errorf("no images: %v", err)
	}
	if err := Export(&bytes.Buffer{}, r, "xls", nil); err == nil {
		t.Error("xls is no format")
	}
}

// TestParquetIsReadByArrow holds the file that is written against parquet.json, what pyarrow reads of it (testdata/parquet.py), and that
// against the rows that were meant. The file is of all kinds, with nulls, in several groups.
func TestParquetIsReadByArrow(t *testing.T) {
	fs := []field{{name: "text", zero: ""}, {name: "flag", zero: false}, {name: "whole", zero: int64(0)}, {name: "real", zero: 0.0}}
	for i := range 12 { // a list of more than 14
		fs = append(fs, field{name: strings.Repeat("x", i+1), zero: 0.0})
	}
	var b, want bytes.Buffer
	s, err := parquetOf(&b, fs)
	if err != nil {
		t.Fatal(err)
	}
	s.most = 10
	lines := jsonSink{&want, fs}
	for i := range 25 {
		row := make([]any, len(fs))
		row[0], row[1], row[2], row[3] = strings.Repeat("ä", i), i%3 == 0, int64(i)*math.MaxInt32*1000, float64(i)/3
		if i%4 == 1 {
			row[i%len(fs)], row[0] = nil, nil
		}
		if i == 7 {
			clear(row)
		}
		if err := errors.Join(s.row(row), lines.row(row)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "golden", "rows.parquet")
	golden.Text(t, path, b.String())
	read, err := os.ReadFile(filepath.Join("testdata", "golden", "rows.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if string(read) != want.String() {
		t.Errorf("pyarrow reads\n%s\nwant\n%s", read, want.String())
	}
}

func TestTwoStudiesAreComparedArmByArm(t *testing.T) {
	a := makeUp(t, "", 3, 2, 500, firstArms[0], firstArms[1], firstArms[2], firstArms[3])
	b := makeUp(t, "", 4, 2, 500, firstArms[0], firstArms[1], firstArms[3], made{name: "other", effect: -4, params: 1, macs: 1, seconds: 1}, made{name: "max+avg", effect: -9, params: 1, macs: 1, seconds: 1})
	a.Name, b.Name = "a", "b"
	recipe := func(r *study.Result, arm string) string {
		switch {
		case arm == "max+avg": // the same name, not the same arm
			return r.Name
		case r == a && arm == "separable", r == b && arm == "other": // the same arm by another name
			return "s"
		case r == b && arm == "separable":
			return "else"
		}
		return arm
	}
	c, err := Compare(a, b, recipe)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, row := range c.Rows() {
		text += row[0] + "\n"
	}
	if want := "batchnorm\nelu\nmax+avg (other network or settings)\nseparable = other\n"; text != want {
		t.Errorf("rows\n%s, want\n%s", text, want)
	}
	if len(c.OnlyA) != 0 || len(c.OnlyB) != 1 || c.OnlyB[0] != "separable" {
		t.Errorf("only in a: %v, only in b: %v", c.OnlyA, c.OnlyB)
	}
	for _, p := range c.Common {
		if p.Difference == nil || math.Abs(*p.Difference-(*p.A.Effect-*p.B.Effect)) > 1e-12 || !(*p.Low < *p.Difference && *p.Difference < *p.High) {
			t.Errorf("%s: %+v", p.NameA, p)
		}
	}
	if c.Alike+c.Unlike != 6 || c.Tau == nil {
		t.Errorf("pairs alike %d, unlike %d", c.Alike, c.Unlike)
	}
	b.Metric = "mean_precision"
	if _, err := Compare(a, b, recipe); err == nil || !strings.Contains(err.Error(), "compare studies of one metric") {
		t.Errorf("unlike metrics: %v", err)
	}
	if _, err := Compare(a, &study.Result{}, recipe); !errors.Is(err, ErrNotJudged) {
		t.Errorf("not judged: %v", err)
	}
}

// The figures are those of testdata/compare.py, from scipy.
func TestDifferencesAndOrderAreAsScipyHasThem(t *testing.T) {
	side := func(effect, seed, image, df float64) study.Judgement {
		return study.Judgement{Finding: study.Finding{Effect: &effect, SeedSE: seed, ImageSE: image, DF: df}}
	}
	for _, c := range []struct {
		a, b      study.Judgement
		low, high float64
	}{
		{side(1.6, 0.3, 0.2, 8), side(0.4, 0.5, 0.1, 5), -0.19672932691760647, 2.5967293269176066},
		{side(-2, 0.3, 0, 0), side(1, 0.4, 0, 0), -3.979981992270027, -2.020018007729973},
	} {
		p := compared(c.a, c.b, true)
		if math.Abs(*p.Low-c.low) > 1e-9 || math.Abs(*p.High-c.high) > 1e-9 {
			t.Errorf("got [%v, %v], want [%v, %v]", *p.Low, *p.High, c.low, c.high)
		}
	}
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4, 5}, []float64{2, 1, 3, 5, 4}, 0.6},
		{[]float64{1, 2, 2, 4, 5, 0}, []float64{3, 1, 1, 1, 7, -2}, 0.46291004988627577},
	} {
		if got, _, _ := kendall(c.x, c.y); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("tau %v, want %v", got, c.want)
		}
	}
	if got, _, _ := kendall([]float64{1, 1}, []float64{1, 2}); finite(got) {
		t.Errorf("all tied: tau %v, want none", got)
	}
}

func TestNoCellOfAnExportSteersATerminalOrASpreadsheet(t *testing.T) {
	r := makeUp(t, "", 2, 2, 30, made{name: "a\x1b[2Jb", params: 1, macs: 1, seconds: 1}, made{name: "=HYPERLINK(1)", params: 1, macs: 1, seconds: 1})
	for _, format := range []string{"csv", "jsonl"} {
		if s := exported(t, r, format, nil); strings.ContainsRune(s, 0x1b) || format == "csv" && strings.Contains(s, ",=") {
			t.Errorf("%s:\n%q", format, s)
		}
	}
}
