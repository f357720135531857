package store

import (
	"database/sql"
	"encoding/json"

	"github.com/assaylab/assay/study/trial"
)

// Sets of images are kept once, by digest: all trials of a repeat are evaluated on the same. The digest is of the images and their
// labels; the sum, of their names too.

// putImages keeps a set, unless a sound one is there.
func putImages(tx *sql.Tx, digest string, im trial.Images) error {
	held, err := images(tx, digest)
	if err != nil || held != nil {
		return err
	}
	var texts [3]string
	for i, v := range []any{im.Hashes, im.Names, im.Classes} {
		if texts[i], err = text("images "+digest, v); err != nil {
			return err
		}
	}
	labels := packWholes(im.Labels)
	_, err = tx.Exec(`INSERT OR REPLACE INTO image_sets (digest, sum, hashes, labels, names, classes) VALUES (?, ?, ?, ?, ?, ?)`,
		digest, sum("images", digest, texts[0], labels, texts[1], texts[2]), texts[0], labels, texts[1], texts[2])
	return err
}

// images is a set, nil where there is none or a damaged one.
func images(tx *sql.Tx, digest string) (*trial.Images, error) {
	var found *trial.Images
	err := rows(tx, func(scan func(...any) error) {
		var of, hashes, names, classes string
		var labels []byte
		var im trial.Images
		if scan(&of, &hashes, &labels, &names, &classes) != nil || of != sum("images", digest, hashes, labels, names, classes) ||
			json.Unmarshal([]byte(hashes), &im.Hashes) != nil || json.Unmarshal([]byte(names), &im.Names) != nil || json.Unmarshal([]byte(classes), &im.Classes) != nil {
			return
		}
		im.Labels = unpackWholes(labels)
		if len(im.Labels) == len(im.Hashes) && im.Digest() == digest {
			found = &im
		}
	}, `SELECT sum, hashes, labels, names, classes FROM image_sets WHERE digest = ?`, digest)
	return found, err
}

// album holds sets that were read, nil for what is not there, so that one look reads each once.
type album map[string]*trial.Images

func (a album) set(tx *sql.Tx, digest string) (*trial.Images, error) {
	if im, ok := a[digest]; ok {
		return im, nil
	}
	im, err := images(tx, digest)
	if err == nil {
		a[digest] = im
	}
	return im, err
}
