package engine_test

import (
	"encoding/json"
	"testing"

	"github.com/assaylab/assay/engine"
)

func TestAnIDHasOneFormAndComesBackFromItsJSON(t *testing.T) {
	for _, c := range []struct {
		id         engine.ID
		form, json string
	}{
		{engine.ID{Name: "cpu", Version: 7, Arch: "amd64/avx512", Precision: "float32", Deterministic: true},
			"cpu 7 amd64/avx512 float32", `{"name":"cpu","version":7,"arch":"amd64/avx512","precision":"float32","deterministic":true}`},
		{engine.ID{Name: "ref", Version: 1, Precision: "float64", Deterministic: true},
			"ref 1 float64", `{"name":"ref","version":1,"precision":"float64","deterministic":true}`},
		{engine.ID{Name: "xla", Version: 1, Arch: "cuda", Device: "NVIDIA H200", Precision: "bfloat16"},
			`xla 1 cuda on "NVIDIA H200" bfloat16 varying`, `{"name":"xla","version":1,"arch":"cuda","device":"NVIDIA H200","precision":"bfloat16","deterministic":false}`},
	} {
		if got := c.id.String(); got != c.form {
			t.Errorf("got %s, want %s", got, c.form)
		}
		b, err := json.Marshal(c.id)
		if err != nil || string(b) != c.json {
			t.Errorf("got %s (%v), want %s", b, err, c.json)
		}
		var back engine.ID
		if err := json.Unmarshal(b, &back); err != nil || back != c.id {
			t.Errorf("got %+v (%v), want %+v", back, err, c.id)
		}
	}
}

func TestOnlyEqualAndDeterministicEnginesGiveTheSameBits(t *testing.T) {
	a := engine.ID{Name: "cpu", Version: 7, Arch: "amd64/avx512", Precision: "float32", Deterministic: true}
	b, c := a, a
	b.Arch, c.Deterministic = "amd64/avx2", false
	if !a.SameBits(a) || a.SameBits(b) || c.SameBits(c) {
		t.Errorf("%v: same as itself %v, as %v %v; %v as itself %v", a, a.SameBits(a), b, a.SameBits(b), c, c.SameBits(c))
	}
}
