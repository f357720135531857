package spec

import "testing"

func TestAWordThatAFieldDoesNotTakeIsAFault(t *testing.T) {
	for text, want := range map[string]string{
		"kind: step":                     "",
		"linear":                         "",
		"kind: linaer":                   `f.yaml:1:7: kind: unknown value "linaer"; did you mean "linear"?`,
		"stepp":                          `f.yaml:1:1: unknown value "stepp"; did you mean "step"?`,
		"kind: magic":                    `f.yaml:1:7: kind: unknown value "magic"; choose one of step, linear`,
		"kind: ''":                       `f.yaml:1:7: kind: unknown value ""; choose one of step, linear`,
		"except: [bias, norm]":           "",
		"except: []":                     "",
		"except: [bias, nrom]":           `f.yaml:1:16: except[1]: unknown value "nrom"; did you mean "norm"?`,
		"{except: [bias], kind: linear}": "",
	} {
		n, err := Parse("f.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Kind   string   `yaml:"kind" spec:"bare" values:"step, linear"`
			Except []string `yaml:"except" values:"bias, norm"`
		}
		got := ""
		if err := Decode(n, &v); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestAZeroThatStandsForAbsenceIsAFaultWhereItIsWritten(t *testing.T) {
	for text, want := range map[string]string{
		"{}":           "",
		"share: 0.5":   "",
		"count: -1":    "",
		"count: 0":     `f.yaml:1:8: count: want a number other than 0; leave the key out for its default`,
		"share: 0.0e3": `f.yaml:1:8: share: want a number other than 0; leave the key out for its default`,
	} {
		n, err := Parse("f.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Share float32 `yaml:"share" spec:"nonzero"`
			Count int     `yaml:"count" spec:"nonzero"`
		}
		got := ""
		if err := Decode(n, &v); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
