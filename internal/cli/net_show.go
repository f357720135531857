package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/draw"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/interop/darknet"
	"github.com/assaylab/assay/nn"
)

func netShow(e *Env) *cobra.Command {
	var f netFlags
	var plan, dot, svg, yaml bool
	var batch int
	cmd := &cobra.Command{
		Use: "show NET", Short: "a network layer by layer",
		Long: `Prints a network layer by layer: what each is with the norm, bias and dropout that lie over it, its output, parameters and
multiply-adds. NET is a name of the zoo (assay net list), a .yaml file of a network or a .cfg of darknet's, of which what it says of training
is told and not applied.`,
		Example: `  assay net show resnet20
  assay net show caffenet128 --apply '{activation: elu}' --apply batchnorm
  assay net show mini --plan
  assay net show googlenet --svg > googlenet.svg
  assay net show lenet5 --dot | dot -Tpng > lenet5.png`,
		Args:              args(1, 1, "NET"),
		ValidArgsFunction: completeNet,
	}
	f.add(cmd)
	f.addApply(cmd)
	cmd.Flags().BoolVar(&plan, "plan", false, "print what the engine runs in a training step and an evaluation")
	cmd.Flags().IntVar(&batch, "batch", 32, "with --plan: `B` images a step")
	cmd.Flags().BoolVar(&dot, "dot", false, "print a graph for Graphviz")
	cmd.Flags().BoolVar(&svg, "svg", false, "draw it: branches side by side, blocks framed, colours by kind of layer")
	cmd.Flags().BoolVar(&yaml, "yaml", false, "print the text form, which can be edited and used as a network")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		forms := 0
		for _, form := range []bool{plan || e.JSON, dot, svg, yaml} {
			if form {
				forms++
			}
		}
		if forms > 1 {
			return misuse(errors.New("net show: --plan, --dot, --svg, --yaml and --json are different forms; give one"))
		}
		if cmd.Flags().Changed("batch") && !plan {
			return misuse(errors.New("net show: --batch is of a plan; give --plan, too"))
		}
		g, applied, err := f.build(args[0])
		if err != nil {
			return err
		}
		switch {
		case dot:
			text, err := g.Dot()
			e.print("%s", lines(text))
			return err
		case svg:
			var with []string
			for _, a := range applied {
				with = append(with, a.Choice)
			}
			picture, err := draw.SVG(g, with...)
			e.print("%s", lines(picture))
			return err
		case yaml:
			e.print("%s", lines(g.YAML()))
			return nil
		case plan:
			return e.printPlans(g, batch)
		}
		s, err := show(g, applied)
		if err != nil {
			return err
		}
		if experiment.IsCfg(args[0]) {
			n, err := darknet.ReadFile(args[0], g.InputSize())
			if err != nil {
				return err
			}
			s.Training = trainings(n)
		}
		if e.JSON {
			return e.document(s)
		}
		e.print("%s", e.bold(s.Name))
		if s.Paper != "" {
			e.print("  %s", e.dim(s.Paper))
		}
		e.print("\n")
		for _, c := range s.Changes {
			e.print("%s\n", c)
		}
		e.print("\n%s", lines(s.Table.String()))
		if len(s.Training) > 0 {
			e.print("\nsaid of training, and not applied:\n")
			t := columns{head: []string{"line", "cfg", "here"}}
			for _, l := range s.Training {
				t.add(strconv.Itoa(l.Line), l.Key+"="+l.Value, l.Setting)
			}
			e.table(t)
		}
		return nil
	}
	return cmd
}

// shownTraining is what a line of a cfg says of training, which is not applied.
type shownTraining struct {
	Line    int    `json:"line"`
	Section string `json:"section"`
	Key     string `json:"key"`
	Value   string `json:"value"`
	Setting string `json:"setting,omitempty"` // of an experiment, that says the same
}

func trainings(n *darknet.Net) (all []shownTraining) {
	for _, s := range n.Training {
		all = append(all, shownTraining{s.Line, s.Section, s.Key, s.Value, s.As()})
	}
	return all
}

// printPlans compiles a training step and an evaluation and prints what the engine decided.
func (e *Env) printPlans(g *nn.Graph, batch int) error {
	if batch < 1 {
		return misuse(fmt.Errorf("--batch: %d; give 1 or more", batch))
	}
	eng, err := e.engine(e.Threads)
	if err != nil {
		return err
	}
	defer eng.Close()
	purpose, _ := purposeOf(g)
	if err := purpose.Check(g); err != nil {
		return fmt.Errorf("%s: %w", g.Name, err)
	}
	family, err := compile.New(g, purpose, experiment.DefaultOptimization(), 0)
	if err != nil {
		return err
	}
	step, err := family.Step(batch)
	if err != nil {
		return err
	}
	evaluation, err := family.Evaluation(batch)
	if err != nil {
		return err
	}
	training, err := eng.Compile(step, family.State)
	if err != nil {
		return err
	}
	inference, err := eng.Compile(evaluation, family.State)
	if err != nil {
		return err
	}
	if e.JSON {
		return e.document(map[string]engine.Plan{"training": training.Plan(), "evaluation": inference.Plan()})
	}
	e.printPlan("training step", batch, training.Plan())
	e.print("\n")
	e.printPlan("evaluation", batch, inference.Plan())
	return nil
}

func (e *Env) printPlan(what string, batch int, p engine.Plan) {
	e.print("%s  %s, batch %d, %s, arena %s (%s alive at once, %s without reuse), scratch %s\n", e.bold(what), p.Engine, batch, plural(len(p.Steps), "step"), size(p.ArenaBytes), size(p.LiveBytes), size(p.ValueBytes), size(p.ScratchBytes))
	t := columns{head: []string{"layer", "output", "kernel", ">multiply-adds", "step"}}
	for _, s := range p.Steps {
		macs := ""
		if s.MACs > 0 {
			macs = si(s.MACs)
		}
		t.add(s.Name, s.Output, s.Kernel, macs, s.What)
	}
	e.table(t)
}
