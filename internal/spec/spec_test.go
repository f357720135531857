package spec

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite testdata/*.txt; read the difference before you keep it")

// study stands for the structs of other rooms: defaults, short forms, items, a type that reads itself.
type study struct {
	Question string            `yaml:"question" spec:"required"`
	Base     experiment        `yaml:"base"`
	Design   string            `yaml:"design"`
	Variants []variant         `yaml:"variants"`
	Repeats  repeats           `yaml:"repeats"`
	Budget   time.Duration     `yaml:"budget,omitempty"`
	Notes    map[string]string `yaml:"notes,omitempty"`
}

type experiment struct {
	Data         dataSpec `yaml:"data,omitempty"`
	Net          string   `yaml:"net,omitempty"`
	Optimization []Item   `yaml:"optimization,omitempty"`
	Seed         uint32   `yaml:"seed,omitempty"`
}

type dataSpec struct {
	Folder string    `yaml:"folder,omitempty" spec:"bare"`
	Val    float32   `yaml:"val,omitempty"`
	Skip   []string  `yaml:"skip,omitempty"`
	Flip   bool      `yaml:"flip,omitempty"`
	Size   [2]int    `yaml:"size,omitempty"`
	Level  *int8     `yaml:"level,omitempty"`
	Any    any       `yaml:"any,omitempty"`
	Mean   []float64 `yaml:"mean,omitempty"`
}

type variant struct {
	Name string `yaml:"name" spec:"required"`
	With []Item `yaml:"with,omitempty"`
}

type repeats struct{ Min, Max int }

func (r *repeats) UnmarshalSpec(n *Node) error {
	if n.Kind == Scalar {
		i, err := n.Int()
		if err == nil && i < 1 {
			return errors.New("repeats: fewer than one; write 3 or more") // a room's own words, placed by Decode
		}
		*r = repeats{i, i}
		return err
	}
	type plain repeats
	return Decode(n, (*plain)(r))
}

func (r repeats) MarshalSpec() (*Node, error) {
	if r.Min == r.Max {
		return NewInt(r.Min), nil
	}
	m := NewMap()
	m.Set("min", NewInt(r.Min))
	m.Set("max", NewInt(r.Max))
	return m, nil
}

// TestFaultsReadAsInTheScripts walks testdata/*.txt: "=== name", an input, "----", what comes of it. Lines of an input that
// begin with a quote are Go strings, for bytes that an editor would spoil.
func TestFaultsReadAsInTheScripts(t *testing.T) {
	for file, run := range map[string]func(text string) string{
		"testdata/faults.txt": func(text string) string {
			n, err := Parse("study.yaml", []byte(text))
			s := study{Design: "ofat"}
			if err == nil {
				err = Decode(n, &s)
			}
			if err != nil {
				return err.Error()
			}
			n, err = Encode(s)
			if err != nil {
				return err.Error()
			}
			return strings.TrimSuffix(string(n.YAML()), "\n")
		},
		"testdata/tidy.txt": func(text string) string {
			n, err := Parse("study.yaml", []byte(text))
			if err != nil {
				return err.Error()
			}
			return strings.TrimSuffix(string(n.YAML()), "\n")
		},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for i, block := range strings.Split("\n"+string(text), "\n=== ") {
			if i == 0 {
				continue
			}
			name, rest, _ := strings.Cut(block, "\n")
			input, want, _ := strings.Cut(rest, "----\n")
			want = strings.Trim(want, "\n")
			got := run(unescape(t, input))
			if got != want && !*update {
				t.Errorf("%s: %s:\n got %s\nwant %s", file, name, got, want)
			}
			fmt.Fprintf(&out, "=== %s\n%s----\n%s\n\n", name, input, got)
		}
		if *update {
			if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func unescape(t *testing.T, input string) string {
	var b strings.Builder
	for line := range strings.Lines(input) {
		if strings.HasPrefix(line, `"`) {
			s, err := strconv.Unquote(strings.TrimSpace(line))
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			line = s
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestAHugeDeepOrExplodingFileIsOneFault(t *testing.T) {
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"huge":   {strings.Repeat("# nothing but remarks\n", MaxBytes/20), "study.yaml:1:1: the file is larger than 4 MiB; a file of this kind takes a few kilobytes"},
		"many":   {"[" + strings.Repeat("1,", MaxValues+1) + "]", "study.yaml:1:400000: more than 200000 values, aliases written out; shorten the file"},
		"bomb":   {bomb, "study.yaml:1:26: more than 200000 values, aliases written out; shorten the file"},
		"deep":   {strings.Repeat("[", 65) + strings.Repeat("]", 65), ""},
		"deeper": {strings.Repeat("[", 66) + strings.Repeat("]", 66), "study.yaml:1:66: nested more than 64 deep; flatten it"},
		"abyss":  {strings.Repeat("[", 100_000), "study.yaml:1:10001: nested too deep; flatten it"},
		"braces": {strings.Repeat("{a: ", 100_000), "study.yaml:1:39998: nested too deep; flatten it"},
		"dashes": {strings.Repeat("- ", 100_000), "study.yaml:1:20001: nested too deep; flatten it"},
	} {
		_, err := Parse("study.yaml", []byte(c.text))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestPlaceTurnsAPathIntoALineAndAColumn(t *testing.T) {
	root, err := Parse("s.yaml", []byte("repeats: 0\nvariants:\n  - {name: elu, with: [{activation: elu}]}\n  - name: b\n    \"a b\":\n      - 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"$":                                   "s.yaml:1:1: bad",
		"$.repeats":                           "s.yaml:1:10: bad",
		"$.variants":                          "s.yaml:2:1: bad", // a block is looked for at its key
		"$.variants[0]":                       "s.yaml:3:5: bad",
		"$.variants[0].with[0]":               "s.yaml:3:24: bad",
		"$.variants[0].with[0].activation":    "s.yaml:3:37: bad",
		"$.variants[0].with[0].activation.to": "s.yaml:3:37: bad", // set by the short form
		"$.variants[1].name":                  "s.yaml:4:11: bad",
		`$.variants[1]["a b"][0]`:             "s.yaml:6:9: bad",
		"$.variants[7].name":                  "s.yaml:2:1: bad",
		"$.nowhere.at.all":                    "s.yaml:1:1: bad",
		"$[":                                  "s.yaml:1:1: bad",
		`$["`:                                 "s.yaml:1:1: bad",
		"$..":                                 "s.yaml:1:1: bad",
	} {
		fault := &Fault{Path: path, Msg: "bad"}
		if got := root.Place(fault).Error(); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
		wrapped := root.Place(fmt.Errorf("elu: %w", fault))
		if got, want := wrapped.Error(), strings.Replace(want, "bad", "elu: bad", 1); got != want {
			t.Errorf("%s, wrapped: got %q, want %q", path, got, want)
		}
		if !errors.Is(wrapped, fault) {
			t.Errorf("%s: the placed fault does not lead back to the first one", path)
		}
	}
	sub := root.Get("variants").items[0]
	if got, want := sub.Place(&Fault{Path: "$.name", Msg: "bad"}).Error(), "s.yaml:3:12: bad"; got != want {
		t.Errorf("below a node: got %q, want %q", got, want)
	}
	plain := errors.New("disk full")
	if root.Place(plain) != plain || root.Place(nil) != nil || root.At(nil) != nil {
		t.Error("an error without a fault did not come back as it was")
	}
	if got, want := sub.At(plain).Error(), "s.yaml:3:5: disk full"; got != want || !errors.Is(sub.At(plain), plain) {
		t.Errorf("At: got %q, want %q", got, want)
	}
	for _, n := range []*Node{root, sub, sub.Get("with"), root.Get("variants").items[1].Get("a b").items[0]} {
		if root.find(n.Path()) != n {
			t.Errorf("%s does not lead back to its node", n.Path())
		}
	}
}

func TestNearestOffersWhatWasMeantAndNothingElse(t *testing.T) {
	nets := []string{"lenet5", "caffenet128", "resnet18", "resnet20", "vgg11", "nin-cifar", "mini"}
	for word, want := range map[string]string{
		"resnet81": "resnet18", "resnet": "resnet18", "ResNet20": "resnet20", "resnet_20": "resnet20", "caffenet": "", "cafenet128": "caffenet128",
		"vgg": "", "vgg12": "vgg11", "nin_cifar": "nin-cifar", "mimi": "mini", "x": "", "": "", "mlp": "", "densenet": "", strings.Repeat("resnet", 1000): "",
	} {
		if got, ok := Nearest(word, nets); got != want || ok != (want != "") {
			t.Errorf("%.20q: got %q, want %q", word, got, want)
		}
	}
	if got, _ := Nearest("epoch", []string{"batch", "epochs"}); got != "epochs" {
		t.Errorf("epoch: got %q", got)
	}
}

func TestWhatIsEncodedDecodesToTheSame(t *testing.T) {
	level := int8(-3)
	root, err := Parse("x.yaml", []byte("[batchnorm, {solver: sgd}, {lr: {base: 5e-4, warmup: null}}]"))
	if err != nil {
		t.Fatal(err)
	}
	var items []Item
	if err := Decode(root, &items); err != nil {
		t.Fatal(err)
	}
	want := study{
		Question: "yes", Design: "a: b # c", Repeats: repeats{3, 5}, Budget: 90 * time.Minute,
		Base: experiment{Net: "1e3", Seed: 7, Optimization: items, Data: dataSpec{Folder: "a b", Val: 0.1, Skip: []string{"*.jpg", ""},
			Size: [2]int{3, 4}, Level: &level, Any: map[string]any{"x": []any{1, 2.5, "3", true, nil}}, Mean: []float64{1e-30, 0.1, -0.5}}},
		Variants: []variant{{Name: "elu"}, {Name: "long " + strings.Repeat("x", 200), With: items}},
		Notes:    map[string]string{"": "empty", "~": "tilde", "two\nlines": "tab\there\n"},
	}
	n, err := Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse("back.yaml", n.YAML())
	if err != nil {
		t.Fatalf("%v\n%s", err, n.YAML())
	}
	if !Equal(n, back) {
		t.Errorf("the text reads back to another tree:\n%s\n%s", n.YAML(), back.YAML())
	}
	var got study
	if err := Decode(back, &got); err != nil {
		t.Fatalf("%v\n%s", err, n.YAML())
	}
	again, err := Encode(got)
	if err != nil {
		t.Fatal(err)
	}
	if !Equal(n, again) || got.Base.Data.Val != 0.1 || *got.Base.Data.Level != -3 || got.Budget != 90*time.Minute || got.Notes["two\nlines"] != "tab\there\n" {
		t.Errorf("got  %+v\nwant %+v\n%s", got, want, n.YAML())
	}
	if err := DecodeInto(root, got); err == nil {
		t.Error("a value that is no pointer was filled")
	}
	var same []Item
	if err := DecodeInto(root, &same); err != nil || len(same) != 3 || root.Flow() != "[batchnorm, {solver: sgd}, {lr: {base: 5e-4, warmup: null}}]" {
		t.Errorf("DecodeInto: %v, %d items of %s", err, len(same), root.Flow())
	}
	if _, err := Encode(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

func TestEqualLooksAtMeaningNotAtSpelling(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"{a: 1, b: [x]}", "b: ['x']\na: 1.0", true}, {"a: 5e-4", "a: 0.0005", true}, {"a: '1'", "a: 1", false},
		{"[1, 2]", "[2, 1]", false}, {"a:", "a: null", true}, {"a:", "b:", false}, {"true", "'true'", false},
	} {
		a, errA := Parse("a", []byte(c.a))
		b, errB := Parse("b", []byte(c.b))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := Equal(a, b); got != c.want {
			t.Errorf("%s, %s: got %v", c.a, c.b, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"testdata/faults.txt", "testdata/tidy.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "=== ") {
			if _, rest, ok := strings.Cut(block, "\n"); ok && i > 0 {
				input, _, _ := strings.Cut(rest, "----\n")
				f.Add([]byte(input))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := Parse("f", text)
		if err != nil {
			if msg := err.Error(); strings.Contains(msg, "\n") || !strings.HasPrefix(msg, "f:") {
				t.Fatalf("a fault of several lines or without a place: %q", msg)
			}
			return
		}
		var s study
		if err := Decode(n, &s); err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("a fault of several lines: %q", err)
		}
		back, err := Parse("f", n.YAML())
		if err != nil || !Equal(n, back) {
			t.Fatalf("%q was written as %q: %v", text, n.YAML(), err)
		}
	})
}
