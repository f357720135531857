package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
)

func approachShow(e *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "the card of an approach",
		Long:    "Prints the card of an approach: what it does, its parameters with defaults, what it costs, what else changes with it, its\npaper, what the published study found, and its caveats.",
		Example: "  assay approach show activation",
		Args:    args(1, 1, "NAME"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, a := range approach.Catalog() {
				names = append(names, a.Name+"\t"+a.Card.Summary)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		a, err := approach.Lookup(args[0])
		if err != nil {
			return misuse(err)
		}
		if e.JSON {
			return e.document(struct {
				shownApproach
				Cost       string               `json:"cost"`
				Operations []approach.Operation `json:"operations,omitempty"`
				Couplings  []string             `json:"couplings"`
				Evidence   string               `json:"evidence"`
				Caveats    string               `json:"caveats"`
			}{shownApproach{a.Name, a.Kind, a.Card.Summary, a.Parameters(), a.Card.Paper}, a.Card.Cost, a.Operations(), append([]string{}, a.Card.Couplings...), a.Card.Evidence, a.Card.Caveats})
		}
		e.printCard(a)
		return nil
	}
	return cmd
}

// printCard lays a card out in at most 100 columns.
func (e *Env) printCard(a approach.Entry) {
	width := min(e.Width, 100)
	e.print("%s  %s\n", e.bold(a.Name), e.dim("an approach of "+string(a.Kind)))
	e.print("%s\n", lines(wrap(a.Card.Summary, "", width)))
	ps := a.Parameters()
	if len(ps) > 0 {
		e.print("%s\n", e.dim("parameters"))
	}
	e.printParameters(a.Name, ps, width)
	for _, o := range a.Operations() {
		e.print("\n%s  %s\n", e.bold(o.Name), e.dim("an operation of "+a.Name))
		e.print("%s\n", lines(wrap(o.Summary, "", width)))
		e.printParameters(o.Name, o.Parameters, width)
		e.printParts(width, passage{"paper", o.Paper}, passage{"careful", o.Caveats})
	}
	e.printParts(width, passage{"costs", a.Card.Cost}, passage{"with it", strings.Join(a.Card.Couplings, "; ")}, passage{"paper", a.Card.Paper}, passage{"found", a.Card.Evidence}, passage{"careful", a.Card.Caveats})
}

// printParameters prints a line and more a parameter of what has the name, and what a bare value sets.
func (e *Env) printParameters(of string, ps []approach.Parameter, width int) {
	name, value := 0, 0
	for _, p := range ps {
		name, value = max(name, len(p.Name)), max(value, len(p.Default))
	}
	for _, p := range ps {
		mark := " "
		if p.Bare {
			mark = "*"
		}
		e.print("%s %s  %-*s  ", mark, e.bold(fmt.Sprintf("%-*s", name, p.Name)), value, p.Default)
		text := p.Help
		if p.Values != "" {
			text += ": " + p.Values
		}
		indent := strings.Repeat(" ", 2+name+2+value+2)
		e.print("%s", lines(strings.TrimLeft(wrap(text, indent, width), " ")))
	}
	for _, p := range ps {
		if p.Bare {
			e.print("%s\n", e.dim(fmt.Sprintf("* what a bare value sets: \"%s: ...\" is \"%s: {%s: ...}\"", of, of, p.Name)))
		}
	}
}

// passage is a part of a card.
type passage struct{ head, text string }

func (e *Env) printParts(width int, parts ...passage) {
	for _, p := range parts {
		if p.text != "" {
			e.print("\n%s%s", e.bold(fmt.Sprintf("%-9s", p.head)), lines(strings.TrimLeft(wrap(p.text, "         ", width), " ")))
		}
	}
}
