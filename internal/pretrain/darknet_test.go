package pretrain

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/zoo"
)

// firstLayers is a file of darknet's with the first convolutions of its darknet19, with values 1/1024, 2/1024, ... 1, and again.
func firstLayers(t *testing.T, name string, layers int) string {
	t.Helper()
	file := []byte{0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0}
	in, i := 3, 0
	for n, out := range []int{32, 64, 128, 64, 128, 256}[:layers] {
		k := 3
		if n == 3 {
			k = 1
		}
		for range 4*out + k*k*in*out {
			file = binary.LittleEndian.AppendUint32(file, math.Float32bits(float32(i%1024+1)/1024))
			i++
		}
		in = out
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDarknetsFirstLayersBeginANetwork(t *testing.T) {
	path := firstLayers(t, "darknet19_448.conv.9", 6)
	for net, of := range map[string]string{"darknet19": "the first 6 of 19 layers", "yolov2": "the first 6 of 23 layers"} {
		for _, channels := range []int{3, 1} {
			g, err := zoo.New(net, zoo.Input(64, 64, channels), zoo.Classes(7))
			if err != nil {
				t.Fatal(err)
			}
			w := opened(t, path)
			f, err := w.Fit(g, from(path))
			if err != nil {
				t.Fatal(err)
			}
			start, err := f.Start()
			if err != nil {
				t.Fatal(err)
			}
			if want := path + " (" + of + ")"; start.Name != want || len(f.Started.Copied) != 30 || len(f.Started.Left) != 0 {
				t.Errorf("%s: %s, want %s; %d copied, %v left", net, start.Name, want, len(f.Started.Copied), f.Started.Left)
			}
			if len(f.Mean) != channels || f.Mean[0] != 0 || f.Std[0] != 1 {
				t.Errorf("%s: pictures less %v over %v, want values from 0 to 1", net, f.Mean, f.Std)
			}
			values, err := start.State.Read("conv1/weight") // [3,3,channels,32] of [32,3,3,3] behind 128 values
			if err != nil {
				t.Fatal(err)
			}
			want := float32(129) / 1024
			if channels == 1 {
				want = float32(129+138+147) / 1024
			}
			if values[0] != want {
				t.Errorf("%s of %d channels: the first weight is %g, want %g", net, channels, values[0], want)
			}
		}
	}
	for net, want := range map[string]string{
		"darknet53": "ends within ", "resnet18": "ends within ", "lenet5": "goes on for ", "mobilenet_v3_small": "ends within ", "densenet121": "has no counterpart in darknet",
	} {
		g, err := zoo.New(net)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := opened(t, path).Fit(g, from(path)); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", net, err, want)
		}
	}
	p := experiment.DefaultLearning().Pretrain
	if _, err := Open(path, "ema"); err == nil || !strings.Contains(err.Error(), "have no key") {
		t.Errorf("a key: %v", err)
	}
	p.Normalize.Kind = experiment.NormalizeImageNet
	g, err := zoo.New("darknet19")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := opened(t, path).Fit(g, p); err != nil || f.Mean[0] != 0.485 {
		t.Errorf("what is said of normalising goes first: %v", err)
	}
}
