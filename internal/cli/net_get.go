package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/pretrain"
	"github.com/assaylab/assay/zoo"
)

func netGet(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "get NETWORK", Short: "download the weights of a network that have seen ImageNet",
		Long: `Downloads the weights that torchvision publishes of a network into the user's cache folder and checks them by the hash in their
name. A download that was cut off goes on where it stopped. An experiment then begins from them by pretrain: imagenet.`,
		Example: "  assay net get resnet18",
		Args:    args(1, 1, "NETWORK"), ValidArgsFunction: completeNet,
		RunE: func(c *cobra.Command, args []string) error {
			n, err := zoo.Find(args[0])
			if err != nil {
				return misuse(err)
			}
			if !pretrain.Published(n.Name) {
				return misuse(fmt.Errorf("%s: torchvision publishes no weights of it; get those of %s", n.Name, strings.Join(withWeights(), ", ")))
			}
			b := e.bar()
			path, fetched, err := pretrain.Get(c.Context(), n.Name, func(done, total int64) {
				b.set(float64(done)/float64(max(total, done, 1)), "%s of %s", size(done), size(total))
			})
			b.end()
			if err != nil {
				return err
			}
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			if e.JSON {
				return e.document(map[string]any{"name": n.Name, "file": path, "bytes": info.Size(), "fetched": fetched})
			}
			if fetched {
				e.print("weights of %s are here: %s, %s, the hash in the name is right\n", n.Name, path, size(info.Size()))
			} else {
				e.print("weights of %s are here already: %s, the hash in the name is right\n", n.Name, path)
			}
			return nil
		},
	}
}

// withWeights names the networks of the zoo that have weights to get, in its order.
func withWeights() (names []string) {
	for _, n := range zoo.List() {
		if pretrain.Published(n.Name) {
			names = append(names, n.Name)
		}
	}
	return names
}
