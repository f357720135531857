package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/interop/darknet"
	"github.com/assaylab/assay/interop/onnx"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
)

// exported is the JSON of an export.
type exported struct {
	Format     string   `json:"format"`
	Files      []string `json:"files"`
	Layers     int      `json:"layers"`     // of the format, counted as it counts them; of onnx its operations
	Normalizes bool     `json:"normalizes"` // what comes first takes the mean away and divides by the deviation
}

func netExport(e *Env) *cobra.Command {
	var f netFlags
	var format, out string
	cmd := &cobra.Command{
		Use: "export MODEL|NET", Short: "write a model for onnxruntime and others, or for darknet",
		Long: `Writes a model for other programs. --format onnx gives NAME.onnx, which onnxruntime, OpenCV, browsers and phones read: with every layer, norm
and head that there is, for any number of images [N,C,H,W], red, green and blue from 0 to 1; it normalises them itself. A classifier gives "log-probs",
[N,classes], logarithms of probabilities; a detector "boxes", [N,boxes,5+classes]: of each box the centre, width and height in shares of the
window, the objectness, and the probability of each class given an object; boxes that say the same are still to be suppressed. Classes and
sizes stand in the file's metadata.

--format darknet gives the two files of the public darknet, NAME.cfg and NAME.weights, or of a network, which has no weights, NAME.cfg
alone. darknet's images have values from 0 to 1: where the model's are normalised otherwise, a 1x1 convolution in front does that. A layer,
or a norm or dropout over one, that darknet does not have is named, and nothing is written.`,
		Example: `  assay net export winner.safetensors --format onnx
  assay net export winner.safetensors --out birds.onnx
  assay net export winner.safetensors --out darknet/birds
  assay net export yolov2-tiny --classes 3`,
		Args:              args(1, 1, "MODEL or NET"),
		ValidArgsFunction: completeNet,
	}
	f.add(cmd)
	f.addApply(cmd)
	cmd.Flags().StringVar(&format, "format", "", "`FORMAT` of the files: onnx or darknet; default that of --out NAME.onnx, else darknet")
	cmd.Flags().StringVar(&out, "out", "", "`NAME` of the files, without an ending; default that of MODEL or NET, in this folder")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		isONNX := strings.EqualFold(filepath.Ext(out), ".onnx")
		switch {
		case format == "" && isONNX:
			format = "onnx"
		case format == "":
			format = "darknet"
		case format != "onnx" && format != "darknet":
			return misuse(fmt.Errorf("--format: no format %q; there are onnx and darknet", format))
		}
		if format == "onnx" && isONNX {
			out = strings.TrimSuffix(out, filepath.Ext(out))
		}
		trained := strings.EqualFold(filepath.Ext(args[0]), ".safetensors")
		if out == "" {
			if out = filepath.Base(args[0]); trained || experiment.IsNetFile(out) {
				out = strings.TrimSuffix(out, filepath.Ext(out))
			}
		}
		if format == "darknet" && out+".cfg" == args[0] {
			return misuse(fmt.Errorf("net export: %s.cfg would be written over itself; give another name: --out NAME", out))
		}
		if !trained {
			if format == "onnx" {
				return misuse(fmt.Errorf("net export: %s has no weights, which an ONNX file holds; give a model, such as assay train writes", args[0]))
			}
			g, _, err := f.build(args[0])
			if err != nil {
				return err
			}
			return e.exportDarknet(g, nil, out+".cfg", "", 0, false)
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
			return fmt.Errorf("%s: reads colours as %s, and %s is given red, green and blue; train without colors", args[0], p.Space, format)
		}
		if format == "onnx" {
			return e.exportONNX(m, args[0], out+".onnx")
		}
		g, front, err := darknet.Normalized(m.Graph, p.Mean, p.Std)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		seen := uint64(math.Round(m.About.Epochs * float64(len(m.Seen.Trained))))
		return e.exportDarknet(g, func(name string) ([]float32, error) {
			if v := front[name]; v != nil {
				return v, nil
			}
			return m.State.Read(name)
		}, out+".cfg", out+".weights", seen, front != nil)
	}
	return cmd
}

// exportONNX writes a model as what it evaluates, of one view of each picture.
func (e *Env) exportONNX(m *model.Model, name, path string) error {
	p, err := m.Program(2) // of any number more than one
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	purpose, err := m.Task()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	about := m.About.Preprocess
	sizes := map[string]any{"height": about.H, "width": about.W, "channels": about.C, "resize": about.Resize, "fit": cmp.Or(about.Fit, "cover")}
	var metadata [][2]string
	for _, field := range []struct {
		key   string
		value any
	}{{"classes", m.About.Classes}, {"images", sizes}} {
		text, err := json.Marshal(field.value)
		if err != nil {
			return err
		}
		metadata = append(metadata, [2]string{field.key, string(text)})
	}
	metadata = append(metadata, [2]string{"task", purpose.Name()})
	file, err := onnx.New(p, m.State.Read, onnx.Options{
		Name: m.Graph.Name, Producer: [2]string{"assay", Version()}, Mean: about.Mean, Std: about.Std, Metadata: metadata,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := file.WriteFile(path); err != nil {
		return err
	}
	if e.JSON {
		return e.document(exported{Format: "onnx", Files: []string{path}, Layers: file.Nodes(), Normalizes: about.Normalizes()})
	}
	if n := about.Views.Count(); n > 1 {
		e.note("careful: the model averages %d views of a picture, and the file sees one", n)
	}
	e.print("%s: %s, for images [N,%d,%d,%d] from 0 to 1\n", path, plural(file.Nodes(), "operation"), about.C, about.H, about.W)
	return nil
}

// exportDarknet writes the files and tells of them; weights "" are none.
func (e *Env) exportDarknet(g *nn.Graph, value func(name string) ([]float32, error), cfg, weights string, seen uint64, normalizes bool) error {
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
