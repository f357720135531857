package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/task"
)

// prediction is a line of `assay predict --json`.
type prediction struct {
	File    string        `json:"file"`
	Classes []probability `json:"classes"`
}

// unread is the line of a picture that cannot be read.
type unread struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

type probability struct {
	Name        string  `json:"name"`
	Probability float64 `json:"probability"`
}

func predictCommand(e *Env) *cobra.Command {
	var top int
	var views string
	var boxes detection
	cmd := &cobra.Command{
		Use: "predict MODEL IMAGE|FOLDER...", Short: "what a model sees in pictures",
		Long: `Prints the most probable classes of each picture, with probabilities; of a detector the boxes that it finds, with their class, score, upper
left corner, width and height in pixels, the surest first; --draw, --yolo and --coco write them to files as well. Pictures are prepared as in training: what that takes travels
with the model. A folder stands for all pictures in it, - for one on standard input. With --json: an object a line, of a picture that
cannot be read its file and the error; then the exit code is 1.`,
		Example: "  assay predict winner.safetensors cat.jpg\n  assay predict winner.safetensors *.jpg --top 1 --json\n  assay predict winner.safetensors holiday\n  assay predict detector.safetensors holiday --conf 0.5 --draw found",
		Args:    args(2, -1, "MODEL or IMAGE"),
	}
	cmd.Flags().IntVar(&top, "top", 5, "`N` classes of each picture")
	viewsFlag(cmd, &views)
	boxes.flags(cmd)
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if top < 1 {
			return misuse(fmt.Errorf("--top: %d; give 1 or more", top))
		}
		m, err := model.Load(args[0])
		if err != nil {
			return err
		}
		if err := look(m, views); err != nil {
			return err
		}
		eng, err := e.engine(e.Threads)
		if err != nil {
			return err
		}
		defer eng.Close()
		p, err := m.Predictor(eng)
		if err != nil {
			return err
		}
		defer p.Close()
		s := &seer{e: e, p: p, top: top, width: widest(m.About.Classes), several: len(args) > 2}
		if s.boxes, err = boxes.of(c, m, p); err != nil {
			return err
		}
		if s.boxes != nil {
			s.top = boxes.most
		}
		for _, word := range args[1:] {
			if err := s.word(c.Context(), word); err != nil {
				return err
			}
		}
		if err := s.boxes.end(); err != nil {
			return err
		}
		for i, err := range s.bad {
			if i == len(s.bad)-1 {
				return err
			}
			e.complain(err)
		}
		return nil
	}
	return cmd
}

// seer shows what a model sees in one picture after the other.
type seer struct {
	e       *Env
	p       *model.Predictor
	top     int
	width   int        // columns of the longest class
	several bool       // pictures: each is named
	boxes   *detection // of a detector, else nil
	bad     []error
}

// word shows the pictures that a word of the command line means: a file, those in a folder, or what comes on standard input.
func (s *seer) word(ctx context.Context, word string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if scheme, _, ok := strings.Cut(word, "://"); ok && scheme != "" {
		return s.tell(word, nil, fmt.Errorf("%s: is a URL, and nothing is downloaded here; fetch it and give the file", word))
	}
	if word == "-" {
		return s.read("standard input", os.Stdin)
	}
	if info, err := os.Stat(word); err == nil && info.IsDir() {
		return s.folder(ctx, word)
	}
	if s.boxes != nil { // whose bytes are wanted twice
		if f, err := os.Open(word); err == nil {
			defer f.Close()
			return s.read(word, f)
		}
	}
	guesses, err := s.p.File(word, s.top)
	return s.tell(word, guesses, err)
}

// folder shows all pictures in a folder and below it, in the order of their names. Files that are not called a picture are left
// aside.
func (s *seer) folder(ctx context.Context, dir string) error {
	tree, err := format.List(dir, nil)
	if err != nil {
		return err
	}
	s.several = true
	seen := 0
	err = tree.Each(ctx, picture, func(name string, _ int64, r io.Reader) error {
		seen++
		return s.read(filepath.Join(dir, filepath.FromSlash(name)), r)
	})
	if err == nil && seen == 0 {
		err = fmt.Errorf("%s: no pictures in this folder; give another, or files", dir)
	}
	return err
}

// read shows a picture whose bytes come from r; file is its name.
func (s *seer) read(file string, r io.Reader) error {
	b, err := format.ReadAll(r, format.MaxFileBytes)
	var guesses []task.Guess
	var h, w int
	if err == nil {
		guesses, h, w, err = s.p.Sized(b, s.top)
	}
	if err == nil && s.boxes != nil {
		err = s.boxes.keep(file, b, h, w, guesses)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return s.tell(file, guesses, err)
}

// picture reports whether a file is called a picture.
func picture(name string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".jxl", ".jp2", ".ppm", ".pgm", ".pnm"}, strings.ToLower(path.Ext(name)))
}

// tell prints what was seen in a picture, or that it could not be read: with --json in its line, else at the end.
func (s *seer) tell(file string, guesses []task.Guess, err error) error {
	if err == nil && s.boxes != nil {
		return s.e.printBoxes(file, guesses, s.width, s.several)
	}
	if err == nil {
		return s.e.printGuesses(file, guesses, s.width, s.several)
	}
	s.bad = append(s.bad, err)
	if !s.e.JSON {
		return nil
	}
	return s.e.object(unread{file, strings.TrimPrefix(oneLine(err), file+": ")})
}

func (e *Env) printGuesses(file string, guesses []task.Guess, width int, several bool) error {
	switch {
	case e.JSON:
		p := prediction{File: file, Classes: []probability{}}
		for _, g := range guesses {
			p.Classes = append(p.Classes, probability{g.Name, g.Probability})
		}
		return e.object(p)
	case !e.Terminal:
		for _, g := range guesses {
			e.print("%s\t%s\t%.4f\n", file, g.Name, g.Probability)
		}
		return nil
	}
	if several {
		e.print("%s\n", e.bold(file))
	}
	for _, g := range guesses {
		e.print("  %-*s  %5.1f %%  %s\n", width, g.Name, 100*g.Probability, e.dim(strings.Repeat("#", int(30*g.Probability+0.5))))
	}
	return nil
}
