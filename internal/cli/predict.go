package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/train"
)

// prediction is a line of `assay predict --json`.
type prediction struct {
	File    string        `json:"file"`
	Classes []probability `json:"classes"`
}

type probability struct {
	Name        string  `json:"name"`
	Probability float64 `json:"probability"`
}

func predictCommand(e *Env) *cobra.Command {
	var top int
	cmd := &cobra.Command{
		Use: "predict MODEL IMAGE...", Short: "what a model sees in pictures",
		Long:    "Prints the most probable classes of each picture, with probabilities. Pictures are prepared as in training: what that takes travels\nwith the model. With --json: an object a line.",
		Example: "  assay predict winner.safetensors cat.jpg\n  assay predict winner.safetensors *.jpg --top 1 --json",
		Args:    args(2, -1, "MODEL or IMAGE"),
	}
	cmd.Flags().IntVar(&top, "top", 5, "`N` classes of each picture")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if top < 1 {
			return misuse(fmt.Errorf("--top: %d; give 1 or more", top))
		}
		m, err := train.Load(args[0])
		if err != nil {
			return err
		}
		eng, err := e.engine(e.Threads)
		if err != nil {
			return err
		}
		defer eng.Close()
		p, err := m.Predictor(eng)
		if err != nil {
			return err
		}
		defer p.Close()
		width := 0
		for _, class := range m.About.Classes {
			width = max(width, len([]rune(class)))
		}
		var bad []error
		for _, file := range args[1:] {
			if err := c.Context().Err(); err != nil {
				return err
			}
			guesses, err := p.File(file, top)
			if err != nil {
				bad = append(bad, err)
				continue
			}
			if err := e.printGuesses(file, guesses, width, len(args) > 2); err != nil {
				return err
			}
		}
		for i, err := range bad {
			if i == len(bad)-1 {
				return err
			}
			fmt.Fprintln(e.Stderr, "assay: "+oneLine(err))
		}
		return errors.Join(bad...)
	}
	return cmd
}

func (e *Env) printGuesses(file string, guesses []train.Guess, width int, several bool) error {
	switch {
	case e.JSON:
		p := prediction{File: file, Classes: []probability{}}
		for _, g := range guesses {
			p.Classes = append(p.Classes, probability{g.Name, g.Probability})
		}
		return e.object(p)
	case !e.Terminal:
		for _, g := range guesses {
			e.print("%s\t%s\t%.4f\n", file, g.Name, g.Probability)
		}
		return nil
	}
	if several {
		e.print("%s\n", e.bold(file))
	}
	for _, g := range guesses {
		e.print("  %-*s  %5.1f %%  %s\n", width, g.Name, 100*g.Probability, e.dim(strings.Repeat("#", int(30*g.Probability+0.5))))
	}
	return nil
}
