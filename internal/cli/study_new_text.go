package cli

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
)

// text is the study file.
func (p *proposal) text() ([]byte, error) {
	width := 0
	for _, v := range p.Variants {
		width = max(width, len(v.Edit)+len(v.Name))
	}
	t := proposalShown{proposal: p, Careful: p.careful(), Told: p.told(), Question: "Which choices pay on " + p.Described.Name + "?", Command: say.Printable("assay study run " + say.Word(p.Out))}
	if p.Weights != "" {
		t.Question = "What do weights that have seen other images bring on " + p.Described.Name + "?"
	}
	t.Question = spec.NewText(t.Question).Flow()
	t.Optimization, t.Learning = p.lists()
	for _, v := range p.Variants {
		t.Lines = append(t.Lines, fmt.Sprintf("{name: %s, %s}%s  # %s", v.Name, v.Edit, strings.Repeat(" ", width-len(v.Edit)-len(v.Name)), v.Why))
	}
	var b strings.Builder
	err := proposalText.Execute(&b, t)
	return []byte(b.String()), err
}

// proposalShown is a proposal in the words of its file.
type proposalShown struct {
	*proposal
	Careful                       []string
	Told, Question, Command       string
	Optimization, Learning, Lines []string
}

var proposalText = template.Must(template.New("study").Funcs(template.FuncMap{"about": about, "plural": plural, "thousands": thousands, "figure": say.Figure}).Parse(
	`# {{plural .Described.Images "image"}} in {{plural (len .Described.Classes) "class"}}: {{thousands .Described.Parts.Train}} to train on, {{thousands .Described.Parts.Val}} for validation, {{thousands .Described.Parts.Test}} for the test.
# {{plural .Trials "trial"}}, about {{about .Took}} on {{plural .Threads "thread"}}. Run it, or go on with it:  {{.Command}}
{{- range .Careful}}
# Careful: {{.}}.
{{- end}}
question: {{.Question}}
base:
{{- if .Boxed}}
  task: detect  # judged by AP50, AP beside it: docs/average-precision.md
{{- end}}
  data: {{.Data}}{{if .Share}}  # {{thousands .Described.Parts.Val}} images to validate on, drawn anew each repeat: more tell smaller effects{{else if .Folds}}  # train and val together, dealt into {{.Folds}} folds: {{.Folds}} repeats validate every image once{{end}}
  net: {{.Net}}  # assay net list names others
{{- with .Rewrites}}
  architecture: {{.}}  # boxes in place of the classifier; their anchors are found in the images
{{- end}}
  optimization:
{{- range .Optimization}}
    - {{.}}
{{- end}}
  learning:
{{- range .Learning}}
    - {{.}}
{{- end}}
variants:  # the base with one change each; assay approach list names all there are
{{- range .Lines}}
  - {{.}}
{{- end}}
repeats: {{.Repeats}}  # with paired seeds: {{.Told}}
meaningful: {{.Meaningful}}  # points; {{if eq .Meaningful .Target}}an effect below it is told as none{{else}}{{figure .Target}} would matter, but so few images and repeats do not tell it{{end}}
`))
