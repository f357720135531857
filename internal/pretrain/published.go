package pretrain

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
)

// torchvision is where its weights lie.
const torchvision = "https://download.pytorch.org/models/"

// published are the files of weights that torchvision publishes of the zoo's networks, trained on ImageNet's 1000 classes. The last part
// of a name is the beginning of the SHA-256 of the content. Where there are two it is the first, by the network's own recipe: weights of
// longer recipes score higher on ImageNet and are worse to start from (Kornblith et al., NeurIPS 2021, arXiv:2010.16402).
var published = map[string]string{
	"alexnet": "alexnet-owt-7be5be79.pth",
	"vgg11":   "vgg11-8a719046.pth", "vgg13": "vgg13-19584684.pth", "vgg16": "vgg16-397923af.pth", "vgg19": "vgg19-dcbb9e9d.pth",
	"vgg11_bn": "vgg11_bn-6002323d.pth", "vgg13_bn": "vgg13_bn-abd245e5.pth", "vgg16_bn": "vgg16_bn-6c64b313.pth", "vgg19_bn": "vgg19_bn-c79401a0.pth",
	"googlenet_bn": "googlenet-1378be20.pth", "inception_v3": "inception_v3_google-0cc3c7bd.pth",
	"resnet18": "resnet18-f37072fd.pth", "resnet34": "resnet34-b627a593.pth", "resnet50": "resnet50-0676ba61.pth", "resnet101": "resnet101-63fe2227.pth", "resnet152": "resnet152-394f9c45.pth",
	"resnext50_32x4d": "resnext50_32x4d-7cdf4587.pth",
	"densenet121":     "densenet121-a639ec97.pth", "densenet161": "densenet161-8d451a50.pth", "densenet169": "densenet169-b2777c0a.pth", "densenet201": "densenet201-c1103571.pth",
	"squeezenet1_0": "squeezenet1_0-b66bff10.pth", "squeezenet1_1": "squeezenet1_1-b8a52dc0.pth",
	"shufflenet_v2_x0_5": "shufflenetv2_x0.5-f707e7126e.pth", "shufflenet_v2_x1_0": "shufflenetv2_x1-5666bf0f80.pth",
	"mobilenet_v2": "mobilenet_v2-b0353104.pth", "mobilenet_v3_large": "mobilenet_v3_large-8738ca79.pth", "mobilenet_v3_small": "mobilenet_v3_small-047dcff4.pth",
	"efficientnet_b0": "efficientnet_b0_rwightman-7f5810bc.pth",
	"convnext_tiny":   "convnext_tiny-983f1562.pth",
}

// Published reports whether there are weights of a network to [Get].
func Published(net string) bool { return published[net] != "" }

// remote is the file of a network's published weights.
func remote(net string) (data.Remote, error) {
	file := published[net]
	if file == "" {
		var nets []string
		for name := range published {
			nets = append(nets, name)
		}
		slices.Sort(nets)
		return data.Remote{}, fmt.Errorf("%s: torchvision publishes no weights of it; give a file, or choose one of %s", net, strings.Join(nets, ", "))
	}
	name := strings.TrimSuffix(file, filepath.Ext(file))
	return data.Remote{Name: file, URL: torchvision + file, SHA256: name[strings.LastIndex(name, "-")+1:]}, nil
}

// Folder is assay/weights in the user's cache folder ($XDG_CACHE_HOME, or the system's own place).
func Folder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for weights (%w); set XDG_CACHE_HOME", err)
	}
	return filepath.Join(cache, "assay", "weights"), nil
}

// Get fetches the published weights of a network of the zoo into [Folder], checks them by the hash in their name, and returns where they
// lie. A file that is there is checked and not fetched again. progress, which may be nil, hears the bytes that are there, and their
// total, 0 until it is known.
func Get(ctx context.Context, net string, progress func(done, total int64)) (path string, fetched bool, err error) {
	f, err := remote(net)
	if err != nil {
		return "", false, err
	}
	dir, err := Folder()
	if err != nil {
		return "", false, err
	}
	return get(ctx, f, dir, http.DefaultClient, progress)
}

func get(ctx context.Context, f data.Remote, dir string, client *http.Client, progress func(done, total int64)) (path string, fetched bool, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", false, fmt.Errorf("%s: cannot make this folder (%w); choose another by XDG_CACHE_HOME", dir, errors.Unwrap(err))
	}
	if fetched, err = f.Get(ctx, client, dir, progress); err != nil {
		return "", false, fmt.Errorf("%s: %w", f.Name, err)
	}
	return filepath.Join(dir, f.Name), fetched, nil
}

// located is the file of weights that settings mean for a network: the published ones of imagenet lie where [Get] puts them.
func located(net, from string) (string, error) {
	if from != experiment.FromImageNet {
		return from, nil
	}
	f, err := remote(net)
	if err != nil {
		return "", Bad{err}
	}
	dir, err := Folder()
	if err != nil {
		return "", Bad{err}
	}
	path := filepath.Join(dir, f.Name)
	if _, err := os.Stat(path); err != nil {
		return "", Bad{fmt.Errorf("%s is not on this machine; run \"assay net get %s\"", f.Name, net)}
	}
	return path, nil
}
