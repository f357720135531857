package say

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestFiguresReadAsAPersonWritesThem(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Thousands(0), "0"}, {Thousands(999), "999"}, {Thousands(-1000), "-1,000"}, {Thousands(int64(13_300_072)), "13,300,072"}, {Thousands(-100), "-100"},
		{Counted(1, "class"), "1 class"}, {Counted(5, "class"), "5 classes"}, {Counted(1000, "epoch"), "1,000 epochs"}, {Counted(0, "entry"), "0 entries"}, {Counted(2, "box"), "2 boxes"},
		{Ordinal(1), "first"}, {Ordinal(3), "third"}, {Ordinal(10), "tenth"}, {Ordinal(11), "11th"}, {Ordinal(12), "12th"}, {Ordinal(21), "21st"}, {Ordinal(22), "22nd"}, {Ordinal(33), "33rd"},
		{Ordinal(111), "111th"}, {Ordinal(112), "112th"}, {Ordinal(121), "121st"}, {Ordinal(0), "0th"},
		{Listed(nil), ""}, {Listed([]string{"a"}), "a"}, {Listed([]string{"a", "b"}), "a and b"}, {Listed([]string{"a", "b", "c"}), "a, b and c"},
		{About(40 * time.Millisecond), "0.0 s"}, {About(5200 * time.Millisecond), "5.2 s"}, {About(9960 * time.Millisecond), "10 s"}, {About(89 * time.Second), "89 s"}, {About(90 * time.Second), "2 min"},
		{About(89 * time.Minute), "89 min"}, {About(150 * time.Minute), "2 h 30 min"}, {About(120 * time.Minute), "2 h"}, {About(30 * time.Hour), "30 h"},
		{Seconds(38), "38 s"}, {Seconds(1e300), "for ever"},
		{SI(0), "0"}, {SI(999), "999"}, {SI(1000), "1.00k"}, {SI(1_696_320), "1.70M"}, {SI(999_600), "1.00M"}, {SI(41_230_000), "41.2M"}, {SI(7_609_090_048), "7.61G"},
		{Bytes(12), "12 B"}, {Bytes(170_052_171), "170 MB"}, {Percent(0.454), "45 %"},
		{Short("0123456789abcdef"), "0123456789ab"}, {Short("012"), "012"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWrappedLinesAreNoLongerThanTheWidthAndWordsStayWhole(t *testing.T) {
	if got, want := Wrap("one two  three\nfour", "  ", 9), "  one two\n  three\n  four\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Wrap("assay-store/a-long-name/report.html it is", "", 12), "assay-store/a-long-name/report.html\nit is\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatSteersATerminalStandsAsItsEscape(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "my photos, 2 of them", "my photos, 2 of them"},
		{"scripts", "Straße 写真 صورة 🙂", "Straße 写真 صورة 🙂"},
		{"no-break space", "a\u00a0b", "a\u00a0b"},
		{"joined emoji", "👩\u200d🔬", "👩\u200d🔬"},
		{"colour", "\x1b[31mred", `\x1b[31mred`},
		{"title", "\x1b]0;owned\x07", `\x1b]0;owned\x07`},
		{"forged line", "a\nassay: ok", `a\nassay: ok`},
		{"overwritten line", "bad\rgood\b", `bad\x0dgood\x08`},
		{"tab", "a\tb", `a\tb`},
		{"C1 control", "a\u009b2J", `a\x9b2J`},
		{"C1 byte", "a\x9b2J", `a\x9b2J`},
		{"bidi override", "cat\u202egpj.exe", `cat\u202egpj.exe`},
		{"isolate", "\u2066a\u2069", `\u2066a\u2069`},
		{"zero width", "a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"tag", "a\U000e0041", `a\U000e0041`},
		{"not UTF-8", "p\xeache", `p\xeache`},
		{"the replacement character itself", "p\ufffdche", "p\ufffdche"},
		{"backslash", `C:\x1b`, `C:\x1b`},
	} {
		if got := Printable(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got, want := Lines("a\x1b\n\tb\r\n"), "a\\x1b\n\tb\\x0d\n"; got != want {
		t.Errorf("lines: got %q, want %q", got, want)
	}
}

func TestNoSpreadsheetFindsAFormula(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`=HYPERLINK("http://x")`, `'=HYPERLINK("http://x")`}, {"+1+cmd|", "'+1+cmd|"}, {"-x", "'-x"}, {"@SUM", "'@SUM"}, {"\t=1", "'\t=1"}, {"\uff1d1", "'\uff1d1"},
		{"elu+bn", "elu+bn"}, {"", ""}, {"baseline", "baseline"},
	} {
		if got := Cell(c.in); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestAWordOfAShellIsReadBackAsItWas(t *testing.T) {
	for _, w := range []string{"photos.yaml", "my photos.yaml", "it's", "", "a;rm -rf b", "$(x)", "a\nb", "photos #2", "~", "日本/写真.yaml"} {
		out, err := exec.Command("sh", "-c", "printf %s "+Word(w)).Output()
		if err != nil {
			t.Skipf("no shell: %v", err)
		}
		if string(out) != w {
			t.Errorf("%q is written %s and read %q", w, Word(w), out)
		}
	}
	if got := Word("a/b-c_d.yaml"); got != "a/b-c_d.yaml" {
		t.Errorf("got %s; what a shell leaves alone needs no quotes", got)
	}
}

func FuzzGuards(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[31m", "=1+1", "p\xeache", "a\u202eb", "\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Printable(s)
		if !utf8.ValidString(p) || strings.ContainsFunc(p, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q steers: %q", s, p)
		}
		if again := Printable(p); again != p {
			t.Errorf("%q changes the second time: %q", p, again)
		}
		if cell := Cell(s); s != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
			t.Errorf("%q begins a cell as a formula: %q", s, cell)
		}
	})
}

func TestJSONMeansTheSameWithoutWhatSteers(t *testing.T) {
	for _, s := range []string{"a", "\x1b[2J", "\u009b\u202e\u200b", "\U000e0041", "\x7f", "tab\t", "Straße 🙂"} {
		text, err := json.MarshalIndent(map[string]string{"name": s}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		safe := JSON(text)
		var back map[string]string
		if err := json.Unmarshal(safe, &back); err != nil || back["name"] != s {
			t.Errorf("%q: read back %q, %v", s, back["name"], err)
		}
		if strings.ContainsFunc(strings.ReplaceAll(string(safe), "\n", ""), func(r rune) bool { return hidden(r) }) {
			t.Errorf("%q: %s", s, safe)
		}
	}
}

func TestOneIsOneOfItsUnit(t *testing.T) {
	for x, want := range map[float64]string{1: "1 point", 0.999: "1 point", 0: "0 points", 1.1: "1.1 points", 2: "2 points"} {
		if got := Amount(x, "points"); got != want {
			t.Errorf("%g: got %s, want %s", x, got, want)
		}
	}
}

func TestAFigureHasTwoDigitsAndNoExponent(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 1e-9: "0", 0.00012: "0.00012", 0.25: "0.25", 0.999: "1", 3.333: "3.3", 9.94: "9.9", 9.96: "10", 95.4: "95", 120: "120", 1234.5: "1234", -3.25: "-3.2"} {
		if got := Figure(x); got != want {
			t.Errorf("%g: got %s, want %s", x, got, want)
		}
	}
}
