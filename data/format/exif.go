package format

import (
	"bytes"
	"encoding/binary"
)

// Orientation is EXIF's tag 274 of a JPEG, PNG, WebP or TIFF file: 1 to 8, and 1 (upright) where it is absent or broken.
// The one tag is read here, without a library: the kept ones read hundreds of tags of every maker, a thousand times the
// code that would stand between a hostile file and the memory.
func Orientation(file []byte) int {
	tiff := exifBlock(file)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	ifd := uint64(order.Uint32(tiff[4:]))
	if ifd+2 > uint64(len(tiff)) {
		return 1
	}
	fields := tiff[ifd+2:]
	for range order.Uint16(tiff[ifd:]) {
		if len(fields) < 12 {
			return 1
		}
		if order.Uint16(fields) == 274 && order.Uint16(fields[2:]) == 3 { // a SHORT
			if v := order.Uint16(fields[8:]); v >= 1 && v <= 8 {
				return int(v)
			}
			return 1
		}
		fields = fields[12:]
	}
	return 1
}

// exifBlock finds the TIFF structure that holds the tags.
func exifBlock(file []byte) []byte {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")): // JPEG: segment APP1
		for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != 0xda; {
			n := int(binary.BigEndian.Uint16(rest[2:])) + 2
			if n < 4 || n > len(rest) {
				return nil
			}
			if block, ok := bytes.CutPrefix(rest[4:n], []byte("Exif\x00\x00")); ok && rest[1] == 0xe1 {
				return block
			}
			rest = rest[n:]
		}
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")): // PNG: chunk eXIf
		for rest := file[8:]; len(rest) >= 12; {
			n := uint64(binary.BigEndian.Uint32(rest))
			if n+12 > uint64(len(rest)) {
				return nil
			}
			if string(rest[4:8]) == "eXIf" {
				return rest[8 : 8+n]
			}
			rest = rest[n+12:]
		}
	case len(file) > 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP": // WebP: chunk EXIF
		for rest := file[12:]; len(rest) >= 8; {
			n := uint64(binary.LittleEndian.Uint32(rest[4:]))
			if n+8 > uint64(len(rest)) {
				return nil
			}
			if string(rest[:4]) == "EXIF" {
				return bytes.TrimPrefix(rest[8:8+n], []byte("Exif\x00\x00"))
			}
			rest = rest[min(n+n%2+8, uint64(len(rest))):]
		}
	case bytes.HasPrefix(file, []byte("II*\x00")), bytes.HasPrefix(file, []byte("MM\x00*")):
		return file
	}
	return nil
}
