package cli

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/report"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/study/trial"
)

func studyExport(e *Env) *cobra.Command {
	var format, out string
	var images bool
	cmd := &cobra.Command{
		Use: "export [NAME]", Short: "the trials of a study as a table for other programs",
		Long: `Writes the trials of a study of the store, by default the one that changed last, as a table: a trial a row, with its metrics, costs and
digest. With --images it has a row for each validation image of each trial: which image, its class, whether it was taken for that,
and how sure the network was. Forms are CSV, JSON Lines and Parquet; --out FILE chooses by the ending.`,
		Example: "  assay study export first-study > trials.csv\n  assay study export first-study --images --out images.parquet\n  assay study export --format jsonl | jq .accuracy",
		Args:    args(0, 1, "nothing"),
		RunE: func(_ *cobra.Command, args []string) error {
			if format == "" {
				format = "csv"
				if ending := strings.TrimPrefix(filepath.Ext(out), "."); slices.Contains(report.Formats, ending) {
					format = ending
				}
			}
			if !slices.Contains(report.Formats, format) {
				hint := ""
				if near, ok := spec.Nearest(format, report.Formats); ok {
					hint = fmt.Sprintf("; did you mean %q?", near)
				}
				return misuse(fmt.Errorf("--format: no format %q; choose csv, jsonl or parquet%s", format, hint))
			}
			if format == "parquet" && out == "" {
				return misuse(errors.New("study export: parquet is no text; give a file: --out trials.parquet"))
			}
			if e.JSON {
				return misuse(errors.New("study export: --json and a table are different forms; give --format jsonl"))
			}
			st, name, err := e.existing(args)
			if err != nil {
				return err
			}
			defer st.Close()
			r, err := runner.Result(st, name)
			if err != nil {
				return err
			}
			var album *trial.Images
			if images {
				a, err := runner.OpenAlbum(st, name)
				if err != nil {
					return err
				}
				album = &a.Images
			}
			write := func(w io.Writer) error {
				if err := report.Export(w, r, format, album); err != nil {
					return fmt.Errorf("study %s: %w", name, err)
				}
				return nil
			}
			if out == "" {
				return write(e.Stdout)
			}
			if err := atomicfile.Write(out, write); err != nil {
				return err
			}
			e.note("%s: %s", out, plural(len(r.Trials), "trial"))
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "`FORM`: csv, jsonl or parquet; default: the ending of --out, else csv")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write; default: standard output")
	cmd.Flags().BoolVar(&images, "images", false, "a row for each validation image of each trial")
	return cmd
}
