package format

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"regexp"
)

// Orientation is EXIF's tag 274 of a JPEG, PNG, WebP or TIFF file, or where it has none XMP's tiff:Orientation: 1 to 8, and 1
// (upright) where it is absent or broken. They are looked for where Pillow looks. The one tag is read here, without a library:
// the kept ones read hundreds of tags of every maker, a thousand times the code that would stand between a hostile file and
// the memory.
func Orientation(file []byte) int {
	exif, xmp := metadata(file)
	if n := tag274(exif); n != 0 {
		return n
	}
	if m := xmpOrientation.FindSubmatch(xmp); m != nil {
		return int(m[1][0] - '0')
	}
	return 1
}

var xmpOrientation = regexp.MustCompile(`tiff:Orientation(?:\s*=\s*["']|>)\s*([1-8])\b`)

// tag274 is the orientation of a TIFF structure; 0 where it has none from 1 to 8. A SHORT is the standard's type; cameras and
// programs have written a BYTE or a LONG too.
func tag274(tiff []byte) int {
	order, fields := firstIFD(tiff)
	for ; len(fields) >= 12; fields = fields[12:] {
		if order.Uint16(fields) != 274 {
			continue
		}
		v := uint32(0)
		switch order.Uint16(fields[2:]) {
		case 1, 6: // BYTE, SBYTE
			v = uint32(fields[8])
		case 3, 8: // SHORT, SSHORT
			v = uint32(order.Uint16(fields[8:]))
		case 4, 9: // LONG, SLONG
			v = order.Uint32(fields[8:])
		}
		if v >= 1 && v <= 8 {
			return int(v)
		}
		return 0
	}
	return 0
}

// firstIFD is the fields of a TIFF structure's first directory, 12 bytes each; none where it is broken.
func firstIFD(tiff []byte) (binary.ByteOrder, []byte) {
	if len(tiff) < 8 {
		return binary.LittleEndian, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return order, nil
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return order, nil
	}
	n := 12 * int(order.Uint16(tiff[at:]))
	fields := tiff[at+2:]
	return order, fields[:min(n, len(fields))]
}

// metadata finds the TIFF structure that holds EXIF's tags and the XMP text.
func metadata(file []byte) (exif, xmp []byte) {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		return jpegMetadata(file[2:])
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return pngMetadata(file[8:])
	case len(file) > 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		for c := range riffChunks(file[12:]) {
			switch c.kind {
			case "EXIF":
				exif = bytes.TrimPrefix(c.data, []byte("Exif\x00\x00"))
			case "XMP ":
				xmp = c.data
			}
		}
	case bytes.HasPrefix(file, []byte("II*\x00")), bytes.HasPrefix(file, []byte("MM\x00*")):
		order, fields := firstIFD(file)
		for ; len(fields) >= 12; fields = fields[12:] {
			if n, at := uint64(order.Uint32(fields[4:])), uint64(order.Uint32(fields[8:])); order.Uint16(fields) == 700 && n > 4 && at+n <= uint64(len(file)) {
				xmp = file[at : at+n]
			}
		}
		return file, xmp
	}
	return exif, xmp
}

// jpegMetadata looks at the segments APP1 before the scan. Fill bytes may stand before a marker (T.81, B.1.1.2).
func jpegMetadata(rest []byte) (exif, xmp []byte) {
	for len(rest) >= 4 && rest[0] == 0xff && rest[1] != 0xda {
		if rest[1] == 0xff {
			rest = rest[1:]
			continue
		}
		n := int(binary.BigEndian.Uint16(rest[2:])) + 2
		if n < 4 || n > len(rest) {
			break
		}
		if rest[1] == 0xe1 {
			if block, ok := bytes.CutPrefix(rest[4:n], []byte("Exif\x00")); ok && len(block) > 0 && exif == nil {
				exif = block[1:] // a second zero, as the standard has it, or whatever a program wrote there
			}
			if block, ok := bytes.CutPrefix(rest[4:n], []byte("http://ns.adobe.com/xap/1.0/\x00")); ok && xmp == nil {
				xmp = block
			}
		}
		rest = rest[n:]
	}
	return exif, xmp
}

// mostText bounds the unpacked text of a PNG.
const mostText = 1 << 20

// pngMetadata looks at eXIf, at ImageMagick's text `Raw profile type exif` (or APP1) and at the text XML:com.adobe.xmp.
func pngMetadata(rest []byte) (exif, xmp []byte) {
	var raw []byte
	for len(rest) >= 12 {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n+12 > uint64(len(rest)) {
			break
		}
		data := rest[8 : 8+n]
		switch string(rest[4:8]) {
		case "eXIf":
			exif = bytes.TrimPrefix(data, []byte("Exif\x00\x00"))
		case "tEXt", "zTXt", "iTXt":
			key, text, _ := bytes.Cut(data, []byte{0})
			packed := rest[4] == 'z' && len(text) > 0
			if packed {
				text = text[1:]
			}
			if rest[4] == 'i' && len(text) >= 2 { // compression flag and method, language, translated key
				packed = text[0] == 1
				_, text, _ = bytes.Cut(text[2:], []byte{0})
				_, text, _ = bytes.Cut(text, []byte{0})
			}
			switch string(key) {
			case "Raw profile type exif", "Raw profile type APP1":
				raw = unpacked(text, packed)
			case "XML:com.adobe.xmp", "Raw profile type xmp":
				xmp = unpacked(text, packed)
			}
		}
		rest = rest[n+12:]
	}
	if exif == nil && raw != nil { // a line with the name, one with the length, then hexadecimal digits
		if lines := bytes.SplitN(bytes.TrimLeft(raw, "\n"), []byte("\n"), 3); len(lines) == 3 {
			digits := bytes.Join(bytes.Fields(lines[2]), nil)
			digits = digits[:len(digits)&^1]
			b := make([]byte, len(digits)/2)
			m, _ := hex.Decode(b, digits)
			exif = bytes.TrimPrefix(b[:m], []byte("Exif\x00\x00"))
		}
	}
	return exif, xmp
}

func unpacked(text []byte, packed bool) []byte {
	if !packed {
		return text
	}
	z, err := zlib.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	text, _ = io.ReadAll(io.LimitReader(z, mostText))
	return text
}

// riffChunk is a part of a RIFF file (WebP).
type riffChunk struct {
	kind string
	data []byte
}

// riffChunks walks the chunks that follow each other in b, as far as they are whole.
func riffChunks(b []byte) func(yield func(riffChunk) bool) {
	return func(yield func(riffChunk) bool) {
		for len(b) >= 8 {
			n := uint64(binary.LittleEndian.Uint32(b[4:]))
			if n+8 > uint64(len(b)) || !yield(riffChunk{string(b[:4]), b[8 : 8+n]}) {
				return
			}
			b = b[min(n+n%2+8, uint64(len(b))):]
		}
	}
}
