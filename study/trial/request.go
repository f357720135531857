package trial

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/assaylab/assay/data"
)

// RequestVersion is the form of a request. A process refuses one of another version.
const RequestVersion = 1

// Request is all that a process needs to run a trial: it opens no store and no study. It travels as one JSON object.
type Request struct {
	Version  int    `json:"version"`
	Spec     Spec   `json:"spec"`
	Name     string `json:"name"`          // for messages: "elu #2"
	Net      string `json:"net,omitempty"` // the zoo's name of the network before approaches changed it, by which weights find their places
	Network  string `json:"network"`       // the texts whose digests are in Spec
	Settings string `json:"settings"`      //

	Data      data.Spec `json:"data"`            // where the images are
	Fold      int       `json:"fold,omitempty"`  // of those that the split's seed deals them out to; 0 where there are none
	Slice     float64   `json:"slice,omitempty"` // share of the repeat's training images that it is evaluated on in place of the validation images; 0: none
	Cache     string    `json:"cache,omitempty"`
	Downloads string    `json:"downloads,omitempty"`

	Beside *data.Spec `json:"beside,omitempty"` // where the pictures are that training has beside; nil: there are none

	Start      string   `json:"start,omitempty"`     // file of the weights that it starts from, whose digest is in Spec; absolute
	Checkpoint string   `json:"checkpoint"`          // file that it goes on from and keeps; absolute
	Result     string   `json:"result"`              // file that it leaves; absolute
	Columns    []string `json:"columns"`             // per validation image that the result must hold
	Observers  []string `json:"observers,omitempty"` // what the training is judged by beside its own evaluation, means of the weights and views: canonical settings of each
	Models     []Kept   `json:"models,omitempty"`    // models that it leaves where it ends
	Threads    int      `json:"threads"`
	Device     string   `json:"device,omitempty"` // "": cpu

	// Begin, where above 0, asks for the digests of the first steps alone, for at most this many seconds: a check of bits. Nothing
	// else is computed, and no checkpoint is kept.
	Begin float64 `json:"begin,omitempty"`
}

// Kept is a model that a trial is to leave.
type Kept struct {
	Name string `json:"name"` // by which the result tells of it
	Mean string `json:"mean"` // of the weights that it has, as the observer's words are; "": the last ones
	File string `json:"file"` // absolute
}

// Write sends a request.
func (r Request) Write(w io.Writer) error {
	r.Version = RequestVersion
	return json.NewEncoder(w).Encode(r)
}

// MaxRequest bounds a request's text, in bytes: a network of 20,000 layers takes a tenth of it.
const MaxRequest = 64 << 20

// ReadRequest receives one and checks that its texts are those of its Spec. It reads no further than the request's end.
func ReadRequest(d *json.Decoder) (Request, error) {
	var r Request
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("trial: no request on standard input: %w; trials are started by assay study run", err)
	}
	switch {
	case r.Version != RequestVersion:
		return r, fmt.Errorf("trial: a request of version %d, and this program reads version %d; run the same assay on both sides", r.Version, RequestVersion)
	case Digest(r.Network) != r.Spec.Network || Digest(r.Settings) != r.Spec.Settings:
		return r, fmt.Errorf("trial %s: the request's texts are not those of its identity; send it again", r.Name)
	case r.Result == "" || r.Threads < 1:
		return r, fmt.Errorf("trial %s: a request without a result file or threads; send it again", r.Name)
	}
	return r, nil
}
