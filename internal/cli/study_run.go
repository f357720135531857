package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/report"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
)

func studyRun(e *Env) *cobra.Command {
	var as, folder string
	var repeats int
	var bare bool
	cmd := &cobra.Command{
		Use: "run FILE", Short: "run a study, go on with it, or let it grow",
		Long: `Trains the base and every variant of a study file, each several times with paired seeds, judges them, and writes a report and
winner.yaml, the best arm as an experiment. Each trial is kept when it ends: stop it whenever you like, the same command goes on
where it was and ends in the same bits.

A study grows: edit the file (more repeats, other variants, another name or remark) and run it again. What the store has, from this
study or another, is found by what it is; only what is new is trained. Repeats never shrink. Each judgement of what has grown is
stricter than the one before, so that looking again and again proves nothing that is not so.`,
		Example: "  assay study run photos.yaml\n  assay study run photos.yaml --repeats 8\n  assay study run examples/first-study.yaml --data my-photos --as mine",
		Args:    args(1, 1, "FILE"),
	}
	cmd.Flags().StringVar(&folder, "data", "", "`FOLDER` of images in place of the file's")
	cmd.Flags().StringVar(&as, "as", "", "`NAME` in the store; default: the file's name")
	cmd.Flags().IntVar(&repeats, "repeats", 0, "`N` repeats in place of the file's")
	cmd.Flags().BoolVar(&bare, "no-pictures", false, "a report without pictures of the data set")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if as != "" && !plainName(as) {
			return misuse(fmt.Errorf("--as: %q is no name for a study; use letters, digits and hyphens", as))
		}
		if c.Flags().Changed("repeats") && (repeats < 1 || repeats > study.MaxRepeats) {
			return misuse(fmt.Errorf("--repeats: %d; give 1 to %d", repeats, study.MaxRepeats))
		}
		return e.studyRun(c.Context(), args[0], as, folder, repeats, bare)
	}
	return cmd
}

func (e *Env) studyRun(ctx context.Context, file, as, folder string, repeats int, bare bool) error {
	s, err := e.openStudy(ctx, file, as, folder, repeats)
	if err != nil {
		return err
	}
	defer s.Close()
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program to start trials with: %w", err)
	}
	e.note("%s   %s", e.boldNote(s.Study.Question), e.extent(s))
	if t := tells(s); t != "" {
		e.note("%s", t)
	}
	for _, w := range s.Foresee().Warnings {
		e.note("careful: %s", w)
	}
	w := &watch{e: e, s: s, bar: e.bar(), began: e.Clock(), at: map[int]runner.Event{}}
	w.bar.set(0, "looking at what is kept")
	ran, err := s.Run(ctx, runner.Processes{Program: executable}, w.on)
	w.bar.end()
	if err != nil {
		return err
	}
	st, err := store.OpenReading(e.Store, e.Clock)
	if err != nil {
		return err
	}
	defer st.Close()
	var pictures func([]string) map[string][]byte
	if !bare {
		pictures = func(hashes []string) map[string][]byte {
			set, err := s.Set(ctx, s.Study.Base)
			return e.pictures(ctx, set, err, s.Study.Base, hashes)
		}
	}
	in, paths, err := e.writeReport(st, ran.Result, s.Dir(), pictures)
	if err != nil {
		return err
	}
	in.Ran = ran.Trials
	if err := e.printStudy(in, paths[0]); err != nil {
		return err
	}
	return e.ended(s, ran.End)
}

// ended says what a run left undone; it is an error where the same command, here and now, should have done it.
func (e *Env) ended(s *runner.Session, end study.End) error {
	switch end.Kind {
	case study.BudgetSpent:
		e.note("The budget of %s is spent, %s not run; a larger one goes on.", s.Study.Budget, plural(end.Left, "trial"))
	case study.SomeFailed:
		return fmt.Errorf("study %s: %s failed; the same command tries again", s.Name, plural(len(end.Failed), "trial"))
	case study.OtherEngine:
		var lines []string
		for _, o := range end.Elsewhere {
			lines = append(lines, o.String())
		}
		return fmt.Errorf("study %s: %s", s.Name, strings.Join(lines, "; "))
	}
	if end.Beyond > 0 {
		e.note("%s of arms that this file does not have, of another process's edit, not run.", plural(end.Beyond, "trial"))
	}
	if !end.OK() {
		return fmt.Errorf("study %s: %s not run (%s); run the same command again", s.Name, plural(end.Left, "trial"), end.Kind)
	}
	return nil
}

// extent is "7 arms x 3 repeats on 2 threads".
func (e *Env) extent(s *runner.Session) string {
	text := fmt.Sprintf("%s x %s", plural(len(s.Plan.Arms), "arm"), plural(s.Study.Repeats, "repeat"))
	if h := s.Hours(); h > 0 {
		text += ", about " + about(time.Duration(h*float64(time.Hour)))
	}
	return text + " on " + plural(e.Threads, "thread")
}

// printStudy prints a judged study: JSON, or the table with the paths.
func (e *Env) printStudy(in report.Input, page string) error {
	if e.JSON {
		return report.JSON(e.Stdout, in, page)
	}
	e.note("")
	if err := report.Terminal(e.Stdout, in, e.tableWidth(), e.Color); err != nil {
		return err
	}
	e.note("")
	if page != "" {
		e.note("Report: %s", page)
	}
	if in.Winner != "" {
		e.note("Winner: %s  (assay train %s)", in.Winner, in.Winner)
	}
	return nil
}

// boldNote is bold where messages go to a terminal.
func (e *Env) boldNote(s string) styled {
	if e.Watched && e.Color {
		return e.bold(s)
	}
	return styled(say.Printable(s))
}

// watch turns the news of a run into a bar, or into a line a trial.
type watch struct {
	e     *Env
	s     *runner.Session
	bar   *bar
	began time.Time
	base  float64              // share that was done before
	at    map[int]runner.Event // trials under way, by worker
}

func (w *watch) on(ev runner.Event) {
	switch {
	case ev.Begins:
		w.base, w.began = float64(ev.Done)/float64(max(ev.Total, 1)), w.e.Clock()
		if ev.Done > 0 {
			w.bar.line("%d of %d trials are there already", ev.Done, ev.Total)
		}
		text := ev.Note
		if h := w.s.Hours() * (1 - w.base); h > 0 {
			text += ", about " + about(time.Duration(h*float64(time.Hour)))
		}
		w.bar.line("%s", text)
	case ev.Note != "":
		w.bar.line("%s", ev.Note)
	case ev.Ended != nil:
		delete(w.at, ev.Worker)
		if line := ended(ev); !w.e.drawing() || ev.Ended.Status != trial.Done || w.e.Verbose {
			w.bar.line("%s", line)
		}
	case ev.Step != nil:
		w.at[ev.Worker] = ev
	}
	w.draw(ev)
}

// ended is a trial in a line: "[ 3/21] elu #1  87.90 %  12 s".
func ended(ev runner.Event) string {
	width := len(fmt.Sprint(ev.Total))
	head := fmt.Sprintf("[%*d/%d] %s #%d", width, ev.Done, ev.Total, ev.Arm, ev.Repeat)
	switch t := ev.Ended; t.Status {
	case trial.Done:
		score, there := t.Score(cmp.Or(ev.Judged, runner.Validation))
		if there && score.Diverged() {
			return fmt.Sprintf("%s  diverged: %s has figures that are not finite", head, score.Name)
		}
		said := ""
		if purpose, err := task.New(t.Spec.Task, nil); err == nil {
			m := purpose.Metrics()[0]
			said = "  " + strings.TrimSpace(measured(m, score.Metrics[m.Name]))
		}
		return fmt.Sprintf("%s%s  %s", head, said, about(time.Duration(t.Seconds*float64(time.Second))))
	case trial.Diverged:
		return fmt.Sprintf("%s  diverged: %s", head, t.Reason)
	default:
		return fmt.Sprintf("%s  failed: %s", head, t.Reason)
	}
}

func (w *watch) draw(ev runner.Event) {
	if !w.e.drawing() || ev.Total == 0 {
		return
	}
	done, rate := float64(ev.Done), 0.0
	var names []string
	epoch := ""
	for i, worker := range slices.Sorted(maps.Keys(w.at)) {
		at := w.at[worker]
		done += float64(at.Step.Step) / float64(max(at.Step.Steps, 1))
		rate += at.Step.ImagesPerSec
		if i < 3 {
			names = append(names, fmt.Sprintf("%s #%d", at.Arm, at.Repeat))
		}
		if i == 0 {
			epoch = epochOf(*at.Step)
		}
	}
	share := done / float64(ev.Total)
	text := []string{fmt.Sprintf("%d of %d trials", ev.Done, ev.Total)}
	if names != nil {
		text = append(text, strings.Join(names, ", "), thousands(int(rate))+" images/s")
	}
	if l := left((share-w.base)/max(1-w.base, 1e-9), w.e.Clock().Sub(w.began)); l != "" {
		text = append(text, l)
	}
	line := strings.Join(text, "   ")
	if names != nil && len(line)+3+len(epoch) <= w.bar.room() { // what a narrow terminal can do without
		line = strings.Join(slices.Insert(text, 2, epoch), "   ")
	}
	w.bar.set(share, "%s", line)
}

// tableWidth is the columns of Stdout, 0 where it is no terminal.
func (e *Env) tableWidth() int {
	if !e.Terminal {
		return 0
	}
	return e.Width
}
