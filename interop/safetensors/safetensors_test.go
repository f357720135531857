package safetensors

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/tensor"
)

func open(t testing.TB, name string) *File {
	t.Helper()
	f, err := ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPythonsFileIsReadAndWrittenAgainBitForBit(t *testing.T) {
	f := open(t, "f32.safetensors")
	if got, want := f.Metadata["format"], "pt & <co>"; got != want {
		t.Errorf("metadata: got %q, want %q", got, want)
	}
	conv := f.Get("conv/weight")
	if conv == nil || !conv.Shape.Equal(tensor.Of(2, 3, 4)) || conv.Data[23] != float32(23)/7 {
		t.Errorf("conv/weight: got %v", conv)
	}
	if s := f.Get("scalar"); s == nil || s.Shape.Rank() != 0 || math.Float32bits(s.Data[0]) != 1<<31 {
		t.Errorf("scalar: got %v", s)
	}
	if e := f.Get("empty"); e == nil || !e.Shape.Equal(tensor.Of(0, 3)) || len(e.Data) != 0 {
		t.Errorf("empty: got %v", e)
	}
	if f.Get("nothing") != nil {
		t.Error("an array that is not there was found")
	}
	want, err := os.ReadFile("testdata/f32.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Write(&got, f.Tensors, f.Metadata); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%q\nwant\n%q", got.Bytes(), want)
	}
}

func TestOtherElementTypesBecomeTheFloat32OfPyTorch(t *testing.T) {
	f := open(t, "types.safetensors")
	for _, name := range []string{"f16", "bf16", "f64"} {
		got, want := f.Get(name), f.Get(name+".f32")
		for i, w := range want.Data {
			if math.Float32bits(got.Data[i]) != math.Float32bits(w) {
				t.Errorf("%s[%d]: got %v, want %v", name, i, got.Data[i], w)
			}
		}
	}
	for name, want := range map[string][]float32{"i64": {-1 << 63, 1 << 40, -7}, "i32": {-1 << 31, 5}, "i16": {-300}, "i8": {-128, 127}, "bool": {1, 0}} {
		for i, got := range f.Get(name).Data {
			if got != want[i] {
				t.Errorf("%s[%d]: got %v, want %v", name, i, got, want[i])
			}
		}
	}
	if u := f.Bytes("u8"); u == nil || !bytes.Equal(u.Data, []byte{255}) || !u.Shape.Equal(tensor.Of(1)) || f.Get("u8") != nil {
		t.Errorf("u8: got %+v, want the byte 255", u)
	}
	for _, n := range f.Tensors {
		if want, _, _ := strings.Cut(n.Name, "."); n.DType != strings.ToUpper(want) && n.DType != "F32" {
			t.Errorf("%s: was of type %s", n.Name, n.DType)
		}
	}
	if _, err := ReadFile("testdata/inexact.safetensors"); err == nil || !strings.Contains(err.Error(), "float32 cannot hold") {
		t.Errorf("2^24+1: got %v", err)
	}
}

func TestADamagedFileIsOneLine(t *testing.T) {
	file := func(header string, data int) string {
		return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + strings.Repeat("\x00", data)
	}
	a := `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "not a safetensors file, it ends in its first 8 bytes; give a .safetensors file"},
		"a picture":        {"\x89PNG\r\n\x1a\nrest", "not a safetensors file, its first 8 bytes give a header of 727905341920923785 bytes; give a .safetensors file"},
		"no object":        {file("[1]", 0), "not a safetensors file, its header is no JSON object; give a .safetensors file"},
		"header cut":       {file("{"+a+"}", 0)[:20], "the header ends early: the file is damaged; write or fetch it again"},
		"no JSON":          {file("{a:1}", 0), "header: invalid character 'a': the file is damaged; write or fetch it again"},
		"behind the brace": {file("{"+a+"}x", 8), "header: text behind its last brace: the file is damaged; write or fetch it again"},
		"twice":            {file("{"+a+","+a+"}", 16), `"a" stands twice in the header: the file is damaged; write or fetch it again`},
		"overlap":          {file("{"+a+`,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), `"b" overlaps "a": the file is damaged; write or fetch it again`},
		"gap":              {file("{"+a+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16), `4 bytes before "b" belong to no array: the file is damaged; write or fetch it again`},
		"data cut":         {file("{"+a+"}", 7), `"a": its bytes end early: the file is damaged; write or fetch it again`},
		"more data":        {file("{"+a+"}", 9), "there are bytes behind the last array: the file is damaged; write or fetch it again"},
		"shape":            {file(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), `"a": the shape [3] does not fit 8 bytes: the file is damaged; write or fetch it again`},
		"shape overflows":  {file(`{"a":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]}}`, 0), `"a": the shape [65536 65536 65536 65536] does not fit 0 bytes: the file is damaged; write or fetch it again`},
		"a petabyte":       {file(`{"a":{"dtype":"F32","shape":[1000000,250000000],"data_offsets":[0,1000000000000000]}}`, 8), `"a": its bytes end early: the file is damaged; write or fetch it again`},
		"backwards":        {file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8), `"a": offsets [8 0] are no range: the file is damaged; write or fetch it again`},
		"no offsets":       {file(`{"a":{"dtype":"F32","shape":[2]}}`, 8), `"a": it has no data_offsets: the file is damaged; write or fetch it again`},
		"another case":     {file(`{"a":{"dtype":"F32","Shape":[2],"data_offsets":[0,8]}}`, 8), `"a": it has no shape: the file is damaged; write or fetch it again`},
		"strange type":     {file(`{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}`, 2), `"a": arrays of "F8_E4M3" are not read; convert it to F32`},
	} {
		_, err := Read(strings.NewReader(c.text))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", name, err, c.want)
		}
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(path); err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: from a file: %v", name, err)
		}
	}
}

func TestWriteRefusesWhatCouldNotBeReadBack(t *testing.T) {
	one := tensor.New(1)
	for name, tensors := range map[string][]Named{
		"twice": {{Name: "a", Tensor: one}, {Name: "a", Tensor: one}}, "reserved": {{Name: "__metadata__", Tensor: one}},
		"bytes": {{Name: "\xff", Tensor: one}}, "nil": {{Name: "a"}}, "both": {{Name: "a", Tensor: one, Bytes: &Bytes{tensor.Of(1), []byte{1}}}},
		"shape":          {{Name: "a", Tensor: &tensor.Tensor{Shape: tensor.Of(2), Data: one.Data}}},
		"shape of bytes": {{Name: "a", Bytes: &Bytes{tensor.Of(2), []byte{1}}}},
	} {
		if err := Write(io.Discard, tensors, nil); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if err := Write(io.Discard, nil, map[string]string{"a": "\xff"}); err == nil {
		t.Error("metadata of bytes was written")
	}
}

// FuzzRead: no panic, and what is read is written and read to the same.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"f32", "types", "inexact"} {
		b, err := os.ReadFile("testdata/" + name + ".safetensors")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := Read(bytes.NewReader(b))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("an error of several lines: %q", err)
			}
			return
		}
		var out bytes.Buffer
		if err := Write(&out, first.Tensors, first.Metadata); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&out)
		if err != nil || len(again.Tensors) != len(first.Tensors) || len(again.Metadata) != len(first.Metadata) {
			t.Fatalf("%v, %d arrays of %d", err, len(again.Tensors), len(first.Tensors))
		}
		for i, n := range first.Tensors {
			m := again.Tensors[i]
			if n.Bytes != nil {
				if m.Name != n.Name || m.Bytes == nil || !m.Bytes.Shape.Equal(n.Bytes.Shape) || !bytes.Equal(m.Bytes.Data, n.Bytes.Data) {
					t.Fatalf("%q came back another", n.Name)
				}
				continue
			}
			same := m.Name == n.Name && m.Tensor.Shape.Equal(n.Tensor.Shape) && len(m.Tensor.Data) == len(n.Tensor.Data)
			for k := 0; same && k < len(n.Tensor.Data); k++ {
				same = math.Float32bits(m.Tensor.Data[k]) == math.Float32bits(n.Tensor.Data[k])
			}
			if !same {
				t.Fatalf("%q came back as another array", n.Name)
			}
		}
	})
}
