// Package docs makes the pages of docs/ that follow from the catalogues: approaches/, a page a card with a drawing of what it does, and zoo.md,
// a table of the networks. A test holds the files to what [Pages] makes. It may import every room; nothing imports it but make. Start at
// [Pages]; `go generate ./internal/docs` writes them.
package docs

//go:generate go run ./make

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/approach"
)

// Dir is where the pages are, seen from this package's folder.
const Dir = "../../docs"

// Pages are the generated files by their path in [Dir].
func Pages() (map[string]string, error) {
	pages := map[string]string{}
	var err error
	if pages["zoo.md"], pages["googlenet.svg"], err = zooPage(); err != nil {
		return nil, err
	}
	pages["approaches/README.md"] = contents()
	for _, e := range approach.Catalog() {
		text, drawing, err := card(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		pages["approaches/"+e.Name+".md"] = text
		if drawing != "" {
			pages["approaches/"+e.Name+".svg"] = drawing
		}
	}
	return pages, nil
}

// table writes rows of cells, the first row the heads; a head that begins with ">" sets its column to the right.
func table(rows [][]string) string {
	var s strings.Builder
	for i, row := range rows {
		line := "|"
		rule := "|"
		for _, cell := range row {
			line += " " + strings.ReplaceAll(strings.TrimPrefix(cell, ">"), "|", `\|`) + " |"
			rule += " ---"
			if strings.HasPrefix(cell, ">") {
				rule += ":"
			}
			rule += " |"
		}
		s.WriteString(strings.ReplaceAll(line, "  |", " |") + "\n")
		if i == 0 {
			s.WriteString(rule + "\n")
		}
	}
	return s.String()
}

// plain keeps a text of the catalogue from being read as Markdown.
func plain(text string) string {
	return strings.NewReplacer("*", `\*`, "<", "&lt;", "_", `\_`).Replace(text)
}

// made says where a page comes from.
const made = "<!-- made by go generate ./internal/docs; edit the catalogue, not this page -->\n\n"
