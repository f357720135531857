package darknet

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/nn"
)

// Bounds of what is read: the length of a cfg in bytes, of which darknet's longest has 30,000, and its layers, 306.
const (
	MaxCfg    = 1 << 18
	MaxLayers = 1 << 12
)

// maxNumber bounds every whole number of a cfg, so that no product of three overflows; that of nn.
const maxNumber = 1 << 20

// section is one part of a cfg, [convolutional] and the lines under it.
type section struct {
	kind string // without the brackets, darknet's short names written out
	line int
	keys []option

	r *reader
}

// option is a line key=value.
type option struct {
	key, value string
	line       int
	used       bool
}

// short are darknet's other names of sections.
var short = map[string]string{"network": "net", "conv": "convolutional", "conn": "connected", "max": "maxpool", "avg": "avgpool", "soft": "softmax", "normalization": "lrn", "deconv": "deconvolutional"}

// split cuts a text into sections. Blanks count nowhere, as in darknet; lines that begin with # or ; are comments, and so is what follows
// one of them.
func (r *reader) split(text []byte) []*section {
	if len(text) > MaxCfg {
		r.fail(1, "is larger than %d bytes, which no network of darknet's is; give a cfg", MaxCfg)
		return nil
	}
	var all []*section
	number := 0
	for line := range bytes.Lines(text) {
		number++
		s := strings.Map(func(c rune) rune {
			if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
				return -1
			}
			return c
		}, strings.TrimPrefix(string(line), "\ufeff"))
		if i := strings.IndexAny(s, "#;"); i >= 0 {
			s = s[:i]
		}
		switch {
		case s == "":
		case s[0] == '[':
			kind, ok := strings.CutSuffix(s[1:], "]")
			if !ok || kind == "" {
				r.fail(number, "%s is no section; write one as in [convolutional]", quoted(s))
				return nil
			}
			if long := short[kind]; long != "" {
				kind = long
			}
			if all = append(all, &section{kind: kind, line: number, r: r}); len(all) > MaxLayers {
				r.fail(number, "has more than %d layers, which no network of darknet's has; give a cfg", MaxLayers)
				return nil
			}
		case len(all) == 0:
			r.fail(number, "%s stands before the first section; begin with [net]", quoted(s))
			return nil
		default:
			key, value, ok := strings.Cut(s, "=")
			if !ok || key == "" || value == "" {
				r.fail(number, "%s is neither a section nor key=value; mend or remove the line", quoted(s))
				return nil
			}
			last := all[len(all)-1]
			if o := last.find(key); o != nil && last.kind == "net" && !slices.Contains(extents, key) {
				continue // several of darknet's own have the testing's batch above the training's
			} else if o != nil {
				r.fail(number, "%s stands in line %d already, which darknet goes by; keep one", quoted(key), o.line)
				return nil
			}
			last.keys = append(last.keys, option{key: key, value: value, line: number})
		}
	}
	return all
}

// extents are the keys of [net] that say what the network reads.
var extents = []string{"height", "width", "channels"}

// quoted is a piece of the file for an error: printable, and not longer than a line.
func quoted(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

// find is the line of a key, nil if there is none.
func (s *section) find(key string) *option {
	i := slices.IndexFunc(s.keys, func(o option) bool { return o.key == key })
	if i < 0 {
		return nil
	}
	return &s.keys[i]
}

// take is find for a key that is looked at.
func (s *section) take(key string) *option {
	o := s.find(key)
	if o != nil {
		o.used = true
	}
	return o
}

// text is the value of a key.
func (s *section) text(key, byDefault string) string {
	if o := s.take(key); o != nil {
		return o.value
	}
	return byDefault
}

// whole is the value of a key as a whole number from least to most.
func (s *section) whole(key string, byDefault, least, most int) int {
	o := s.take(key)
	if o == nil {
		return byDefault
	}
	n, err := strconv.Atoi(o.value)
	if err != nil || n < least || n > most {
		s.r.fail(o.line, "%s=%s: give a whole number from %d to %d", key, plain(o.value), least, most)
		return byDefault
	}
	return n
}

// count is a whole number from 1.
func (s *section) count(key string, byDefault int) int { return s.whole(key, byDefault, 1, maxNumber) }

// size is a whole number from 0.
func (s *section) size(key string, byDefault int) int { return s.whole(key, byDefault, 0, maxNumber) }

// flag is whether a key is another number than 0.
func (s *section) flag(key string) bool { return s.whole(key, 0, -maxNumber, maxNumber) != 0 }

// real is the value of a key as a finite number.
func (s *section) real(key string, byDefault float64) float64 {
	o := s.take(key)
	if o == nil {
		return byDefault
	}
	v, err := number(o.value)
	if err != nil {
		s.r.fail(o.line, "%s=%s: give a number", key, plain(o.value))
		return byDefault
	}
	return v
}

// reals is the value of a key as numbers with commas between; nil where there is none.
func (s *section) reals(key string) []float64 {
	o := s.take(key)
	if o == nil {
		return nil
	}
	var all []float64
	for _, part := range strings.Split(strings.TrimSuffix(o.value, ","), ",") {
		v, err := number(part)
		if err != nil {
			s.r.fail(o.line, "%s: %s is no number; give numbers with commas between", key, quoted(part))
			return nil
		}
		all = append(all, v)
	}
	return all
}

func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		err = strconv.ErrRange
	}
	return v, err
}

// plain is a value as it stands in the file, or quoted where that would not print.
func plain(value string) string {
	if q := quoted(value); q != `"`+value+`"` {
		return q
	}
	return value
}

// only refuses a key that has another value than the one that is computed here.
func (s *section) only(key string, want float64, why string) {
	if v := s.real(key, want); v != want {
		s.r.fail(s.find(key).line, "%s=%s: %s", key, plain(s.find(key).value), why)
	}
}

// tell is a key of training: it is told, and changes nothing.
func (s *section) tell(keys ...string) {
	for _, key := range keys {
		if o := s.take(key); o != nil {
			s.r.net.Training = append(s.r.net.Training, Setting{Section: s.kind, Line: o.line, Key: key, Value: plain(o.value)})
		}
	}
}

// activation is darknet's activation of that section.
func (s *section) activation(byDefault string) nn.Activation {
	name := s.text("activation", byDefault)
	var known []string
	for _, a := range activations {
		if a.name == name {
			return a.act
		}
		known = append(known, a.name)
	}
	line := s.line
	if o := s.find("activation"); o != nil {
		line = o.line
	}
	if slices.Contains(others, name) {
		s.r.fail(line, "activation=%s: no layer here computes it; take one of %s", name, strings.Join(known, ", "))
	} else {
		s.r.fail(line, "no activation %s, for which darknet takes relu; write one of %s", quoted(name), strings.Join(known, ", "))
	}
	return nn.Activation{}
}

// end refuses the keys that nothing has looked at.
func (s *section) end() {
	for _, o := range s.keys {
		if !o.used {
			s.r.fail(o.line, "darknet has no %s in [%s] and passes it over; remove it, or mend its name", quoted(o.key), s.kind)
			return
		}
	}
}

// fail keeps the first fault, as "file:line: what".
func (r *reader) fail(line int, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%s:%d: %s", r.file, line, fmt.Sprintf(format, args...))
	}
}
