package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// An export is a study as a table for other programs: a trial a row, or a validation image of a trial a row. What is not known is empty in
// CSV and null elsewhere; texts are as they are, but for what a spreadsheet would run or a terminal obey in CSV.

// Formats are those of [Export].
var Formats = []string{"csv", "jsonl", "parquet"}

// ErrNoImages is the error for an export of images that no trial has.
var ErrNoImages = errors.New("no trial has ended, so that there are no images; run it on")

// field is a column of an export. Its cells are of the kind of zero: a string, bool, int64 or float64, or nil where nothing is known.
type field struct {
	name string
	zero any
	of   func(study.Judgement, study.Trial, int) any // of an arm, its trial, and the place of an image in it
}

// fieldsOf are the columns of trials, by metric the primary first.
func fieldsOf(r *study.Result) []field {
	fs := []field{
		{"study", "", func(study.Judgement, study.Trial, int) any { return r.Name }},
		{"arm", "", func(j study.Judgement, _ study.Trial, _ int) any { return j.Name }},
		{"arm_id", "", func(j study.Judgement, _ study.Trial, _ int) any { return j.ID }},
		{"baseline", false, func(j study.Judgement, _ study.Trial, _ int) any { return j.Baseline }},
		{"repeat", int64(0), func(_ study.Judgement, t study.Trial, _ int) any { return int64(t.Repeat) }},
		{"status", "", func(_ study.Judgement, t study.Trial, _ int) any { return string(t.Status) }},
	}
	for _, m := range (ranking{Result: r}).metrics() {
		fs = append(fs, field{m.Name, 0.0, func(_ study.Judgement, t study.Trial, _ int) any {
			v, ok := t.Metrics[m.Name]
			return measured(v, ok)
		}})
	}
	return append(fs,
		field{"train_loss", 0.0, func(_ study.Judgement, t study.Trial, _ int) any {
			if len(t.Curve) == 0 {
				return nil
			}
			return measured(t.Curve[len(t.Curve)-1].TrainLoss, true)
		}},
		field{"steps", int64(0), func(_ study.Judgement, t study.Trial, _ int) any { return t.Step }},
		field{"seconds", 0.0, func(_ study.Judgement, t study.Trial, _ int) any { return measured(t.Seconds, t.Seconds > 0) }},
		field{"params", int64(0), func(j study.Judgement, _ study.Trial, _ int) any { return j.Params }},
		field{"macs", int64(0), func(j study.Judgement, _ study.Trial, _ int) any { return j.MACs }},
		field{"train_seconds", 0.0, func(j study.Judgement, _ study.Trial, _ int) any { return measured(j.TrainSeconds, j.TrainSeconds > 0) }},
		field{"weights_digest", "", func(_ study.Judgement, t study.Trial, _ int) any { return t.WeightsDigest }},
		field{"engine", "", func(_ study.Judgement, t study.Trial, _ int) any { return t.Engine }},
		field{"reason", "", func(_ study.Judgement, t study.Trial, _ int) any { return t.Reason }},
	)
}

// imageFields are the columns of images: which one, and what the trial keeps of it.
func imageFields(r *study.Result, album trial.Images) []field {
	id := func(t study.Trial, i int) int { return int(t.Images.IDs[i]) }
	fs := fieldsOf(r)[:5]
	fs = append(fs,
		field{"image", "", func(_ study.Judgement, t study.Trial, i int) any { return album.Hashes[id(t, i)] }},
		field{"file", "", func(_ study.Judgement, t study.Trial, i int) any { return album.Names[id(t, i)] }},
		field{"class", "", func(_ study.Judgement, t study.Trial, i int) any { return album.Classes[album.Labels[id(t, i)]] }},
	)
	names := map[string]bool{}
	for _, t := range r.Trials {
		for name := range t.Images.Columns {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fs = append(fs, field{name, 0.0, func(_ study.Judgement, t study.Trial, i int) any {
			c := t.Images.Columns[name]
			if i >= len(c) {
				return nil
			}
			return measured(float64(c[i]), true)
		}})
	}
	return fs
}

// measured is a figure of an export, nil where it is none.
func measured(x float64, ok bool) any {
	if !ok || !finite(x) {
		return nil
	}
	return x
}

// Export writes the trials of a judged study in a format of [Formats], in the order of the plan. With an album that has images it writes
// the validation images of each trial.
func Export(w io.Writer, r *study.Result, format string, album *trial.Images) error {
	if r == nil || len(r.Judged) == 0 {
		return ErrNotJudged
	}
	fs := fieldsOf(r)
	if album != nil {
		if len(album.Hashes) == 0 {
			return ErrNoImages
		}
		fs = imageFields(r, *album)
	}
	b := bufio.NewWriter(w)
	out, err := sinkOf(b, format, fs)
	if err != nil {
		return err
	}
	row := make([]any, len(fs))
	for _, t := range r.Trials {
		j, _ := r.Judgement(t.Arm)
		rows := 1
		if album != nil {
			rows = len(t.Images.IDs)
		}
		for i := range rows {
			for c, f := range fs {
				row[c] = f.of(j, t, i)
			}
			if err := out.row(row); err != nil {
				return err
			}
		}
	}
	if err := out.end(); err != nil {
		return err
	}
	return b.Flush()
}

// sink takes the rows of an export.
type sink interface {
	row([]any) error
	end() error
}

func sinkOf(w io.Writer, format string, fs []field) (sink, error) {
	switch format {
	case "csv":
		c := csvSink{csv.NewWriter(w)}
		var head []string
		for _, f := range fs {
			head = append(head, f.name)
		}
		return c, c.Write(head)
	case "jsonl":
		return jsonSink{w, fs}, nil
	case "parquet":
		return parquetOf(w, fs)
	}
	return nil, fmt.Errorf("no format %q; choose csv, jsonl or parquet", format)
}

type csvSink struct{ *csv.Writer }

func (c csvSink) row(cells []any) error {
	texts := make([]string, len(cells))
	for i, v := range cells {
		switch v := v.(type) {
		case string:
			texts[i] = say.Cell(say.Printable(v)) // it may go to a terminal
		case float64:
			texts[i] = strconv.FormatFloat(v, 'g', -1, 64)
		case int64:
			texts[i] = strconv.FormatInt(v, 10)
		case bool:
			texts[i] = strconv.FormatBool(v)
		}
	}
	return c.Write(texts)
}

func (c csvSink) end() error {
	c.Flush()
	return c.Error()
}

// jsonSink writes an object a line, its keys in the order of the fields.
type jsonSink struct {
	w      io.Writer
	fields []field
}

func (s jsonSink) row(cells []any) error {
	line := []byte("{")
	for i, v := range cells {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(strconv.AppendQuote(line, s.fields[i].name), ':'), say.JSON(text)...)
	}
	_, err := s.w.Write(append(line, '}', '\n'))
	return err
}

func (jsonSink) end() error { return nil }
