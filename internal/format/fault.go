package format

import (
	"errors"
	"fmt"
	"io/fs"
)

// Fault is why a file gives no picture, in words that follow its name, and what can be done.
type Fault struct {
	What string // "a broken JPEG: it ends too early"
	Mend string // "delete it or list it under data.skip"
}

// Error is What alone: callers put a name before it and the mend behind it.
func (f *Fault) Error() string { return f.What }

// The mends. A file that is whole is never to be deleted because Assay does not read it.
const (
	mendBroken  = "delete it or list it under data.skip"
	mendUnread  = "convert it to PNG or list it under data.skip"
	mendHEIC    = `convert them by "magick mogrify -format jpg *.heic", on a Mac by "sips -s format jpeg *.heic --out .", then list *.heic under data.skip`
	mendAVIF    = `convert them by "magick mogrify -format png *.avif", then list *.avif under data.skip`
	mendUnknown = "convert it to PNG if it shows something, or list it under data.skip"
	mendSize    = "make it smaller or list it under data.skip"
	mendShut    = "make it readable or list it under data.skip"
	mendLFS     = "fetch it with git lfs pull or list it under data.skip"
	mendMove    = "move it into a class's folder or list it under data.skip"
	mendPack    = "make the archive again or list it under data.skip"
	mendSkip    = "list it under data.skip"
)

// MendOf is what can be done about an error of a file.
func MendOf(err error) string {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Mend
	}
	if errors.Is(err, fs.ErrPermission) {
		return mendShut
	}
	return mendBroken
}

// unreadKind is a whole picture of a kind that is not read.
func unreadKind(kind, detail string) error {
	if detail != "" {
		return &Fault{fmt.Sprintf("%s of a kind that is not read (%s)", a(kind), detail), mendUnread}
	}
	mend := mendUnread
	switch kind {
	case "HEIC":
		mend = mendHEIC
	case "AVIF":
		mend = mendAVIF
	}
	return &Fault{a(kind) + " file, which is not read", mend}
}

// a puts the article before a kind: a PNG, an AVIF.
func a(kind string) string {
	switch kind {
	case "AVIF", "AVI film", "EPS", "HDF5", "ICNS", "ICO", "MNG", "OpenEXR", "SGI", "SVG", "XCF", "XPM":
		return "an " + kind
	}
	return "a " + kind
}

func broken(kind, why string) error { return &Fault{"a broken " + kind + ": " + why, mendBroken} }
