package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"

	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/format"
)

// listing is the outcome of a scan, as it is kept in the cache. Every process of a study reads it, so it is made to be read
// at once: a head as JSON, then a table of the items, then their names, then the SHA-256 of all that. It holds no digest of
// the set, which is worked out from what is read.
type listing struct {
	head
	items   []Item
	objects []box.Object // of all items, one after another
	first   []int        // by item, its first of them, and last how many there are; nil where the set is not boxed

	of [][]box.Object // by place of the layout, before items are made of them
}

type head struct {
	Root    string   `json:"root"`  // the folder or archive, absolute, or the name of a built-in set
	State   string   `json:"state"` // of its files: names, sizes, times
	Items   int      `json:"items"`
	Raw     bool     `json:"raw"` // IDX or CIFAR files
	Classes []string `json:"classes"`
	Faults  []Fault  `json:"faults"`
	Stops   []Stop   `json:"stops"` // found in the names
	Doubts  []Doubt  `json:"doubts"`
	Idle    []string `json:"idle,omitempty"` // globs of skip that name nothing
	H       int      `json:"h"`              // 0, 0 where sizes differ
	W       int      `json:"w"`
	C       int      `json:"c"`
	Boxed   bool     `json:"boxed,omitempty"` // objects follow the names
	Amiss   []Fault  `json:"amiss,omitempty"` // of objects
	Wrong   int      `json:"wrong,omitempty"` // how many there are
}

const (
	listingMagic = "assayls2"
	itemBytes    = 37 // hash 16, label 4, part 1, height 4, width 4, group 4, length of the name 4
	objectBytes  = 37 // class 4, marks 1, corners 8 each; one marked by 4 has 8 more, the area of its outline
)

var errListing = errors.New("a broken listing")

// write writes the file.
func (l *listing) write(w io.Writer) error {
	l.head.Items = len(l.items)
	text, err := json.Marshal(l.head)
	if err != nil {
		return err
	}
	b := binary.LittleEndian.AppendUint32([]byte(listingMagic), uint32(len(text)))
	b = append(b, text...)
	for i := range l.items {
		it := &l.items[i]
		b = append(b, it.Hash[:]...)
		b = binary.LittleEndian.AppendUint32(b, uint32(it.Label))
		b = append(b, byte(it.Split))
		for _, v := range [...]int{it.H, it.W, int(it.Group), len(it.Name)} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
	}
	for i := range l.items {
		b = append(b, l.items[i].Name...)
	}
	b = appendObjects(b, l.objects, l.first)
	sum := sha256.Sum256(b)
	_, err = w.Write(append(b, sum[:]...))
	return err
}

// appendObjects appends how many objects each item has, and the objects.
func appendObjects(b []byte, objects []box.Object, first []int) []byte {
	for i := 1; i < len(first); i++ {
		b = binary.LittleEndian.AppendUint32(b, uint32(first[i]-first[i-1]))
	}
	for i := range objects {
		o := &objects[i]
		b = binary.LittleEndian.AppendUint32(b, uint32(o.Class))
		marks := byte(0)
		if o.Difficult {
			marks |= 1
		}
		if o.Crowd {
			marks |= 2
		}
		if o.Mask > 0 {
			marks |= 4
		}
		b = append(b, marks)
		for _, v := range [...]float64{o.X0, o.Y0, o.X1, o.Y1} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		if o.Mask > 0 {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(o.Mask))
		}
	}
	return b
}

// readObjects reads what appendObjects wrote for so many items, all of b.
func (l *listing) readObjects(b []byte) error {
	n, total := len(l.items), uint64(0)
	if len(b) < 4*n {
		return errListing
	}
	l.first = make([]int, n+1)
	for i := range n {
		total += uint64(binary.LittleEndian.Uint32(b[4*i:]))
		if total > uint64(len(b)) {
			return errListing
		}
		l.first[i+1] = int(total)
	}
	if b = b[4*n:]; uint64(len(b)) < total*objectBytes {
		return errListing
	}
	l.objects = make([]box.Object, total)
	for k := range l.objects {
		if len(b) < objectBytes {
			return errListing
		}
		row, o := b[:objectBytes], &l.objects[k]
		b = b[objectBytes:]
		o.Class, o.Difficult, o.Crowd = int32(binary.LittleEndian.Uint32(row)), row[4]&1 != 0, row[4]&2 != 0
		for c, v := range [...]*float64{&o.X0, &o.Y0, &o.X1, &o.Y1} {
			*v = math.Float64frombits(binary.LittleEndian.Uint64(row[5+8*c:]))
		}
		if row[4]&4 != 0 {
			if len(b) < 8 {
				return errListing
			}
			o.Mask, b = math.Float64frombits(binary.LittleEndian.Uint64(b)), b[8:]
			if !(o.Mask > 0 && o.Mask < o.Area()) {
				return errListing
			}
		}
		if o.Class < 0 || int(o.Class) >= len(l.Classes) || o.Empty() {
			return errListing
		}
	}
	if len(b) > 0 {
		return errListing
	}
	return nil
}

// readListing takes nothing that does not fit: it need not be told what is wrong, as a scan makes the file again.
func readListing(b []byte) (*listing, error) {
	const front = len(listingMagic) + 4
	if len(b) < front+sha256.Size || string(b[:len(listingMagic)]) != listingMagic {
		return nil, errListing
	}
	end := len(b) - sha256.Size
	if sha256.Sum256(b[:end]) != [sha256.Size]byte(b[end:]) {
		return nil, errListing
	}
	b = b[len(listingMagic):end]
	size := binary.LittleEndian.Uint32(b)
	if b = b[4:]; uint64(size) > uint64(len(b)) {
		return nil, errListing
	}
	l := &listing{}
	if json.Unmarshal(b[:size], &l.head) != nil {
		return nil, errListing
	}
	b = b[size:]
	n := l.head.Items
	if n < 0 || n > len(b)/itemBytes || l.C != 1 && l.C != 3 || l.H < 0 || l.W < 0 {
		return nil, errListing
	}
	names := string(b[n*itemBytes:])
	l.items = make([]Item, n)
	for i := range l.items {
		row := b[i*itemBytes:][:itemBytes]
		u := func(at int) uint32 { return binary.LittleEndian.Uint32(row[at:]) }
		it := &l.items[i]
		it.Hash = Hash(row[:16])
		it.Label, it.Split, it.Group = int32(u(16)), format.Split(row[20]), int32(u(29))
		it.H, it.W = int(u(21)), int(u(25))
		name := u(33)
		if uint64(name) > uint64(len(names)) || it.Label < 0 || int(it.Label) >= len(l.Classes) || it.Split > format.Test || it.Group < 0 || int(it.Group) > i ||
			l.items[it.Group].Group != it.Group || it.H > math.MaxInt32 || it.W > math.MaxInt32 {
			return nil, errListing
		}
		it.Name, names = names[:name], names[name:]
		if i > 0 && byContent(l.items[i-1], *it) > 0 {
			return nil, errListing
		}
	}
	if l.Boxed {
		return l, l.readObjects([]byte(names))
	}
	if names != "" {
		return nil, errListing
	}
	return l, nil
}
