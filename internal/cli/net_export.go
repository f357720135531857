package cli

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/interop/darknet"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
)

// exported is the JSON of an export.
type exported struct {
	Format     string   `json:"format"`
	Files      []string `json:"files"`
	Layers     int      `json:"layers"`     // of the format, counted as it counts them
	Normalizes bool     `json:"normalizes"` // a first layer takes the mean away and divides by the deviation
}

func netExport(e *Env) *cobra.Command {
	var f netFlags
	var format, out string
	cmd := &cobra.Command{
		Use: "export MODEL|NET", Short: "write a model or a network for darknet",
		Long: `Writes a model as the two files of the public darknet, NAME.cfg and NAME.weights, or a network, which has no weights, as NAME.cfg
alone. darknet's images have values from 0 to 1: where the model's are normalised otherwise, a 1x1 convolution in front does that. A layer,
or a norm or dropout over one, that darknet does not have is named, and nothing is written.`,
		Example: `  assay net export winner.safetensors
  assay net export winner.safetensors --out darknet/birds
  assay net export yolov2-tiny --classes 3`,
		Args:              args(1, 1, "MODEL or NET"),
		ValidArgsFunction: completeNet,
	}
	f.add(cmd)
	f.addApply(cmd)
	cmd.Flags().StringVar(&format, "format", "darknet", "`FORMAT` of the files: darknet")
	cmd.Flags().StringVar(&out, "out", "", "`NAME` of the files, without an ending; default that of MODEL or NET, in this folder")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if format != "darknet" {
			return misuse(fmt.Errorf("--format: no format %q; there is darknet", format))
		}
		trained := strings.EqualFold(filepath.Ext(args[0]), ".safetensors")
		if out == "" {
			if out = filepath.Base(args[0]); trained || experiment.IsNetFile(out) {
				out = strings.TrimSuffix(out, filepath.Ext(out))
			}
		}
		cfg, weights := out+".cfg", out+".weights"
		if cfg == args[0] {
			return misuse(fmt.Errorf("net export: %s would be written over itself; give another name: --out NAME", cfg))
		}
		if !trained {
			g, _, err := f.build(args[0])
			if err != nil {
				return err
			}
			return e.export(g, nil, cfg, "", 0, false)
		}
		if f.given("input") || f.given("classes") || len(f.apply) > 0 {
			return misuse(errors.New("net export: a model is written as it is; drop --input, --classes and --apply"))
		}
		m, err := model.Load(args[0])
		if err != nil {
			return err
		}
		p := m.About.Preprocess
		if p.Space != "" && p.Space != augment.SpaceRGB && p.Space != augment.SpaceGrey {
			return fmt.Errorf("%s: reads colours as %s, and darknet gives red, green and blue; train without colors", args[0], p.Space)
		}
		g, front, err := darknet.Normalized(m.Graph, p.Mean, p.Std)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		seen := uint64(math.Round(m.About.Epochs * float64(len(m.Seen.Trained))))
		return e.export(g, func(name string) ([]float32, error) {
			if v := front[name]; v != nil {
				return v, nil
			}
			return m.State.Read(name)
		}, cfg, weights, seen, front != nil)
	}
	return cmd
}

// export writes the files and tells of them; weights "" are none.
func (e *Env) export(g *nn.Graph, value func(name string) ([]float32, error), cfg, weights string, seen uint64, normalizes bool) error {
	text, err := darknet.Write(g)
	if err != nil {
		return err
	}
	read, err := darknet.Read(cfg, text, nn.Size{})
	if err != nil {
		return err
	}
	o := exported{Format: "darknet", Files: []string{cfg}, Layers: len(read.Layers), Normalizes: normalizes}
	if weights != "" { // first, as they may be refused yet
		if err := darknet.WriteWeights(weights, g, seen, value); err != nil {
			return err
		}
		o.Files = append(o.Files, weights)
	}
	if err := darknet.WriteFile(cfg, g); err != nil {
		return err
	}
	if e.JSON {
		return e.document(o)
	}
	first := ""
	if normalizes {
		first = "; the first normalises images, whose values go from 0 to 1"
	}
	e.print("%s: %s%s\n", strings.Join(o.Files, " and "), plural(o.Layers, "layer"), first)
	return nil
}
