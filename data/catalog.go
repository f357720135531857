package data

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/spec"
)

// Entry is one built-in data set.
type Entry struct {
	Name    string   `json:"name"`
	Summary string   `json:"summary"`
	Train   int      `json:"train"` // images
	Test    int      `json:"test"`
	H       int      `json:"height"` // 0 where sizes differ
	W       int      `json:"width"`
	C       int      `json:"channels"`
	Labels  int      `json:"labels"`            // number of classes
	Classes []string `json:"classes,omitempty"` // where the files do not name them
	Licence string   `json:"licence"`
	Origin  string   `json:"origin"`          // the paper or page to cite
	Files   []Remote `json:"files,omitempty"` // what [Get] fetches; none for a set that ships with the program

	embedded func() (fs.FS, error)
	made     func(Spec) (*made, error) // pictures that the program makes
}

// Remote is a file to fetch.
type Remote struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Bytes  int64  `json:"bytes"`  // 0: not known
	SHA256 string `json:"sha256"` // as published: all of it, or as many digits from its beginning as are
}

// Catalog lists the built-in sets. Sizes and checksums are those of TensorFlow Datasets' url_checksums, which torchvision's
// MD5 sums agree with.
func Catalog() []Entry {
	digits := strings.Fields("0 1 2 3 4 5 6 7 8 9")
	clothes := []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
	const (
		fashion = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
		mnist   = "https://storage.googleapis.com/cvdf-datasets/mnist/"
		kriz    = "https://www.cs.toronto.edu/~kriz/"
	)
	return []Entry{
		{
			Name: "fashion-mini", Summary: "a sixth of Fashion-MNIST, balanced; ships with the program",
			Train: 10000, Test: 2000, H: 28, W: 28, C: 1, Labels: 10, Classes: clothes, Licence: "MIT",
			Origin: "Xiao, Rasul, Vollgraf, arXiv:1708.07747", embedded: fashionMini,
		},
		{
			Name: "shapes", Summary: "plain figures with boxes, made by the program: images, size, seed and thumbnail say which",
			Train: shapeImages, Test: shapeImages / 4, H: shapeSize, W: shapeSize, C: 3, Labels: len(figures), Classes: shapeClasses(), Licence: "none needed",
			Origin: "made by the program", embedded: noFiles, made: makeShapes,
		},
		{
			Name: "fashion-mnist", Summary: "pictures of clothes, ten kinds",
			Train: 60000, Test: 10000, H: 28, W: 28, C: 1, Labels: 10, Classes: clothes, Licence: "MIT",
			Origin: "Xiao, Rasul, Vollgraf, arXiv:1708.07747",
			Files: []Remote{
				{"train-images-idx3-ubyte.gz", fashion + "train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
				{"train-labels-idx1-ubyte.gz", fashion + "train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
				{"t10k-images-idx3-ubyte.gz", fashion + "t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
				{"t10k-labels-idx1-ubyte.gz", fashion + "t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
			},
		},
		{
			Name: "mnist", Summary: "handwritten digits",
			Train: 60000, Test: 10000, H: 28, W: 28, C: 1, Labels: 10, Classes: digits, Licence: "none stated",
			Origin: "LeCun, Cortes, Burges, The MNIST database of handwritten digits, 1998",
			Files: []Remote{
				{"train-images-idx3-ubyte.gz", mnist + "train-images-idx3-ubyte.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
				{"train-labels-idx1-ubyte.gz", mnist + "train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
				{"t10k-images-idx3-ubyte.gz", mnist + "t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
				{"t10k-labels-idx1-ubyte.gz", mnist + "t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
			},
		},
		{
			Name: "cifar10", Summary: "tiny photographs of ten kinds of things",
			Train: 50000, Test: 10000, H: 32, W: 32, C: 3, Labels: 10, Licence: "none stated",
			Origin: "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
			Files: []Remote{
				{"cifar-10-binary.tar.gz", kriz + "cifar-10-binary.tar.gz", 170052171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
			},
		},
		{
			Name: "cifar100", Summary: "tiny photographs of a hundred kinds of things",
			Train: 50000, Test: 10000, H: 32, W: 32, C: 3, Labels: 100, Licence: "none stated",
			Origin: "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
			Files: []Remote{
				{"cifar-100-binary.tar.gz", kriz + "cifar-100-binary.tar.gz", 168513733, "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"},
			},
		},
		{
			Name: "imagenette", Summary: "ten easy classes of ImageNet, small side 160; brings train and val",
			Train: 9469, Test: 0, C: 3, Labels: 10, Licence: "none stated",
			Classes: []string{"tench", "English springer", "cassette player", "chain saw", "church", "French horn", "garbage truck", "gas pump", "golf ball", "parachute"},
			Origin:  "Howard, github.com/fastai/imagenette, 2019; Deng et al., ImageNet, CVPR 2009",
			Files: []Remote{
				{"imagenette2-160.tgz", "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz", 99003388, "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5"},
			},
		},
	}
}

// Find returns the entry of a name.
func Find(name string) (Entry, error) {
	var names []string
	for _, e := range Catalog() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	mend := "there are " + strings.Join(names, ", ")
	if near, ok := spec.Nearest(name, names); ok {
		mend = fmt.Sprintf("did you mean %q? (assay data list)", near)
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		mend = fmt.Sprintf("write {folder: %s} for the folder", name)
	}
	return Entry{}, fmt.Errorf("data: no data set %q; %s", name, mend)
}

// Bytes is the size of what Get fetches.
func (e Entry) Bytes() int64 {
	var n int64
	for _, f := range e.Files {
		n += f.Bytes
	}
	return n
}

// Here says whether the set can be opened without a download; downloads is as in [Options].
func (e Entry) Here(downloads string) bool {
	_, err := e.tree(downloads)
	return err == nil
}

func (e Entry) tree(downloads string) (*format.Tree, error) {
	if e.embedded != nil {
		fsys, err := e.embedded()
		if err != nil {
			return nil, err
		}
		return format.ListFS(e.Name, fsys)
	}
	dir, err := e.folder(downloads)
	if err != nil {
		return nil, err
	}
	for _, f := range e.Files {
		if info, err := os.Stat(filepath.Join(dir, f.Name)); err != nil || info.Size() != f.Bytes {
			return nil, fmt.Errorf("data: %s is not on this machine; run \"assay data get %s\" (%d MiB), or give your copy as {folder: DIR}",
				e.Name, e.Name, e.Bytes()>>20)
		}
	}
	return format.List(dir, nil)
}

// folder is where the files of the entry are kept.
func (e Entry) folder(downloads string) (string, error) {
	if downloads == "" {
		var err error
		if downloads, err = DownloadFolder(); err != nil {
			return "", err
		}
	}
	return filepath.Join(downloads, e.Name), nil
}

// DownloadFolder is assay/data in the user's cache folder ($XDG_CACHE_HOME, or the system's own place).
func DownloadFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("data: no cache folder for downloads (%w); set XDG_CACHE_HOME", err)
	}
	return filepath.Join(cache, "assay", "data"), nil
}
