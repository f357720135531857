package docs

import (
	"fmt"

	"github.com/assaylab/assay/draw"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/zoo"
)

// zooPage is the table of the networks and a drawing of one.
func zooPage() (page, drawing string, err error) {
	rows := [][]string{{"network", "family", "images", ">classes", ">parameters", ">multiply-adds", ">activations", "paper"}}
	for _, n := range zoo.List() {
		g, err := zoo.New(n.Name)
		if err != nil {
			return "", "", err
		}
		c, err := g.Cost()
		if err != nil {
			return "", "", err
		}
		params := say.Thousands(c.Params)
		if c.TrainParams != c.Params {
			params += " (" + say.Thousands(c.TrainParams) + " in training)"
		}
		rows = append(rows, []string{
			"`" + n.Name + "`", n.Family, g.InputSize().String(), fmt.Sprint(n.Classes), params, figure(float64(c.MACs)), figure(float64(c.ActivationBytes)) + "B", plain(n.Paper),
		})
	}
	s := made + fmt.Sprintf(`# The zoo

%d networks. Parameters are the trainable ones at the network's own class count, each tested to the last unit against its paper, the source that its file in zoo/ names, or what torchvision, timm and pytorchcv build; multiply-adds are of
convolutions, linear layers and recurrent and attention products, one image; activations are the outputs of all layers, float32, one image.
`, len(zoo.List())) + "\n`assay net show NAME` prints one layer by layer, with `--svg` draws it, `--input 64x64x3` and `--classes 7` build it for other images.\n\n![googlenet](googlenet.svg)\n\n" + table(rows)
	g, err := zoo.New("googlenet")
	if err != nil {
		return "", "", err
	}
	drawing, err = draw.SVG(g)
	return s, drawing, err
}

// figure is a number in three digits with a prefix: "41.7 k", "1.58 G".
func figure(x float64) string {
	for _, prefix := range []string{"", "k", "M", "G"} {
		if x < 999.5 || prefix == "G" {
			decimals := 2
			for y := x; y >= 9.995 && decimals > 0; y /= 10 {
				decimals--
			}
			return fmt.Sprintf("%.*f %s", decimals, x, prefix)
		}
		x /= 1000
	}
	return ""
}
