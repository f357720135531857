// Package trial is what one training is to a study: what it is ([Spec], whose hash is its identity), what is asked of it
// ([Request], which travels to the process that runs it), and what it leaves ([Result], a file with a sum). It knows no
// study, no store and no engine, and imports data for where images are, and internal/atomicfile. Start at [Spec].
package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Spec is all that decides a trial's bits, and nothing else: two trials of one Spec end in the same weights. Names of arms and
// networks, questions, budgets, repeats, threads, folders are not in it. A field that is added later is left out of the text
// while it has its default, so that identities stand.
type Spec struct {
	Network  string         `json:"network"`           // [Digest] of the network's canonical text, layer and parameter names included, since they address the draws
	Settings string         `json:"settings"`          // Digest of the canonical text of optimization and learning, after the approaches
	Data     string         `json:"data"`              // digest of the set: classes, labels, parts and every image's content
	Cut      string         `json:"cut"`               // digest of what is trained and validated on in this repeat
	Overlay  string         `json:"overlay,omitempty"` // digest of what lies over the training images; "": nothing
	Seeds    Seeds          `json:"seeds"`             // of every source of chance
	Task     string         `json:"task,omitempty"`    // what the outputs are for; "": classification
	Start    string         `json:"start,omitempty"`   // digest of the weights that it starts from; "": drawn
	Beside   string         `json:"beside,omitempty"`  // digest of the pictures of another set that training has beside; "": none
	Engine   string         `json:"engine"`            // engine.ID in words
	Versions map[string]int `json:"versions"`          // of the rooms that decide bits: data, decoder, augment, init, compile, train
}

// Seeds are the seeds of one repeat, one for each purpose. The streams under them are independent though the seeds be equal.
type Seeds struct {
	Split   uint64 `json:"split"`   // which images are validation
	Init    uint64 `json:"init"`    // initial values of parameters, by name
	Order   uint64 `json:"order"`   // sample order
	Augment uint64 `json:"augment"` // crops, flips
	Dropout uint64 `json:"dropout"` // masks
}

// ID is the trial's identity: 32 hex digits of the SHA-256 of its text.
func (s Spec) ID() string { return Digest(string(s.Text())) }

// Arm is the identity of the arm that the trial of a study's first repeat belongs to: all of it but the engine, which may
// differ from block to block.
func (s Spec) Arm() string {
	s.Engine = ""
	return s.ID()
}

// Text is the canonical text that ID hashes: JSON in the order of the fields, without blanks, the rooms sorted by name.
func (s Spec) Text() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and whole numbers always have a text
	}
	return text
}

// Digest is 32 hex digits of a text's SHA-256.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
