package cli

import (
	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/store"
)

// completion offers words for what is typed behind a command.
type completion = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completed gives a command the completion of its first word; those behind it are files.
func completed(c *cobra.Command, first completion) *cobra.Command {
	c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return first(c, args, begun)
	}
	return c
}

// endingIn offers files of these endings.
func endingIn(endings ...string) completion {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}

// studies offers the studies of the store, the latest first, with their questions. A name that a shell could not show is left out.
func (e *Env) studies(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	st, err := store.OpenExisting(e.Store, e.Clock)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer st.Close()
	list, err := runner.List(st)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, s := range list {
		if say.Printable(s.Name) == s.Name {
			names = append(names, s.Name+"\t"+say.Printable(s.Question))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
