package task

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Entry is a task by name.
type Entry struct {
	Name string
	Help string
	New  func(classes []string) Task
}

// catalog lists the tasks; the first is the default.
var catalog = []Entry{
	{"classify", "one class of each picture", func(classes []string) Task { return Classify{Classes: classes} }},
	{"detect", "a box around each object, and its class", func(classes []string) Task { return Detect{Classes: classes} }},
}

// Catalog lists the tasks; the first is the default.
func Catalog() []Entry { return catalog }

// New is the task of that name for a list of classes, "" the default one. The classes may be none, for whoever asks for metrics
// alone.
func New(name string, classes []string) (Task, error) {
	var names []string
	for i, e := range catalog {
		if e.Name == name || i == 0 && name == "" {
			return e.New(classes), nil
		}
		names = append(names, e.Name)
	}
	mend := "there is " + strings.Join(names, ", ")
	if near, ok := spec.Nearest(name, names); ok {
		mend = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, fmt.Errorf("no task %q; %s", name, mend)
}

// Short is the name that stands for a task in identities: "" for the default one, so that they stand as tasks come.
func Short(name string) string {
	if name == catalog[0].Name {
		return ""
	}
	return name
}

// For is the task that the main output of a network says it is for.
func For(g *nn.Graph, classes []string) Task {
	if r, boxes := g.Region(); boxes {
		return Detect{Classes: classes, Tree: r.Tree.Parents()}
	}
	return Classify{Classes: classes}
}
