// Package cli is the command line: one file a command, named after it. It is the only room that prints and exits, and may
// import all others. Start at [Main]; [Env] is what a command sees of the world.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/vbauerster/cupwriter"

	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/train"
)

// Exit codes.
const (
	Done        = 0
	Failed      = 1   // data, network or run: what was asked for could not be done
	Misused     = 2   // the command line or a file's text is wrong
	Interrupted = 130 // by SIGINT, SIGTERM or SIGHUP
)

// Env is what a command sees of the world, and the flags that all commands share. Data goes to Stdout, messages to Stderr.
type Env struct {
	Stdout, Stderr io.Writer
	Terminal       bool // Stdout is one
	Watched        bool // Stderr is a terminal: progress may be drawn
	Width          int  // columns of Stdout's terminal; 100 where there is none
	Color          bool // Stdout is a terminal and NO_COLOR is not set
	Clock          func() time.Time

	JSON    bool
	Quiet   bool
	Verbose bool
	Store   string // folder of the store
	Threads int    // at least 1 once a command runs
	Device  string // that this build has, once a command runs
	profile string // file for a processor profile
}

// Main runs the command line of this process and returns its exit code. The first SIGINT, SIGTERM or SIGHUP asks the command
// to stop, which writes what it has; the second ends the process at once.
func Main() int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // a terminal that closes; nohup has it ignored, and so it stays
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal has its default effect
	return NewEnv().Run(ctx, os.Args[1:])
}

// NewEnv is the world of this process.
func NewEnv() *Env {
	e := &Env{Stdout: os.Stdout, Stderr: os.Stderr, Width: 100, Clock: time.Now}
	out := cupwriter.New(os.Stdout, false)
	e.Terminal, e.Watched = out.IsTerminal(), cupwriter.New(os.Stderr, false).IsTerminal()
	if w, _, err := out.GetTermSize(); e.Terminal && err == nil && w > 0 {
		e.Width = w
	}
	e.Color = e.Terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return e
}

// Run executes one command line, without the program's name, and returns the exit code. An error is printed in one line.
func (e *Env) Run(ctx context.Context, args []string) int {
	root := e.root()
	root.SetArgs(args)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	err := root.ExecuteContext(ctx)
	if e.profile != "" {
		pprof.StopCPUProfile()
	}
	if err == nil {
		return Done
	}
	switch {
	case errors.Is(err, train.ErrInterrupted):
		e.complain(err)
		return Interrupted
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		e.complain(errors.New("interrupted; nothing was kept"))
		return Interrupted
	}
	e.complain(err)
	return codeOf(err)
}

// root is the command tree, in the order of the help page.
func (e *Env) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "assay",
		Short: "a lab for convolutional networks",
		Long: `Assay is a lab for convolutional networks. It answers one question on your own images:
which choices of architecture, of optimization and of learning pay, how much, and at what cost?`,
		Example: `  assay study new photos          # looks at a folder of images and writes photos.yaml
  assay study run photos.yaml     # trains every variant fairly, ranks them, writes a report
  assay train winner.yaml         # trains the winner to the end
  assay predict winner.safetensors cat.jpg`,
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true,
		Args: e.noSuchCommand, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return e.start(c) },
		Version:           Version(),
	}
	f := root.PersistentFlags()
	f.IntVar(&e.Threads, "threads", 0, "`N` processor threads, 1 to 4096; default ASSAY_THREADS, else the cores that this process may use")
	f.StringVar(&e.Device, "device", "", "`DEVICE` that computes: cpu; default ASSAY_DEVICE, else cpu (assay devices)")
	f.BoolVar(&e.JSON, "json", false, "print one JSON document, for scripts")
	f.BoolVarP(&e.Quiet, "quiet", "q", false, "print no progress and no notes")
	f.BoolVarP(&e.Verbose, "verbose", "v", false, "print more of what is done")
	f.StringVar(&e.Store, "store", "assay-store", "`DIR` of results and caches")
	f.StringVar(&e.profile, "cpuprofile", "", "write a processor profile to `FILE`")
	_ = f.MarkHidden("cpuprofile")
	root.SetVersionTemplate("assay {{.Version}}, " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "; assay version tells more\n")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	root.AddCommand(
		e.group("study", "compare variants of an experiment, fairly", studyNew(e), completed(studyRun(e), endingIn("yaml", "yml")), completed(studyPlan(e), endingIn("yaml", "yml")), completed(studyNoise(e), endingIn("yaml", "yml")), studyList(e),
			completed(studyShow(e), e.studies), completed(studyReport(e), e.studies), completed(studyTest(e), e.studies), completed(studyNext(e), e.studies), completed(studyExport(e), e.studies),
			completed(studyCompare(e), e.studies), completed(studyRm(e), e.studies)),
		e.group("store", "what is kept: trials, caches", storeCheck(e), storeClean(e)),
		completed(trainCommand(e), endingIn("yaml", "yml")), completed(evalCommand(e), endingIn("safetensors")), completed(predictCommand(e), endingIn("safetensors")),
		e.group("net", "networks: the zoo, and files", netList(e), netShow(e), netDiff(e), netExport(e), netGet(e)),
		e.group("approach", "the catalogue of choices", approachList(e), approachShow(e)),
		e.group("data", "images: built-in sets, and folders", dataList(e), dataGet(e), dataDescribe(e), dataShow(e), dataAnchors(e), dataTree(e), dataClean(e)),
		completed(adviseCommand(e), endingIn("yaml", "yml")),
		benchCommand(e),
		devicesCommand(e),
		versionCommand(e),
		trialCommand(e),
	)
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Short = "completion scripts for bash, zsh, fish and powershell"
		}
	}
	return root
}

// group is a command that only holds others.
func (e *Env) group(name, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: name, Short: short, Args: e.noSuchCommand, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	g.AddCommand(commands...)
	return g
}

// noSuchCommand refuses words behind a command that holds others, and offers the nearest of these.
func (e *Env) noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near, ok := spec.Nearest(args[0], names); ok {
		return misuse(fmt.Errorf("no command %q; did you mean %q?", strings.TrimPrefix(c.CommandPath()+" "+args[0], "assay "), strings.TrimPrefix(c.CommandPath()+" "+near, "assay ")))
	}
	return misuse(fmt.Errorf("no command %q; see %s --help", strings.TrimPrefix(c.CommandPath()+" "+args[0], "assay "), c.CommandPath()))
}

// mostThreads is more than any machine has cores.
const mostThreads = 4096

// start checks the shared flags before a command runs.
func (e *Env) start(c *cobra.Command) error {
	if !c.Flags().Changed("threads") {
		if text := os.Getenv("ASSAY_THREADS"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > mostThreads {
				return misuse(fmt.Errorf("ASSAY_THREADS: %q; give a number of threads, 1 to %d", text, mostThreads))
			}
			e.Threads = n
		} else {
			e.Threads = cpu.DefaultThreads()
		}
	}
	if e.Threads < 1 || e.Threads > mostThreads {
		return misuse(fmt.Errorf("--threads: %d; give 1 to %d", e.Threads, mostThreads))
	}
	if cores := cpu.DefaultThreads(); e.Threads > cores {
		e.detail("%s on %s: they wait for one another", plural(e.Threads, "thread"), plural(cores, "core"))
	}
	if err := e.device(); err != nil {
		return err
	}
	if e.Store == "" {
		return misuse(errors.New("--store: no folder; give one"))
	}
	if e.profile != "" {
		f, err := os.Create(e.profile)
		if err != nil {
			return err
		}
		return pprof.StartCPUProfile(f)
	}
	return nil
}

// use is the error of a command line, or of a word on it: exit code 2.
type use struct{ error }

func (u use) Unwrap() error { return u.error }

// misuse marks an error as one of the command line. nil stays nil.
func misuse(err error) error {
	if err == nil {
		return nil
	}
	return use{err}
}

// failure marks an error as one of data, network or run, though a place in a file goes with it: exit code 1.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return failure{err}
}

// codeOf is the exit code of an error.
func codeOf(err error) int {
	if _, ok := errors.AsType[failure](err); ok {
		return Failed
	}
	if _, ok := errors.AsType[use](err); ok {
		return Misused
	}
	if f, ok := errors.AsType[*spec.Fault](err); ok && f.File != "" {
		return Misused
	}
	return Failed
}

// flagError words what pflag found wrong, and offers the nearest flag.
func flagError(c *cobra.Command, err error) error {
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if short := missing.GetSpecifiedShortnames(); short != "" {
			return misuse(fmt.Errorf("no flag -%s; see %s --help", short[:1], c.CommandPath()))
		}
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		name := missing.GetSpecifiedName()
		if near, ok := spec.Nearest(name, names); ok {
			return misuse(fmt.Errorf("no flag --%s; did you mean --%s?", name, near))
		}
		return misuse(fmt.Errorf("no flag --%s; see %s --help", name, c.CommandPath()))
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return misuse(fmt.Errorf("--%s: nothing behind it; give a value", missing.GetFlag().Name))
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		kind := map[string]string{"int": "whole number", "bool": "true or false", "float64": "number", "duration": "time as in 30m"}[bad.GetFlag().Value.Type()]
		if kind != "" {
			return misuse(fmt.Errorf("--%s: %q is no %s", bad.GetFlag().Name, bad.GetValue(), kind))
		}
		return misuse(fmt.Errorf("--%s: %w", bad.GetFlag().Name, bad.Unwrap()))
	}
	return misuse(err)
}

// args checks the number of words behind a command; what names them: "NET", "A and B".
func args(low, high int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return misuse(fmt.Errorf("%s: %s is missing; write %s", strings.TrimPrefix(c.CommandPath(), "assay "), what, c.UseLine()))
		case high >= 0 && len(args) > high:
			return misuse(fmt.Errorf("%s: %q is one word too many; write %s", strings.TrimPrefix(c.CommandPath(), "assay "), args[high], c.UseLine()))
		}
		return nil
	}
}

// oneLine is an error as a person reads it: system errors in plain words, nothing that steers a terminal.
func oneLine(err error) string {
	text := err.Error()
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		text = reworded(text, p.Error(), p.Path, p.Err)
	} else if l, ok := errors.AsType[*os.LinkError](err); ok { // of a rename: what counts is the name that was meant
		text = reworded(text, l.Error(), l.New, l.Err)
	} else if no, ok := errors.AsType[syscall.Errno](err); ok {
		text = strings.Replace(text, no.Error(), plain(no), 1)
	}
	return say.Printable(strings.TrimSpace(text))
}

// reworded puts plain words for a system error where it stands in a text, and its path in front unless the text begins with that.
func reworded(text, old, path string, err error) string {
	words := path + ": " + plain(err)
	if strings.HasPrefix(text, path+": "+old) {
		words = plain(err)
	}
	return strings.Replace(text, old, words, 1)
}

// plain says what an error of the system means and what to do.
func plain(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file; check the name"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "not allowed; check its permissions"
	case errors.Is(err, syscall.EISDIR):
		return "is a folder; give a file"
	case errors.Is(err, syscall.ENOTDIR):
		return "no such file, since a part of its path is no folder; check the name"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full; make room"
	case errors.Is(err, syscall.ENOMEM):
		return "no memory is left for it; give this process more (ulimit -v)"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "too long a name; give a shorter one"
	}
	return err.Error()
}

// Version is what `assay version` prints: the module's version and the commit it was built from.
func Version() string {
	v := "unreleased"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v = info.Main.Version
	}
	return v
}
