package study

import (
	"fmt"

	"github.com/assaylab/assay/task"
)

// check tells what is wrong with a study's metrics.
func check(metrics []task.Metric) error {
	if len(metrics) == 0 {
		return fmt.Errorf("no metric; name what it is judged by")
	}
	seen := map[string]bool{}
	for _, m := range metrics {
		switch {
		case m.Name == "" || m.Column == "":
			return fmt.Errorf("metric %q of column %q: a metric has both names; give them", m.Name, m.Column)
		case seen[m.Name]:
			return fmt.Errorf("metric %q stands twice; keep one", m.Name)
		case m.Better != 1 && m.Better != -1:
			return fmt.Errorf("metric %q: better is %d; write 1 or -1", m.Name, m.Better)
		case bad(m.Scale) || m.Scale == 0 || bad(m.Least) || m.Least < 0:
			return fmt.Errorf("metric %q: scale %g, least %g; give finite ones, scale not 0", m.Name, m.Scale, m.Least)
		}
		seen[m.Name] = true
	}
	return nil
}
