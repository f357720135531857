package say

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable is a text from outside (a file's name, a class, a study's question) as a terminal may show it: what would move the
// cursor, set a title, break a line, turn the direction of writing or show nothing stands as its escape, \x1b or \u202e; bytes
// that are no UTF-8 too. Letters, marks, digits, signs and blanks of any script stay, and the joiners that scripts and emoji are
// written with. A backslash stays one: the outcome is for eyes, not to be read back. It changes nothing the second time.
func Printable(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !hidden(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// hidden reports what a terminal does not show as a sign of its own: all but letters, marks, numbers, punctuation, symbols and
// blanks, and the joiners U+200C and U+200D.
func hidden(r rune) bool { return !unicode.IsGraphic(r) && r != 0x200c && r != 0x200d }

// Lines is [Printable] for a text of several lines that is our own, with names in it, or a file's: line breaks and tabs stay.
func Lines(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexAny(s, "\n\t")
		if end < 0 {
			end = len(s)
		}
		b.WriteString(Printable(s[:end]))
		if s = s[end:]; s != "" {
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	return b.String()
}

// Cell is a text as a cell of a CSV file: one that a spreadsheet would run as a formula (it begins with =, +, -, @, a tab or a
// carriage return) gets an apostrophe in front, which spreadsheets take for "this is text": OWASP, "CSV Injection". For words
// alone; a figure such as -0.9 is written as it is.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\uff1d\uff0b\uff0d\uff20", []rune(s)[0]) {
		return "'" + s
	}
	return s
}

// Word is a text as one word of a POSIX shell: as it is where nothing in it means anything to a shell, else between single
// quotes.
func Word(s string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-./,:@%+=", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// JSON is a JSON text whose strings hold nothing that steers a terminal: what [Printable] would not leave stands as \u escapes,
// which mean the same.
func JSON(text []byte) []byte {
	if !strings.ContainsFunc(string(text), unsafe) {
		return text
	}
	var b strings.Builder
	for _, r := range string(text) {
		switch {
		case !unsafe(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return []byte(b.String())
}

// unsafe is hidden, for a text that is JSON: below a blank it has nothing but its own line breaks and indents.
func unsafe(r rune) bool { return r > ' ' && hidden(r) }
