package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Figures are written alike in every form of the report. The minus is the real one (U+2212); plain makes it a hyphen for
// terminals and files that programs read.

const (
	minus   = "\u2212"
	nothing = "\u2013" // where a figure is not known
)

// plain is for places where only ASCII is wanted.
func plain(s string) string {
	return strings.NewReplacer(minus, "-", nothing, "-", "\u00d7", "x", "\u00a0", " ", "\u2026", "...", "\u00b1", "+-").Replace(s)
}

// signed is "+1.6", "−0.9" or, where nothing is left after rounding, "0.0".
func signed(x float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(x), 'f', decimals, 64)
	switch {
	case strings.Trim(s, "0.") == "":
		return s
	case x < 0:
		return minus + s
	}
	return "+" + s
}

// interval is "[+1.0, +2.2]".
func interval(low, high float64, decimals int) string {
	return "[" + signed(low, decimals) + ",\u00a0" + signed(high, decimals) + "]"
}

// fixed is a figure without sign, "–" for nil.
func fixed(x *float64, decimals int) string {
	if x == nil {
		return nothing
	}
	return strings.Replace(strconv.FormatFloat(*x, 'f', decimals, 64), "-", minus, 1)
}

// change is how far a cost is from the baseline's: "+9 %", "−71 %", "0 %", and "×3.2" from twice on. "–" where one of the
// two is not known.
func change(x, base float64) string {
	if !(x > 0) || !(base > 0) {
		return nothing
	}
	switch p := 100 * (x/base - 1); {
	case p >= 100:
		return "\u00d7" + strconv.FormatFloat(x/base, 'f', btoi(x/base < 9.95), 64)
	case math.Abs(p) < 0.05:
		return "0\u00a0%"
	case math.Abs(p) < 1:
		return signed(p, 1) + "\u00a0%"
	default:
		return signed(p, 0) + "\u00a0%"
	}
}

// ratio is "×1.09", "–" where one of the two is not known.
func ratio(x, base float64) string {
	if !(x > 0) || !(base > 0) {
		return nothing
	}
	return "\u00d7" + strconv.FormatFloat(x/base, 'f', 2, 64)
}

// si is three figures with an SI prefix: "272 k", "1.82 G". "–" for 0.
func si(x float64) string {
	if x == 0 {
		return nothing
	}
	prefix := ""
	for _, p := range []string{"k", "M", "G", "T", "P"} {
		if math.Abs(x) < 999.5 {
			break
		}
		x, prefix = x/1000, p
	}
	decimals := 0
	if prefix != "" {
		decimals = max(0, 2-int(math.Log10(math.Abs(x))))
	}
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if prefix != "" {
		s += "\u00a0" + prefix
	}
	return s
}

// grouped is a whole number with commas, "269,722".
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// lasting is a time as people say it: "38 s", "2 min", "1 h 20 min". "–" for 0.
func lasting(seconds float64) string {
	switch {
	case !(seconds > 0):
		return nothing
	case seconds < 9.95:
		return fmt.Sprintf("%.1f\u00a0s", seconds)
	case seconds < 90:
		return fmt.Sprintf("%.0f\u00a0s", seconds)
	case seconds < 90*60:
		return fmt.Sprintf("%.0f\u00a0min", seconds/60)
	case seconds < 10*3600:
		minutes := int(math.Round(seconds / 60))
		return fmt.Sprintf("%d\u00a0h\u00a0%d\u00a0min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%.0f\u00a0h", seconds/3600)
}

// counted is "1 repeat", "3 repeats".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// ordinal is "first", "3rd".
func ordinal(n int) string {
	if words := []string{"", "first", "second", "third", "fourth", "fifth"}; n >= 0 && n < len(words) {
		return words[n]
	}
	suffix := "th"
	if n/10%10 != 1 {
		suffix = map[int]string{1: "st", 2: "nd", 3: "rd"}[n%10]
		if suffix == "" {
			suffix = "th"
		}
	}
	return strconv.Itoa(n) + suffix
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// percent is a share as "96 %", with as many digits as it has, at most three after the point.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(1e5*share)/1e3, 'f', -1, 64) + "\u00a0%"
}
