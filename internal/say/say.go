// Package say holds the words that more than one room says to a person: counts, times, sizes, lists, and names from files made
// safe for a terminal. It imports nothing of Assay. Start at [Counted]; [Printable] is what guards the terminal.
package say

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Thousands is a whole number with commas: 13,300,072.
func Thousands[N ~int | ~int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted is "1 image", "2 images", "1,000 images": one is the word for one thing. It knows the plural of words that end in s,
// x or y ("classes", "entries") and of those that take an s; of several words the last one takes it.
func Counted(n int, one string) string {
	many := one + "s"
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "s"), strings.HasSuffix(one, "x"):
		many = one + "es"
	case strings.HasSuffix(one, "y"):
		many = strings.TrimSuffix(one, "y") + "ies"
	}
	return Thousands(n) + " " + many
}

// Ordinal is "first" to "tenth", then "11th", "21st", "112th".
func Ordinal(n int) string {
	if words := []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"}; n >= 1 && n <= len(words) {
		return words[n-1]
	}
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// Listed is "a", "a and b", "a, b and c".
func Listed(parts []string) string {
	if n := len(parts); n > 1 {
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return strings.Join(parts, "")
}

// About is a span of time as a person says it: "3.2 s", "40 s", "3 min", "1 h 20 min", "30 h".
func About(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 9.95:
		return fmt.Sprintf("%.1f s", s)
	case s < 89.5:
		return fmt.Sprintf("%.0f s", s)
	case s < 89.5*60:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 10*3600:
		minutes := int(math.Round(s / 60))
		return strings.TrimSuffix(fmt.Sprintf("%d h %d min", minutes/60, minutes%60), " 0 min")
	default:
		return fmt.Sprintf("%.0f h", s/3600)
	}
}

// Seconds is [About] of a number of seconds; what is longer than a [time.Duration] holds, or no number, is "for ever".
func Seconds(s float64) string {
	if !(s < math.MaxInt64/float64(time.Second)) {
		return "for ever"
	}
	return About(time.Duration(s * float64(time.Second)))
}

// SI is a number from 0 on in three digits with its prefix: 999, 1.70M, 41.2M, 4.09G.
func SI(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	x, prefix := float64(n), ""
	for _, p := range []string{"k", "M", "G", "T"} {
		if x < 999.5 {
			break
		}
		x, prefix = x/1000, p
	}
	decimals := 2
	switch {
	case x >= 99.95:
		decimals = 0
	case x >= 9.995:
		decimals = 1
	}
	return strconv.FormatFloat(x, 'f', decimals, 64) + prefix
}

// Bytes is a size: 12 B, 1.20 MB.
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	s := SI(n)
	return s[:len(s)-1] + " " + s[len(s)-1:] + "B"
}

// Percent is a share from 0 to 1 in whole percent: "45 %".
func Percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// Figure is a number to two digits, without an exponent: 0.25, 3.3, 95, 120; what is below a ten-thousandth is 0.
func Figure(x float64) string {
	switch a := math.Abs(x); {
	case a < 1e-4:
		return "0"
	case a >= 9.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}

// Amount is a [Figure] with its unit, given in the plural: "1 point", "0.5 points".
func Amount(x float64, units string) string {
	n := Figure(x)
	if n == "1" {
		units = strings.TrimSuffix(units, "s")
	}
	return n + " " + units
}

// Short is as much of a digest as tells it from others of a store: its first 12 characters, behind the name of its kind
// ("sha256:").
func Short(digest string) string {
	if _, hex, ok := strings.Cut(digest, ":"); ok {
		digest = hex
	}
	return digest[:min(len(digest), 12)]
}

// Wrap breaks a text into lines of at most width characters, each behind indent and ended by a newline. A word longer than a
// line stays whole: a terminal breaks it, and what is copied from there is the word.
func Wrap(text, indent string, width int) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}
