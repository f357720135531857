package cli

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/assaylab/assay/draw"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func TestEveryNetworkHasAGraphAndAPicture(t *testing.T) {
	for _, n := range zoo.List() {
		if g, err := zoo.New(n.Name); err != nil {
			t.Error(err)
		} else if err := readable(g); err != nil {
			t.Errorf("%s: %v", n.Name, err)
		} else if err := legible(g); err != nil {
			t.Errorf("%s: %v", n.Name, err)
		}
	}
}

var (
	dotNode = regexp.MustCompile(`^\t"([^"\\]+)" \[label="([^"\\]|\\n)*"\];$`)
	dotOut  = regexp.MustCompile(`^\t"([^"\\]+)" \[shape=ellipse(, style=dashed)?\];$`)
	dotEdge = regexp.MustCompile(`^\t"([^"\\]+)" -> "([^"\\]+)";$`)
)

// readable reports what Graphviz would not read, or what is not there: every layer a node, every input an edge.
func readable(g *nn.Graph) error {
	text, err := g.Dot()
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != fmt.Sprintf("digraph %q {", g.Name) || lines[len(lines)-1] != "}" {
		return fmt.Errorf("begins %q and ends %q", lines[0], lines[len(lines)-1])
	}
	nodes, edges := map[string]bool{}, 0
	for _, l := range lines[2 : len(lines)-1] {
		if m := dotNode.FindStringSubmatch(l); m != nil {
			nodes[m[1]] = true
		} else if m := dotOut.FindStringSubmatch(l); m != nil {
			nodes[m[1]] = true
		} else if m := dotEdge.FindStringSubmatch(l); m != nil && nodes[m[1]] && nodes[m[2]] {
			edges++
		} else {
			return fmt.Errorf("line %q", l)
		}
	}
	want := len(g.Outputs)
	for _, n := range g.Nodes {
		want += len(n.In)
	}
	if len(nodes) != len(g.Nodes)+len(g.Outputs) || edges != want {
		return fmt.Errorf("%d nodes and %d edges of %d and %d", len(nodes), edges, len(g.Nodes)+len(g.Outputs), want)
	}
	return nil
}

// rectangle is a box of a picture.
type rectangle struct{ x, y, w, h float64 }

// legible reports marks that are no SVG, and boxes that are over one another or off the page.
func legible(g *nn.Graph) error {
	text, err := draw.SVG(g)
	if err != nil {
		return err
	}
	var boxes []rectangle
	var width, height float64
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		at := map[string]string{}
		for _, a := range e.Attr {
			at[a.Name.Local] = a.Value
		}
		number := func(name string) float64 { v, _ := strconv.ParseFloat(at[name], 64); return v }
		switch class, _, _ := strings.Cut(at["class"], " "); {
		case e.Name.Local == "svg":
			width, height = number("width"), number("height")
		case e.Name.Local == "circle":
			r := number("r")
			boxes = append(boxes, rectangle{number("cx") - r, number("cy") - r, 2 * r, 2 * r})
		case e.Name.Local == "rect" && class != "frame" && class != "paper":
			boxes = append(boxes, rectangle{number("x"), number("y"), number("width"), number("height")})
		}
	}
	for i, a := range boxes {
		if a.x < 0 || a.y < 0 || a.x+a.w > width || a.y+a.h > height {
			return fmt.Errorf("%v is off a page of %gx%g", a, width, height)
		}
		for _, b := range boxes[:i] {
			if a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h {
				return fmt.Errorf("%v lies over %v", a, b)
			}
		}
	}
	return nil
}
