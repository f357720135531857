package runner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/study/trial"
)

// here runs a study in this process, and returns the arms that were trained and what was told.
func here(t *testing.T, file string) (ran *Ran, arms, notes []string) {
	t.Helper()
	ran, err := opened(t, file).Run(t.Context(), Here{onCPU}, func(e Event) {
		if e.Ended != nil {
			arms = append(arms, e.Arm)
		}
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(arms)
	return ran, arms, notes
}

// beside writes a study beside another, made of its text by pairs of old and new.
func beside(t *testing.T, file, name string, changes ...string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(file), name)
	if err := os.WriteFile(path, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// refusedWith opens a study that cannot be.
func refusedWith(t *testing.T, file string) string {
	t.Helper()
	s, err := Open(t.Context(), Request{File: file, Store: filepath.Join(filepath.Dir(file), "store"), Threads: 2, Open: onCPU})
	if err == nil {
		s.Close()
		return ""
	}
	return err.Error()
}

const few = "  - {name: elu, with: [{activation: elu}, dropout]}\n  - {name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}\n"

// TestAStudyStartsFromAnArmOfAnother: a study that kept nothing is asked to, trains its arm again to the same bits, and each repeat of
// the other study starts from the weights of that repeat.
func TestAStudyStartsFromAnArmOfAnother(t *testing.T) {
	file := studyFile(t, few, "", "test: 0", "test: 0.2")
	before, _, _ := here(t, file)
	second := beside(t, file, "second.yaml", "name: bn, with: [batchnorm]", "name: from, with: [{pretrain: {from: {study: tiny, arm: bn}}}]")
	want := `second.yaml:8:26: pretrain: from: study tiny has not kept the weights of "bn"; write keep: [bn] into its file and run it again, which trains it anew to the same bits and keeps them: assay study run ` + file
	if got := refusedWith(t, second); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	st, err := store.Open(filepath.Join(filepath.Dir(file), "store"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	bytes := func() int64 {
		list, err := List(st)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(list, func(s store.Summary) bool { return s.Name == "tiny" })
		return list[at].Bytes
	}
	small := bytes()
	edit(t, file, "repeats:", "keep: [bn]\nrepeats:")
	s := opened(t, file)
	if there, again := s.Found(); there != 4 || again != 2 {
		t.Errorf("%d found, %d again, want 4 and 2", there, again)
	}
	after, arms, notes := here(t, file)
	if !slices.Equal(arms, []string{"bn", "bn"}) {
		t.Errorf("trained %q, want bn twice", arms)
	}
	if says := "2 trials trained again for an evaluation or a model that is lacking, the last weights checked to be the same bits"; !slices.Contains(notes, says) {
		t.Errorf("told %q, want %q", notes, says)
	}
	kept := map[int]string{} // digests of weights
	for _, one := range after.Result.Trials {
		if one.Arm == "bn" {
			kept[one.Repeat] = one.WeightsDigest
		}
	}
	if len(before.Result.Trials) != len(after.Result.Trials) || kept[1] == kept[2] {
		t.Errorf("%d trials, weights %v", len(after.Result.Trials), kept)
	}
	if _, arms, _ := here(t, file); len(arms) > 0 {
		t.Errorf("the next run trained %q", arms)
	}
	models, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "store", "trials", "*.model"))
	if len(models) != 2 || bytes() < small+10_000 {
		t.Fatalf("models %q, a study of %d bytes, before %d", models, bytes(), small)
	}

	s = opened(t, second)
	if got := s.Starts[1]; !strings.HasPrefix(got, "weights of bn of study tiny: ") {
		t.Errorf("told %q", got)
	}
	for repeat := 1; repeat <= 2; repeat++ {
		of, err := s.spec(t.Context(), 1, repeat, "")
		if err != nil || of.Start != kept[repeat] {
			t.Errorf("repeat %d starts from %s, want %s (%v)", repeat, of.Start, kept[repeat], err)
		}
	}
	if ran, arms, _ := here(t, second); !ran.Result.Complete || !slices.Equal(arms, []string{"from", "from"}) { // the baseline's are found
		t.Errorf("trained %q, complete %v", arms, ran.Result.Complete)
	}

	if list, err := st.Garbage(); err != nil || len(list) > 0 {
		t.Errorf("garbage %v, %v", list, err)
	}
	edit(t, file, "keep: [bn]\n", "")
	here(t, file)
	list, err := st.Garbage()
	if err != nil || len(list) != 2 || list[0].Kind != store.GarbageFile || list[0].Bytes < 5000 {
		t.Errorf("garbage %v, %v", list, err)
	}
	if _, err := st.Clean(list); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "store", "trials", "*.model")); len(left) > 0 || err != nil {
		t.Errorf("left %q", left)
	}
	if found, err := st.Check(); err != nil || len(found) > 0 {
		t.Errorf("the store check finds %v, %v", found, err)
	}
	if got := refusedWith(t, second); !strings.Contains(got, `has not kept the weights of "bn"; write keep: [bn]`) {
		t.Errorf("without the models: %q", got)
	}
}

// TestWeightsOfAnArmAreRefused where they saw images that judge, by content, whatever the names; and so is what is not there.
func TestWeightsOfAnArmAreRefused(t *testing.T) {
	file := studyFile(t, few, "", "repeats:", "keep: [bn, baseline]\nrepeats:", "test: 0", "test: 0.2")
	here(t, file)
	of := func(name string, changes ...string) string {
		t.Helper()
		return refusedWith(t, beside(t, file, name, append([]string{"keep: [bn, baseline]\n", "", "name: bn, with: [batchnorm]", "name: from, with: [{pretrain: {from: {study: tiny, arm: bn}}}]"}, changes...)...))
	}
	if got := of("ok.yaml"); got != "" {
		t.Fatal(got)
	}
	for what, c := range map[string]struct{ old, new, want string }{
		"other split":  {"repeats: 2", "repeats: 2\nseed: 3", "validation images of repeat 1, of which figures would say nothing; give both studies the same data, val, seed and number of repeats"},
		"more repeats": {"repeats: 2", "repeats: 3", `study tiny has 2 repeats of "bn", and this one a repeat 3, which has to start from its own; give this study 2, or that one more`},
		"tune":         {"repeats: 2", "repeats: 2\ntune: {lr: 3}", "tune judges by a part of these; leave tune out"},
	} {
		if got := of(strings.ReplaceAll(what, " ", "-")+".yaml", c.old, c.new); !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: got %q, want %q", what, got, c.want)
		}
	}
	for from, want := range map[string]string{
		"study: tini, arm: bn":   `from: no study "tini" in ` + filepath.Join(filepath.Dir(file), "store") + `; did you mean "tiny"?`,
		"study: tiny, arm: bm":   `from: study tiny has no arm "bm"; did you mean "bn"?`,
		"study: self, arm: bn":   "from: bn of study self is an arm of this very study",
		"study: tiny":            `the key "arm" is missing`,
		"study: tiny, arms: bn":  `unknown key "arms"; did you mean "arm"?`,
		"study: tiny, arm: ''":   "an arm without a name",
		"study: 'tiny~', arm: x": `from: no study "tiny~"`,
	} {
		if got := refusedWith(t, beside(t, file, "self.yaml", "name: bn, with: [batchnorm]", "name: from, with: [{pretrain: {from: {"+from+"}}}]", "keep: [bn, baseline]\n", "")); !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%s: got %q, want %q", from, got, want)
		}
	}
	if got, want := refusedWith(t, beside(t, file, "keeps.yaml", "keep: [bn, baseline]", "keep: [bn, base]")), `keeps.yaml:9:12: keep: the study has no arm "base"`; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	models, err := filepath.Glob(filepath.Join(filepath.Dir(file), "store", "trials", "*.model"))
	if err != nil || len(models) != 4 {
		t.Fatal(models, err)
	}
	m, err := model.Load(models[0])
	if err != nil || len(m.Seen.Trained) == 0 || m.About.Classes[1] != "b" {
		t.Errorf("%v, %+v", err, m.About)
	}
	for _, file := range models {
		if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := of("damaged.yaml"); !strings.Contains(got, ".model: ") {
		t.Errorf("damaged: %q", got)
	}
}

// TestAnArmThatDivergedHasNoWeights, nor one that has not ended; one repeat is for all, where it saw nothing that judges.
func TestAnArmThatDivergedHasNoWeights(t *testing.T) {
	file := studyFile(t, few, "", "repeats:", "keep: [bn]\nrepeats:")
	if _, _, _, err := faked(t, file, func(r trial.Request, result *trial.Result) string {
		if strings.HasPrefix(r.Name, "bn #2") {
			result.Status, result.Weights, result.Scores = trial.Diverged, "", nil
		}
		if strings.HasPrefix(r.Name, "bn #1") {
			return "killed"
		}
		return ""
	}); err != nil {
		t.Fatal(err)
	}
	second := beside(t, file, "second.yaml", "name: bn, with: [batchnorm]", "name: from, with: [{pretrain: {from: {study: tiny, arm: bn}}}]", "keep: [bn]\n", "")
	if got, want := refusedWith(t, second), `study tiny has not finished repeat 1 of "bn"; finish it first: assay study run `+file; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := Kept(filepath.Join(filepath.Dir(file), "store"), opened(t, file).Plan.Arms[0].Built.Learning.Pretrain.From, 1); err == nil {
		t.Error("weights of no arm")
	}
	from := opened(t, file).Plan.Arms[0].Built.Learning.Pretrain.From
	from.Study, from.Arm = "tiny", "bn"
	if _, err := Kept(filepath.Join(filepath.Dir(file), "store"), from, 2); err == nil || !strings.Contains(err.Error(), `repeat 2 of "bn" of study tiny diverged, so that there are no weights to start from`) {
		t.Errorf("got %v", err)
	}
}
