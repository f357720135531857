package experiment

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/spec"
)

// Operation is an operation of [augment.Catalog] with its parameters, as a file has it: flip, or {crop: {size: 128}}.
type Operation struct {
	P  float64    // the share of the pictures that it is applied to, in [0,1]
	Op augment.Op // a value of the type that its entry of the catalogue has
}

// NewOperation is an operation that is applied as often as where a file does not say.
func NewOperation(op augment.Op) Operation { return Operation{entry(op).P, op} }

// entry is the line of the catalogue that an operation is of, the zero Entry for a type that is not in it.
func entry(op augment.Op) augment.Entry {
	for _, e := range augment.Catalog() {
		if reflect.TypeOf(e.Default) == reflect.TypeOf(op) {
			return e
		}
	}
	return augment.Entry{}
}

// Name is the operation's word in a file.
func (o Operation) Name() string { return entry(o.Op).Name }

// String is the operation as a person reads it: "crop 32 padded by 4". Operations that differ read differently.
func (o Operation) String() string {
	if o.P == entry(o.Op).P {
		return o.Op.String()
	}
	return augment.Chance{P: o.P, Op: o.Op}.String()
}

// UnmarshalSpec reads a name, or a name with parameters, and checks their ranges.
func (o *Operation) UnmarshalSpec(n *spec.Node) error {
	var item spec.Item
	if err := item.UnmarshalSpec(n); err != nil {
		return err
	}
	var names []string
	for _, e := range augment.Catalog() {
		if e.Name != item.Name {
			names = append(names, e.Name)
			continue
		}
		read := Operation{e.P, e.Default}
		value := item.Value
		if value.Kind == spec.Null {
			value = spec.NewMap()
		}
		var err error
		if w, ok := wording(e.Default, value); ok {
			text, _ := value.Str()
			if read.Op, err = w.Text(text); err != nil {
				err = &spec.Fault{Path: "$", Msg: err.Error()}
			}
		} else {
			v := read.form()
			if err = spec.DecodeInto(value, v.Addr().Interface()); err == nil {
				err = spec.Idle(value, v.Interface())
			}
			read.set(v)
		}
		if err == nil {
			err = read.Check()
		}
		*o = read
		return item.At.At(item.Value.Place(err))
	}
	if near, ok := spec.Nearest(item.Name, names); ok {
		return item.At.Errorf("no augmentation %q; did you mean %q?", item.Name, near)
	}
	return item.At.Errorf("no augmentation %q; choose one of %s", item.Name, strings.Join(names, ", "))
}

// MarshalSpec writes the name with the parameters that are not at their defaults.
func (o Operation) MarshalSpec() (*spec.Node, error) {
	if err := o.known(); err != nil {
		return nil, err
	}
	e := entry(o.Op)
	parameters, err := spec.EncodeBeside(o.form().Interface(), Operation{e.P, e.Default}.form().Interface())
	if err != nil {
		return nil, err
	}
	n := spec.NewMap()
	n.Set(e.Name, parameters)
	return n, nil
}

// Form is the parameters as one struct, whose fields have the tags that [augment.Entry] tells of: those of the operation, and p.
func (o Operation) Form() any { return o.form().Interface() }

func (o Operation) form() reflect.Value {
	op := reflect.ValueOf(o.Op)
	var fields []reflect.StructField
	for i := range op.NumField() {
		fields = append(fields, op.Type().Field(i))
	}
	what := "picture is changed"
	if _, mixes := o.Op.(augment.Mixer); mixes {
		what = "batch is mixed"
	}
	tag := `yaml:"p" is:"a probability" range:"0 to 1" help:"that a ` + what + ` at all"`
	if entry(o.Op).Bare {
		tag += ` spec:"bare"`
	}
	fields = append(fields, reflect.StructField{Name: "P", Type: reflect.TypeFor[float64](), Tag: reflect.StructTag(tag)})
	v := reflect.New(reflect.StructOf(fields)).Elem()
	for i := range op.NumField() {
		v.Field(i).Set(op.Field(i))
	}
	v.Field(op.NumField()).SetFloat(o.P)
	return v
}

// set takes the values of a form.
func (o *Operation) set(form reflect.Value) {
	op := reflect.New(reflect.TypeOf(o.Op)).Elem()
	for i := range op.NumField() {
		op.Field(i).Set(form.Field(i))
	}
	o.Op, o.P = op.Interface().(augment.Op), form.Field(op.NumField()).Float()
}

// known refuses what is not in the catalogue: no file could say it, and no identity hold it.
func (o Operation) known() error {
	if o.Name() == "" {
		return fmt.Errorf("%T is no augmentation; take one of augment.Catalog", o.Op)
	}
	return nil
}

// Check reports a parameter out of its range, at its path in the operation.
func (o Operation) Check() error {
	if err := o.known(); err != nil {
		return err
	}
	v := o.form()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if words := f.Tag.Get("range"); words != "" && !within(v.Field(i), words, f.Tag.Get("zero") != "") {
			key := f.Tag.Get("yaml")
			return &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf("%s: %s %v; give %s", o.Name(), key, strings.Join(strings.Fields(fmt.Sprint(v.Field(i))), ", "), Wanted(f.Tag))}
		}
	}
	if op, ok := o.Op.(interface{ Check() (key, fault string) }); ok {
		if key, fault := op.Check(); fault != "" {
			return &spec.Fault{Path: "$." + key, Msg: o.Name() + ": " + fault}
		}
	}
	return nil
}

// worded is an operation that other programs' texts stand for.
type worded interface {
	Text(string) (augment.Op, error)
}

// wording says whether a value is such a text, and of which operation.
func wording(op augment.Op, value *spec.Node) (worded, bool) {
	w, ok := op.(worded)
	if !ok || value.Kind != spec.Scalar {
		return nil, false
	}
	_, err := value.Float()
	return w, err != nil
}

// Wanted is what the tags of a parameter ask a person for: "pixels of a side, 1 to 4096, or 0 for the images' own".
func Wanted(tag reflect.StructTag) string {
	text := tag.Get("is")
	if words := tag.Get("range"); words != "" {
		text += ", " + words
	}
	if zero := tag.Get("zero"); zero != "" {
		text += ", or 0 for " + zero
	}
	return text
}

// within says whether a number, or each of two that may not fall, lies in a range such as "0 to 180".
func within(v reflect.Value, words string, zero bool) bool {
	from, to, _ := strings.Cut(words, " to ")
	low, _ := strconv.ParseFloat(from, 64)
	high, _ := strconv.ParseFloat(to, 64)
	in := func(x float64) bool { return x >= low && x <= high || zero && x == 0 }
	switch {
	case v.CanInt():
		return in(float64(v.Int()))
	case v.CanFloat():
		return in(v.Float())
	}
	a, b := v.Index(0).Float(), v.Index(1).Float()
	return in(a) && in(b) && a <= b && (a != 0 || b == 0 || low == 0)
}
