package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// What a reader needs to write the study up: a paragraph on methods with its sources, and the ranking as tables for LaTeX and Markdown.

// Source is a paper that the judgement rests on, for the template.
type Source struct{ Cite, Text, DOI, bibtex string }

// The sources, each cited where what it brought was used.
var (
	dunnett      = source("dunnett1955", "Dunnett 1955", "Charles W. Dunnett", "A Multiple Comparison Procedure for Comparing Several Treatments with a Control", "Journal of the American Statistical Association", 50, "272", "1096--1121", 1955, "10.1080/01621459.1955.10501294")
	schuirmann   = source("schuirmann1987", "Schuirmann 1987", "Donald J. Schuirmann", "A Comparison of the Two One-Sided Tests Procedure and the Power Approach for Assessing the Equivalence of Average Bioavailability", "Journal of Pharmacokinetics and Biopharmaceutics", 15, "6", "657--680", 1987, "10.1007/BF01068419")
	brownForsyth = source("brown1974", "Brown and Forsythe 1974", "Morton B. Brown and Alan B. Forsythe", "Robust Tests for the Equality of Variances", "Journal of the American Statistical Association", 69, "346", "364--367", 1974, "10.1080/01621459.1974.10482955")
	boxHunter    = source("box1961", "Box and Hunter 1961", "George E. P. Box and J. Stuart Hunter", "The 2^{k-p} Fractional Factorial Designs", "Technometrics", 3, "3", "311--351", 1961, "10.1080/00401706.1961.10489951")
	plackett     = source("plackett1946", "Plackett and Burman 1946", "Robin L. Plackett and J. Peter Burman", "The Design of Optimum Multifactorial Experiments", "Biometrika", 33, "4", "305--325", 1946, "10.1093/biomet/33.4.305")
	efronMorris  = source("efron1973", "Efron and Morris 1973", "Bradley Efron and Carl Morris", "Stein's Estimation Rule and Its Competitors: An Empirical Bayes Approach", "Journal of the American Statistical Association", 68, "341", "117--130", 1973, "10.1080/01621459.1973.10481350")
	holm         = source("holm1979", "Holm 1979", "Sture Holm", "A Simple Sequentially Rejective Multiple Test Procedure", "Scandinavian Journal of Statistics", 6, "2", "65--70", 1979, "")
	falseFinds   = source("benjamini1995", "Benjamini and Hochberg 1995", "Yoav Benjamini and Yosef Hochberg", "Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple Testing", "Journal of the Royal Statistical Society B", 57, "1", "289--300", 1995, "10.1111/j.2517-6161.1995.tb02031.x")
)

func source(key, cite, authors, title, journal string, volume int, number, pages string, year int, doi string) Source {
	entry := fmt.Sprintf("@article{%s,\n  author  = {%s},\n  title   = {{%s}},\n  journal = {%s},\n  volume  = {%d},\n  number  = {%s},\n  pages   = {%s},\n  year    = {%d},\n", key, authors, title, journal, volume, number, pages, year)
	if doi != "" {
		entry += fmt.Sprintf("  doi     = {%s},\n", doi)
	}
	text := fmt.Sprintf("%s. %s. %s %d(%s), %s, %d.", authors, title, journal, volume, number, strings.ReplaceAll(pages, "--", "\u2013"), year)
	return Source{cite, text, doi, entry + "}\n"}
}

// methods is the paragraph on methods of a paper, and the sources that it cites.
func (k ranking) methods(version string) (text string, cited []Source) {
	cite := func(s Source) string {
		if !slices.Contains(cited, s) {
			cited = append(cited, s)
		}
		return "(" + s.Cite + ")"
	}
	what := fmt.Sprintf("%s of %s", counted(len(k.variants), "variant"), k.Net)
	if k.contrasts() {
		what = fmt.Sprintf("%s of %s", counted(len(k.variants)+1, "combination"), k.Net)
	}
	text = fmt.Sprintf("We compared %s on %s, %s each, with Assay%s. ", what, folder(k.Data), counted(k.Repeats, "training"), strings.TrimSuffix(" "+strings.Fields(version + " .")[0], " ."))
	switch d := k.Design; {
	case d.Kind == study.Fractional && d.Resolution == study.PlackettBurman:
		text += "Combinations are those of a design of two levels " + cite(plackett) + ". "
	case d.Kind == study.Fractional:
		text += fmt.Sprintf("Combinations are a fraction of resolution %s of all that there are %s. ", d.Resolution, cite(boxHunter))
	}
	text += "Trainings are paired: a repeat gives every arm the same split of the images, the same order and augmentation, and the same initial values of parameters of the same name and shape. "
	if k.Images > 0 {
		text += fmt.Sprintf("The outcome is the %s of the last weights on %s validation images. ", k.primary().Title, grouped(int64(k.Images)))
	}
	text += "Effects are least-squares estimates with repeats as blocks. "
	if level := k.confidence(); level != "interval" {
		if level == "of its look" {
			level = "the level of its look"
		}
		text += fmt.Sprintf("Intervals are simultaneous %s, at %s; their variance is that of seeds and of the validation images as a sample, crossed. ", cite(dunnett), level)
		if k.Delta > 0 {
			text += fmt.Sprintf("A difference is claimed where the interval excludes 0, and none where two one-sided tests %s place the effect within %s either way. ", cite(schuirmann), say.Amount(k.Delta, k.primary().Unit))
		}
		if k.Blocks >= 5 {
			text += "Arms whose spread differs " + cite(brownForsyth) + " are judged by their own differences; one of three times the others' spread is not always noticed, and makes some claim false in 7.5 % of simulated studies at eight repeats, not in 5. "
		}
	}
	if slices.ContainsFunc(k.variants, func(j study.Judgement) bool { return j.Diverged > 0 }) {
		text += "Arms with a diverged training are judged by how often it happens, by Fisher's exact test, adjusted for their number " + cite(holm) + ". "
	}
	if n := len(k.Looks); n > 0 {
		text += fmt.Sprintf("The study was looked at %s; all looks together, however many, err in at most 5\u00a0%% of studies. ", map[bool]string{true: "once", false: fmt.Sprintf("%d times", n)}[n == 1])
	}
	if k.WinnerShrunk != 0 {
		text += "The effect of the best arm is also given shrunk for having been chosen " + cite(efronMorris) + ". "
	}
	return strings.TrimSpace(text), cited
}

// bibtex is the entries of sources.
func bibtex(of []Source) string {
	var b strings.Builder
	for _, s := range of {
		b.WriteString(s.bibtex)
	}
	return b.String()
}

// cells are the ranking as tables for papers have it, a head and rows.
func (k ranking) cells() (head []string, rows [][]string) {
	head = []string{"arm", "effect, " + k.primary().Unit, "interval", "verdict", k.Metric, "training time", "parameters"}
	if k.contrasts() {
		head = head[:4]
		head[0] = "effect of"
	}
	for _, j := range append([]study.Judgement{k.base}, k.asked...) {
		row := []string{j.Name, nothing, nothing, k.called(j), fixed(j.Mean, k.decimals), k.slower(j), change(float64(j.Params), float64(k.against(j).Params))}
		if j.Effect != nil {
			row[1] = signed(*j.Effect, k.decimals)
		}
		if low, high, ok := bounds(j.Finding); ok {
			row[2] = interval(low, high, k.decimals)
		}
		if j.Baseline {
			row[5], row[6] = k.lasts(j), si(float64(j.Params))
		}
		rows = append(rows, row[:len(head)])
	}
	return head, rows
}

// latex is the ranking as a table of LaTeX, for the package booktabs.
func (k ranking) latex() string {
	head, rows := k.cells()
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			cells[i] = inLatex(c)
		}
		b.WriteString(strings.Join(cells, " & ") + " \\\\\n")
	}
	fmt.Fprintf(&b, "\\begin{tabular}{%s}\n\\toprule\n", "lrrl"+strings.Repeat("r", len(head)-4))
	line(head)
	b.WriteString("\\midrule\n")
	for _, r := range rows {
		line(r)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	return b.String()
}

// inLatex is a text with what LaTeX would take for its own escaped.
func inLatex(s string) string {
	return strings.NewReplacer("\\", "\\textbackslash{}", "{", "\\{", "}", "\\}", "&", "\\&", "%", "\\%", "$", "\\$", "#", "\\#", "_", "\\_", "~", "\\textasciitilde{}", "^", "\\textasciicircum{}",
		minus, "$-$", "+", "$+$", "\u00d7", "$\\times$", "\u00b1", "$\\pm$", "\u2248", "$\\approx$", nothing, "--", "\u00a0", "~").Replace(say.Printable(s))
}

// plainTable is the ranking as a table of Markdown.
func (k ranking) plainTable() string {
	head, rows := k.cells()
	var b strings.Builder
	for i, r := range append([][]string{head}, rows...) {
		for c := range r {
			r[c] = md(r[c])
		}
		b.WriteString("| " + strings.Join(r, " | ") + " |\n")
		if i == 0 {
			b.WriteString("| --- | ---: | ---: | --- |" + strings.Repeat(" ---: |", len(head)-4) + "\n")
		}
	}
	return b.String()
}
