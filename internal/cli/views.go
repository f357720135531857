package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/model"
)

// viewsFlag is --views of commands that ask a model.
func viewsFlag(cmd *cobra.Command, views *string) {
	cmd.Flags().StringVar(views, "views", "", "`KIND` of views that are averaged: centre, flip, five, ten or dense; default: as it was trained with")
	_ = cmd.RegisterFlagCompletionFunc("views", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return kinds(), cobra.ShellCompDirectiveNoFileComp
	})
}

func kinds() []string {
	var names []string
	for _, v := range data.AllViews() {
		names = append(names, string(v))
	}
	return names
}

// look has a model look at pictures by other views than it was trained with, where some are given.
func look(m *model.Model, views string) error {
	switch {
	case views == "":
		return nil
	case !slices.Contains(kinds(), views):
		mend := "choose one of centre, flip, five, ten, dense"
		if near, ok := spec.Nearest(views, kinds()); ok {
			mend = fmt.Sprintf("did you mean %q?", near)
		}
		return misuse(fmt.Errorf("--views: no views %q; %s", views, mend))
	}
	m.About.Preprocess.Views = data.Views(views)
	if _, err := m.Graph.Sized(m.About.Preprocess.Input()); err != nil {
		return misuse(fmt.Errorf("--views: %s: %w", views, err))
	}
	return nil
}
