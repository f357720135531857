package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/say"
)

// Figures are written alike in every form of the report. The minus is the real one (U+2212); plain makes it a hyphen for
// terminals and files that programs read.

const (
	minus   = "\u2212"
	nothing = "\u2013" // where a figure is not known
)

// plain is for places where only ASCII is wanted.
func plain(s string) string {
	return strings.NewReplacer(minus, "-", nothing, "-", "\u00d7", "x", "\u00a0", " ", "\u2026", "...", "\u00b1", "+-", "\u2248", "~").Replace(s)
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
	s := say.SI(int64(x))
	number := strings.TrimRight(s, "kMGT")
	if number == s {
		return s
	}
	return number + "\u00a0" + s[len(number):]
}

// lasting is a time as people say it: "38 s", "2 min", "1 h 20 min". "–" for 0.
func lasting(seconds float64) string {
	switch {
	case !(seconds > 0):
		return nothing
	case seconds < 0.095:
		return strconv.FormatFloat(seconds, 'g', 1, 64) + "\u00a0s"
	}
	return strings.ReplaceAll(say.Seconds(seconds), " ", "\u00a0")
}

// The words of package say that sentences here are full of.
var (
	grouped = say.Thousands[int64]
	counted = say.Counted
	ordinal = say.Ordinal
	listed  = say.Listed
)

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// coarse is a figure of which one digit is all that is known: "0.4".
func coarse(x float64) string {
	switch {
	case x >= 1:
		return say.Figure(x)
	case x < 0.05:
		return strconv.FormatFloat(math.Round(100*x)/100, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// percent is a share as "96 %", with as many digits as it has, at most three after the point.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(1e5*share)/1e3, 'f', -1, 64) + "\u00a0%"
}
