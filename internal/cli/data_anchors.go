package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/spec"
)

func dataAnchors(e *Env) *cobra.Command {
	var out, with string
	var k, side, step int
	var seed uint64
	cmd := &cobra.Command{
		Use: "anchors FOLDER", Short: "shapes that stand for the boxes of a folder, for a detector to start from",
		Long: `Finds the shapes of boxes that a detector starts from: k-means on 1 - IoU over the boxes of all images that are neither test nor the
folder's own validation. They are given in shares of the window, in pixels at --size and in cells of --stride pixels, as darknet's files have
them, with how many boxes are nearest to each. Their fit is the mean IoU of a box with the anchor nearest to it. --out draws boxes
and anchors.`,
		Example: "  assay data anchors cells\n  assay data anchors cells --k 3 --size 608 --out anchors.svg",
		Args:    args(1, 1, "FOLDER"),
	}
	cmd.Flags().IntVar(&k, "k", 5, "`N` anchors")
	cmd.Flags().IntVar(&side, "size", 416, "`PIXELS` of the window's side")
	cmd.Flags().IntVar(&step, "stride", 32, "`PIXELS` of a cell's side")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "`N` that the first anchors are drawn by")
	cmd.Flags().StringVar(&out, "out", "", "SVG `FILE` to write")
	withFlag(cmd, &with)
	cmd.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case k < 1 || k > 100:
			return misuse(errors.New("--k: give 1 to 100 anchors"))
		case side < 1 || side > 1<<14 || step < 1 || step > side:
			return misuse(errors.New("--size, --stride: give 1 to 16384 pixels, and cells no larger than the window"))
		}
		images, keys, err := sourceWith(args[0], with)
		if err != nil {
			return misuse(err)
		}
		set, err := e.look(c.Context(), images)
		if _, ok := errors.AsType[*spec.Fault](err); ok && keys != nil {
			return misuse(keys.At(err))
		}
		if err != nil {
			return err
		}
		defer set.Close()
		found, err := set.Anchors(k, seed)
		if err != nil {
			return failed(err)
		}
		a := anchorsOf(set, found, side, step)
		if out != "" {
			draw := func(w io.Writer) error { _, err := io.WriteString(w, a.svg(set)); return err }
			if err := atomicfile.Write(out, draw); err != nil {
				return fmt.Errorf("%s: cannot be written: %w", out, err)
			}
		}
		if e.JSON {
			return e.document(a)
		}
		e.printAnchors(a)
		return nil
	}
	return cmd
}

// anchors are what data anchors finds.
type anchors struct {
	Name    string   `json:"name"`
	Boxes   int      `json:"boxes"` // that they are of
	Size    int      `json:"size"`
	Stride  int      `json:"stride"`
	IoU     float64  `json:"iou"` // mean over boxes, with the nearest anchor
	Anchors []anchor `json:"anchors"`
}

type anchor struct {
	Share  [2]float64 `json:"share"` // width, height, of the window's
	Pixels [2]float64 `json:"pixels"`
	Cells  [2]float64 `json:"cells"`
	Boxes  int        `json:"boxes"` // nearest to it
}

func anchorsOf(set *data.Set, found [][2]float64, side, step int) anchors {
	shapes := set.Shapes()
	a := anchors{Name: set.Name, Boxes: len(shapes), Size: side, Stride: step}
	all := make([]box.Shape, len(found))
	for i, f := range found {
		all[i] = f
		px := [2]float64{f[0] * float64(side), f[1] * float64(side)}
		a.Anchors = append(a.Anchors, anchor{Share: f, Pixels: px, Cells: [2]float64{px[0] / float64(step), px[1] / float64(step)}})
	}
	a.IoU = box.Fit(shapes, all)
	for _, s := range shapes {
		at, _ := s.Nearest(all)
		a.Anchors[at].Boxes++
	}
	return a
}

func (e *Env) printAnchors(a anchors) {
	e.print("%s  %s of %s, mean IoU %.3f\n\n", e.bold(a.Name), plural(len(a.Anchors), "anchor"), plural(a.Boxes, "box"), a.IoU)
	t := columns{head: []string{"anchor", "share", fmt.Sprintf("pixels at %d", a.Size), fmt.Sprintf("cells of %d", a.Stride), ">boxes"}}
	for i, x := range a.Anchors {
		t.add(fmt.Sprint(i+1), fmt.Sprintf("%.4f x %.4f", x.Share[0], x.Share[1]), fmt.Sprintf("%.0f x %.0f", x.Pixels[0], x.Pixels[1]), fmt.Sprintf("%.3f x %.3f", x.Cells[0], x.Cells[1]), thousands(x.Boxes))
	}
	e.table(t)
	var cells []string
	for _, x := range a.Anchors {
		cells = append(cells, fmt.Sprintf("%.4f,%.4f", x.Cells[0], x.Cells[1]))
	}
	e.print("\nin darknet's files: anchors = %s\n", strings.Join(cells, ", "))
}

// maxDots is how many boxes a drawing shows: of more it shows some, evenly taken.
const maxDots = 3000

// svg draws width and height of the boxes, each in the colour of its anchor, and beside it the anchors as they lie in the window.
func (a anchors) svg(set *data.Set) string {
	const side, gap, left = 420.0, 56.0, 52.0
	colours := []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d00", "#555555"}
	colour := func(i int) string { return colours[i%len(colours)] }
	all := make([]box.Shape, len(a.Anchors))
	far := 0.0
	for i, x := range a.Anchors {
		all[i] = x.Share
	}
	shapes := set.Shapes()
	for _, s := range shapes {
		far = max(far, s[0], s[1])
	}
	top := 1.0 // of both axes, in shares
	for _, t := range []float64{0.125, 0.25, 0.5} {
		if far <= t {
			top = t
			break
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12" fill="#222">`, left+2*side+gap+12, side+78)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%g" y="18" font-size="14">%d anchors for %d boxes, mean IoU %.3f</text>`, left, len(all), len(shapes), a.IoU)
	const y0 = 34.0
	at := func(v float64) float64 { return v / top * side }
	for i := 0; i <= 4; i++ {
		v := top * float64(i) / 4
		fmt.Fprintf(&b, `<path d="M%.1f %.1fV%.1fM%.1f %.1fH%.1f" stroke="#ddd"/>`, left+at(v), y0, y0+side, left, y0+side-at(v), left+side)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f</text><text x="%.1f" y="%.1f" text-anchor="end">%.0f</text>`, left+at(v), y0+side+16, v*float64(a.Size), left-6, y0+side-at(v)+4, v*float64(a.Size))
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">width, pixels at %d</text><text transform="translate(14 %g) rotate(-90)" text-anchor="middle">height, pixels at %d</text>`, left+side/2, y0+side+34, a.Size, y0+side/2, a.Size)
	every := (len(shapes) + maxDots - 1) / maxDots
	for i := 0; i < len(shapes); i += max(1, every) {
		k, _ := shapes[i].Nearest(all)
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="1.8" fill="%s" fill-opacity=".45"/>`, left+at(shapes[i][0]), y0+side-at(shapes[i][1]), colour(k))
	}
	right := left + side + gap
	fmt.Fprintf(&b, `<rect x="%g" y="%g" width="%g" height="%g" fill="none" stroke="#999"/>`, right, y0, side, side)
	for i := len(all) - 1; i >= 0; i-- {
		w, h := all[i][0]*side, all[i][1]*side
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity=".08" stroke="%s" stroke-width="2"/>`, right+(side-w)/2, y0+(side-h)/2, w, h, colour(i), colour(i))
	}
	for i, s := range all {
		x, y := left+at(s[0]), y0+side-at(s[1])
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="8" fill="#fff" stroke="%s" stroke-width="2"/><text x="%.1f" y="%.1f" text-anchor="middle" font-size="11">%d</text>`, x, y, colour(i), x, y+4, i+1)
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">the anchors in a window of %dx%d</text></svg>`, right+side/2, y0+side+34, a.Size, a.Size)
	return b.String() + "\n"
}
