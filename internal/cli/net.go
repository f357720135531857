package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// netFlags are what the commands on networks share: the size and class count to build for, and approaches to apply.
type netFlags struct {
	input   string
	classes int
	apply   []string
	given   func(flag string) bool
}

func (f *netFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.input, "input", "", "images of `HxW[xC]` in place of the network's own")
	f.given = c.Flags().Changed
	c.Flags().IntVar(&f.classes, "classes", 0, "`N` classes in place of the network's own")
}

func (f *netFlags) addApply(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.apply, "apply", nil, "rewrite it first by an `APPROACH`, as in '{activation: elu}'; may be repeated")
}

// build makes a network of the zoo, or of a file, and applies what the flags say. Its errors are of the command line.
func (f *netFlags) build(name string) (*nn.Graph, []approach.Applied, error) {
	images := approach.Images{Classes: f.classes}
	if f.input != "" {
		s, err := nn.ParseSize(f.input)
		if err != nil {
			return nil, nil, misuse(fmt.Errorf("--input: %w", err))
		}
		images.Size = s
	}
	if f.classes < 1 && f.given("classes") {
		return nil, nil, misuse(fmt.Errorf("--classes: %d; give 1 or more", f.classes))
	}
	choices, err := parseChoices(f.apply)
	if err != nil {
		return nil, nil, misuse(err)
	}
	g, err := approach.Network(name, images)
	if err != nil {
		return nil, nil, misuse(err)
	}
	if _, detector := g.Region(); !detector {
		if err := (task.Classify{}).Check(g); err != nil {
			return nil, nil, misuse(fmt.Errorf("%s: %w", name, err))
		}
	}
	applied, err := approach.Rewrite(g, choices)
	return g, applied, misuse(err)
}

// parseChoices reads approaches from the command line, each written as in a file.
func parseChoices(texts []string) ([]experiment.Choice, error) {
	var choices []experiment.Choice
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			return nil, errors.New("--apply: empty; name an approach, as in '{activation: elu}'")
		}
		n, err := spec.Parse("--apply", []byte(text))
		if err != nil {
			return nil, err
		}
		items := []*spec.Node{n}
		if n.Kind == spec.List {
			items = nil
			for _, item := range n.Items() {
				items = append(items, item)
			}
		}
		for _, item := range items {
			var c experiment.Choice
			if err := spec.Decode(item, &c); err != nil {
				return nil, err
			}
			choices = append(choices, c)
		}
	}
	return choices, nil
}

// shownNet is the JSON of a network.
type shownNet struct {
	nn.Table
	Family   string          `json:"family"`
	Paper    string          `json:"paper"`
	Classes  int             `json:"classes"`
	Changes  []string        `json:"changes,omitempty"`
	Training []shownTraining `json:"training,omitempty"` // of a cfg of darknet's
}

// show makes it; a network that is not of the zoo has no family and no paper.
func show(g *nn.Graph, applied []approach.Applied) (shownNet, error) {
	t, err := g.Table()
	if err != nil {
		return shownNet{}, err
	}
	s := shownNet{Table: t, Classes: g.Classes}
	if n, err := zoo.Find(g.Name); err == nil {
		s.Family, s.Paper = n.Family, n.Paper
	}
	for _, a := range applied {
		s.Changes = append(s.Changes, change(a))
	}
	return s, nil
}

// change tells what an approach did, and why not more: "separable: replaced 4 of 5 convolutions larger than 1x1 (left alone:
// reads the images: conv1)".
func change(a approach.Applied) string {
	text := a.Choice + ": " + a.What
	if len(a.Left) > 0 {
		text += " (left alone: " + strings.Join(a.Left, "; ") + ")"
	}
	return text
}

// completeNet offers the networks of the zoo, and files.
func completeNet(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, n := range zoo.List() {
		names = append(names, n.Name+"\t"+n.Paper)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// match reports whether the texts hold all words of a filter, letters large or small.
func match(filter string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, " "))
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}
