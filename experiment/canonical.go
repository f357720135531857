package experiment

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/spec"
)

// Version counts what the canonical text of settings means: it rises when a default changes or a setting's word comes to mean
// something else, not when a setting is added.
const Version = 1

// settings is every setting, as one document.
type settings struct {
	Optimization Optimization `yaml:",inline"`
	Learning     Learning     `yaml:",inline"`
}

func defaultSettings() settings { return settings{DefaultOptimization(), DefaultLearning()} }

// Canonical is the settings of a training in one text, whichever way they came about: YAML, a setting at its default left
// out, keys sorted, one spelling of a number. Equal settings have equal texts, and a setting that is added later changes no text as
// long as it is at its default. [DecodeSettings] reads it.
func Canonical(o Optimization, l Learning) []byte {
	n, err := spec.EncodeBeside(settings{o, l}, defaultSettings())
	if err != nil {
		panic(fmt.Sprintf("experiment: a setting has no form in YAML: %v", err)) // a type of ours, not a value of theirs
	}
	return n.Canonical()
}

// DecodeSettings reads what [Canonical] wrote; keys that are not in it are at their defaults. It checks words and kinds of
// values and no ranges, which are the approaches'.
func DecodeSettings(text []byte) (Optimization, Learning, error) {
	s := defaultSettings()
	n, err := spec.Parse("settings", text)
	if err == nil {
		err = spec.Decode(n, &s)
	}
	return s.Optimization, s.Learning, err
}

// Difference is a setting, or another part of what is trained, that two trainings do not share.
type Difference struct {
	Path    string // as keys of the canonical text: "lr.policy", "batch.size"
	Was, Is string // as a person reads them: "none" for an empty list, "unset" for a 0 that leaves it to another setting

	short string // the path without the key that a bare value sets: "batch"
}

// String is "lr.policy: step in place of linear", and "batch: 30 in place of 90".
func (d Difference) String() string {
	if d.short == "" {
		return fmt.Sprintf("%s: %s in place of %s", d.Path, d.Is, d.Was)
	}
	return fmt.Sprintf("%s: %s in place of %s", d.short, d.Is, d.Was)
}

// Differences lists the settings in which two trainings differ, those of optimization first, in the order of their structs.
func Differences(o Optimization, l Learning, thanO Optimization, thanL Learning) []Difference {
	return DifferencesOf("", settings{o, l}, settings{thanO, thanL})
}

// DifferencesOf lists the fields in which a struct differs from another of its type, whose paths begin with section.
func DifferencesOf(section string, is, was any) []Difference {
	return differences(nil, section, section, reflect.ValueOf(is), reflect.ValueOf(was))
}

func differences(ds []Difference, path, short string, is, was reflect.Value) []Difference {
	for i := range is.NumField() {
		f, x, y := is.Type().Field(i), is.Field(i), was.Field(i)
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "-" {
			continue
		}
		p, s := path, short
		if options != "inline" {
			if key == "" {
				key = strings.ToLower(f.Name)
			}
			p, s = strings.TrimPrefix(path+"."+key, "."), strings.TrimPrefix(short+"."+key, ".")
			if f.Tag.Get("spec") == "bare" && f.Tag.Get("told") != "path" { // where the key says what the value is of
				s = short
			}
		}
		_, written := x.Interface().(spec.Marshaler)
		if f.Type.Kind() == reflect.Struct && !written {
			ds = differences(ds, p, s, x, y)
		} else if !same(f, x, y) {
			ds = append(ds, Difference{Path: p, Was: word(y, f), Is: word(x, f), short: s})
		}
	}
	return ds
}

// same compares two values of a field by what would be written of them.
func same(f reflect.StructField, x, y reflect.Value) bool {
	field := reflect.StructOf([]reflect.StructField{{Name: f.Name, Type: f.Type, Tag: f.Tag}})
	v, w := reflect.New(field).Elem(), reflect.New(field).Elem()
	v.Field(0).Set(x)
	w.Field(0).Set(y)
	n, err := spec.EncodeBeside(v.Interface(), w.Interface())
	return err == nil && n.Len() == 0
}

// word prints a setting.
func word(v reflect.Value, f reflect.StructField) string {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return "unset"
	case v.Kind() == reflect.Pointer:
		return fmt.Sprint(v.Elem().Interface())
	case v.Kind() == reflect.Slice:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = fmt.Sprint(v.Index(i).Interface())
		}
		if f.Tag.Get("spec") == "set" {
			slices.Sort(words)
		}
		if len(words) > 0 {
			return strings.Join(words, ", ")
		}
	case v.IsZero() && (v.CanInt() || v.CanFloat()):
		if strings.Contains(f.Tag.Get("help"), "; 0: ") {
			return "unset"
		}
		return "0"
	case fmt.Sprint(v.Interface()) != "":
		return fmt.Sprint(v.Interface())
	}
	return "none"
}
