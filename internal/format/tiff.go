package format

import (
	"bytes"
	"image"

	"golang.org/x/image/tiff"
)

// TIFF is read by x/image/tiff; here stands what that calls broken, reads as another picture or turns to its negative.

// The tags that are looked at (TIFF 6.0; Adobe's DNG).
const (
	tagSubfile, tagCompression, tagPhotometric, tagSamples = 254, 259, 262, 277
	tagPlanar, tagSubIFDs, tagSampleFormat, tagDNG         = 284, 330, 339, 50706
)

// tiffTags are the values of the first directory, the first of several.
func tiffTags(file []byte) map[uint16]uint32 {
	order, fields := firstIFD(file)
	tags := map[uint16]uint32{}
	for ; len(fields) >= 12; fields = fields[12:] {
		const short = 3
		tag, kind, n, value := order.Uint16(fields), order.Uint16(fields[2:]), order.Uint32(fields[4:]), fields[8:12]
		if at := uint64(order.Uint32(value)); kind == short && n > 2 && at+2 <= uint64(len(file)) {
			value = file[at:] // they do not fit in the field
		}
		if kind == short {
			tags[tag] = uint32(order.Uint16(value))
		} else {
			tags[tag] = order.Uint32(value)
		}
	}
	return tags
}

func tiffConfig(file []byte) (image.Config, error) {
	tags := tiffTags(file)
	_, raw := tags[tagDNG]
	if raw || tags[tagSubfile]&1 == 1 && tags[tagSubIFDs] != 0 || tags[tagPhotometric] == 32803 || tags[tagPhotometric] == 34892 {
		return image.Config{}, unreadKind("raw camera (TIFF)", "") // the first page of most is a small picture for a list of files
	}
	kind := ""
	switch compression := tags[tagCompression]; {
	case compression == 6 || compression == 7:
		kind = "JPEG inside"
	case compression == 50000:
		kind = "Zstandard"
	case compression == 50001:
		kind = "WebP inside"
	case compression == 34925:
		kind = "LZMA"
	case compression == 33003 || compression == 33005 || compression == 34712:
		kind = "JPEG 2000 inside"
	case tags[tagPlanar] == 2 && tags[tagSamples] > 1:
		kind = "planes one after another"
	case tags[tagSampleFormat] == 3:
		kind = "floating point"
	case tags[tagSampleFormat] == 2:
		kind = "signed samples"
	case tags[tagPhotometric] == 5:
		kind = "CMYK"
	case tags[tagPhotometric] == 6:
		kind = "YCbCr"
	case tags[tagPhotometric] >= 8 && tags[tagPhotometric] <= 10:
		kind = "Lab"
	}
	if kind != "" {
		return image.Config{}, unreadKind("TIFF", kind)
	}
	return tiff.DecodeConfig(bytes.NewReader(file))
}

func decodeTIFF(file []byte) (image.Image, error) {
	m, err := tiff.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	tags := tiffTags(file)
	if g, ok := m.(*image.Gray); ok && tags[tagPhotometric] == 1 && (tags[tagCompression] == 3 || tags[tagCompression] == 4) {
		for i, v := range g.Pix { // a fax of which 0 is black comes out as its negative
			g.Pix[i] = 255 - v
		}
	}
	return m, nil
}
