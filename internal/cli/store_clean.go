package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/store"
)

// keptCache is how long a cache of pictures is kept that nobody has used.
const keptCache = 30 * 24 * time.Hour

// cleanable is something that `store clean` lists.
type cleanable struct {
	Kind    string    `json:"kind"` // trial, images, file, folder; cache
	Name    string    `json:"name"`
	Bytes   int64     `json:"bytes"`
	Changed time.Time `json:"changed"`
}

func storeClean(e *Env) *cobra.Command {
	var dry bool
	var days float64
	cmd := &cobra.Command{
		Use: "clean", Short: "list what no study shows, and remove it",
		Long: `Lists what no study shows any more: trials of removed studies and variants, models that no study has under keep, files that killed
processes left, reports of studies that are gone, and caches of pictures that nobody has used for 30 days (they are made again). Then removes it. What is leased, shown or in
use stays. Looks and readings of test splits are never removed.`,
		Example: "  assay store clean --dry-run\n  assay store clean --caches 0",
		Args:    args(0, 0, "nothing"),
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "list, and remove nothing")
	cmd.Flags().Float64Var(&days, "caches", keptCache.Hours()/24, "`DAYS` that an unused cache of pictures is kept")
	cmd.RunE = func(*cobra.Command, []string) error {
		if !(days >= 0) {
			return misuse(fmt.Errorf("--caches: %g days; give 0 or more", days))
		}
		return e.clean(dry, time.Duration(days*24*float64(time.Hour)))
	}
	return cmd
}

func (e *Env) clean(dry bool, keep time.Duration) error {
	open := store.OpenExisting
	if dry {
		open = store.OpenReading
	}
	st, err := open(e.Store, e.Clock)
	list := []cleanable{}
	switch {
	case errors.Is(err, fs.ErrNotExist): // caches alone
	case err != nil:
		return err
	default:
		defer st.Close()
		garbage, err := st.Garbage()
		if err == nil && !dry {
			garbage, err = st.Clean(garbage)
		}
		if err != nil {
			return err
		}
		for _, g := range garbage {
			list = append(list, cleanable(g))
		}
	}
	caches, err := data.CacheFiles(filepath.Join(e.Store, "cache"))
	if err != nil {
		return err
	}
	for _, f := range caches {
		if f.InUse || f.Kind != "unfinished" && e.Clock().Sub(f.Used) < keep {
			continue
		}
		c := cleanable{"cache", f.Path, f.Bytes, f.Used}
		if f.Root != "" {
			c.Name += " of " + f.Root
		}
		if !dry {
			_, gone, err := f.Free()
			if err != nil {
				return err
			}
			if !gone {
				continue
			}
		}
		list = append(list, c)
	}
	if e.JSON {
		return e.document(list)
	}
	total := int64(0)
	t := columns{head: []string{"kind", "what", "size", "changed"}}
	for _, c := range list {
		total += c.Bytes
		t.add(c.Kind, c.Name, size(c.Bytes), e.ago(c.Changed))
	}
	switch {
	case len(list) == 0:
		e.print("%s: nothing to remove\n", e.Store)
		return nil
	case dry:
		e.table(t)
		e.note("%s, %s; without --dry-run they are removed.", plural(len(list), "thing"), size(total))
	default:
		e.table(t)
		e.note("Removed %s, %s.", plural(len(list), "thing"), size(total))
	}
	return nil
}
