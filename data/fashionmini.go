package data

import (
	"embed"
	"io/fs"
)

// fashion-mini ships with the program, so that a first study needs no download: where it comes from, under which licence
// and with which checksums stands beside it in fashionmini/.
//
//go:embed fashionmini/*.gz fashionmini/classes.txt fashionmini/LICENSE fashionmini/ORIGIN.md
var fashionMiniFiles embed.FS

func fashionMini() (fs.FS, error) { return fs.Sub(fashionMiniFiles, "fashionmini") }
