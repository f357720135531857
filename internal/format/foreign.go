package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// foreign are kinds of files that are known and not read, told by their first bytes ('?' is any byte), with what a person
// would call them and what can be done.
var foreign = []struct{ name, magic, mend string }{
	{"JPEG XL", "\xff\x0a", mendUnread},
	{"JPEG XL", "\x00\x00\x00\x0cJXL \r\n\x87\n", mendUnread},
	{"JPEG 2000", "\x00\x00\x00\x0cjP  \r\n\x87\n", mendUnread},
	{"JPEG 2000", "\xff\x4f\xff\x51", mendUnread},
	{"JPEG XR", "II\xbc\x01", mendUnread},
	{"BigTIFF", "II\x2b\x00", mendUnread},
	{"BigTIFF", "MM\x00\x2b", mendUnread},
	{"PSD", "8BPS", mendUnread},
	{"EPS", "%!PS", mendUnread},
	{"EPS", "\xc5\xd0\xd3\xc6", mendUnread},
	{"PDF", "%PDF", mendUnread},
	{"raw camera (Canon)", "II\x1a\x00\x00\x00HEAPCCDR", mendUnread},
	{"raw camera (Fujifilm)", "FUJIFILMCCD-RAW", mendUnread},
	{"raw camera (Olympus)", "IIRO", mendUnread},
	{"raw camera (Olympus)", "IIRS", mendUnread},
	{"raw camera (Olympus)", "MMOR", mendUnread},
	{"raw camera (Panasonic)", "IIU\x00", mendUnread},
	{"raw camera (Minolta)", "\x00MRM", mendUnread},
	{"raw camera (Sigma)", "FOVb", mendUnread},
	{"OpenEXR", "v/1\x01", mendUnread},
	{"Radiance HDR", "#?", mendUnread},
	{"FITS", "SIMPLE  =", mendUnread},
	{"DDS", "DDS ", mendUnread},
	{"ICO", "\x00\x00\x01\x00", mendUnread},
	{"TGA", "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00", mendUnread},
	{"TGA", "\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", mendUnread},
	{"TGA", "\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00", mendUnread},
	{"cursor", "\x00\x00\x02\x00", mendUnread},
	{"ICNS", "icns", mendUnread},
	{"DIB", "\x28\x00\x00\x00", mendUnread},
	{"PCX", "\x0a\x05\x01", mendUnread},
	{"SGI", "\x01\xda\x00", mendUnread},
	{"SGI", "\x01\xda\x01", mendUnread},
	{"Sun raster", "\x59\xa6\x6a\x95", mendUnread},
	{"XPM", "/* XPM", mendUnread},
	{"JBIG2", "\x97JB2\r\n\x1a\n", mendUnread},
	{"XCF", "gimp xcf", mendUnread},
	{"QOI", "qoif", mendUnread},
	{"FLIF", "FLIF", mendUnread},
	{"BPG", "BPG\xfb", mendUnread},
	{"MNG", "\x8aMNG\r\n\x1a\n", mendUnread},
	{"DjVu", "AT&TFORM", mendUnread},
	{"PAM", "P7\n", mendUnread},
	{"PFM", "PF\n", mendUnread},
	{"PFM", "Pf\n", mendUnread},
	{"NumPy", "\x93NUMPY", mendUnread},
	{"HDF5", "\x89HDF\r\n", mendUnread},
	{"AVI film", "RIFF????AVI ", mendUnread},
	{"Matroska film", "\x1a\x45\xdf\xa3", mendUnread},
	{"zip", "PK\x03\x04", "unpack it or list it under data.skip"},
	{"gzip", "\x1f\x8b", "unpack it or list it under data.skip"},
}

// brands are the names by which a file of ISO 14496-12 (an `ftyp` box) says what it is, tried in this order: AVIF and HEIC
// share the brand mif1, and what else they say decides.
var brands = []struct{ name, brands string }{
	{"AVIF", "avif avis"},
	{"HEIC", "heic heix hevc hevx heim heis hevm hevs"},
	{"raw camera (Canon)", "crx "},
	{"JPEG 2000", "jp2  jpx  jpm "},
	{"HEIC", "mif1 msf1 mif2"},
}

// stranger says what a file is that no reader takes.
func stranger(file []byte) error {
	if len(file) >= 12 && string(file[4:8]) == "ftyp" {
		return unreadKind(ftyp(file), "")
	}
	if len(file) > 132 && string(file[128:132]) == "DICM" {
		return unreadKind("DICOM", "")
	}
	if n := len(file); n > 26 && string(file[n-18:n-2]) == "TRUEVISION-XFILE" {
		return unreadKind("TGA", "")
	}
	for _, f := range foreign {
		if begins(file, f.magic) {
			return &Fault{a(f.name) + " file, which is not read", f.mend}
		}
	}
	if bytes.HasPrefix(file, []byte("version https://git-lfs.github.com/spec/")) {
		return &Fault{"a pointer of Git LFS and not the picture", mendLFS}
	}
	switch text := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(file[:min(2048, len(file))]), "\ufeff"), " \t\r\n")); {
	case strings.HasPrefix(text, "<svg"), strings.HasPrefix(text, "<?xml") && strings.Contains(text, "<svg"),
		strings.HasPrefix(text, "<!doctype svg"), strings.HasPrefix(text, "<!--") && strings.Contains(text, "<svg"):
		return unreadKind("SVG", "")
	}
	head := opening(file)
	if utf8.ValidString(head) && strings.IndexFunc(head, unicode.IsControl) < 0 { // a text is no picture
		return &Fault{fmt.Sprintf("not an image, it begins with %q", head), mendBroken}
	}
	return &Fault{fmt.Sprintf("no image of a kind that is known, it begins with %q", head), mendUnknown}
}

// ftyp names a file of ISO 14496-12 by its brands.
func ftyp(file []byte) string {
	end := min(uint64(len(file)), uint64(binary.BigEndian.Uint32(file)), 4096)
	said := []string{string(file[8:12])}
	for at := uint64(16); at+4 <= end; at += 4 { // after the version
		said = append(said, string(file[at:at+4]))
	}
	for _, b := range brands {
		for at := 0; at+4 <= len(b.brands); at += 5 {
			if slices.Contains(said, b.brands[at:at+4]) {
				return b.name
			}
		}
	}
	return "film"
}

func begins(file []byte, magic string) bool {
	if len(file) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && file[i] != magic[i] {
			return false
		}
	}
	return true
}

// opening is the first word or tag of a file, at most 16 bytes.
func opening(file []byte) string {
	head := file[:min(16, len(file))]
	if i := bytes.IndexByte(head, '>'); i > 0 && head[0] == '<' {
		return string(head[:i+1])
	}
	if i := bytes.IndexAny(head, "\r\n"); i > 0 {
		head = head[:i]
	}
	return string(head)
}
