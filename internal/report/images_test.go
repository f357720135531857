package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
)

// looked is a study of six images of three classes, two repeats of three arms: right has a string an arm and repeat, a digit an image, the class that it is
// taken for.
func looked(t *testing.T, right map[string][]string) (*study.Result, trial.Images) {
	t.Helper()
	album := trial.Images{Classes: []string{"cat", "dog", "<ox>"}, Labels: []int32{0, 0, 1, 1, 2, 2}}
	for i := range album.Labels {
		album.Hashes, album.Names = append(album.Hashes, fmt.Sprintf("%032x", i)), append(album.Names, fmt.Sprintf("val/%d.jpg", i))
	}
	r := &study.Result{Name: "s", Repeats: 2, Metrics: task.Classify{}.Metrics()}
	for i, arm := range []string{"baseline", "elu", "worse"} {
		r.Arms = append(r.Arms, study.Arm{Name: arm, Baseline: i == 0})
		for repeat, taken := range right[arm] {
			tr := study.Trial{Arm: arm, Repeat: repeat + 1, Status: study.Done, WeightsDigest: fmt.Sprint(arm, repeat), Images: study.PerImage{Columns: map[string][]float32{}}}
			hits := 0.0
			for i, c := range taken {
				class := int32(c - '0')
				ok := class == album.Labels[i]
				hits += float64(btoi(ok))
				tr.Images.IDs = append(tr.Images.IDs, int32(i))
				other, logP := float32(class), float32(-2)
				if ok {
					other, logP = float32((class+1)%3), -0.1
				}
				for name, v := range map[string]float32{task.Correct: float32(btoi(ok)), task.ClassOther: other, task.LogPTrue: logP - float32(i)/10, task.LogPOther: -1} {
					tr.Images.Columns[name] = append(tr.Images.Columns[name], v)
				}
			}
			tr.Metrics = map[string]float64{"accuracy": 100 * hits / 6, "log_loss": 1}
			r.Trials = append(r.Trials, tr)
		}
	}
	if err := study.Judge(r); err != nil {
		t.Fatal(err)
	}
	return r, album
}

func files(list []Seen) string {
	var names []string
	for _, s := range list {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(s.File, "val/"), ".jpg")+s.Taken)
	}
	return strings.Join(names, " ")
}

func TestPicturesAreSortedByWhoTakesThemForWhat(t *testing.T) {
	// image 1 is wrong for all; 3 is right by elu alone, 4 by the baseline alone; 5 only sometimes
	r, album := looked(t, map[string][]string{"baseline": {"010022", "020021"}, "elu": {"011112", "011112"}, "worse": {"021001", "010001"}})
	s := See(r, album)
	if s == nil || s.Compared != "elu" {
		t.Fatalf("got %+v", s)
	}
	if got := files(s.Always); got != "1dog" {
		t.Errorf("always wrong: %q", got)
	}
	if got := files(s.Won); got != "3cat 2cat" {
		t.Errorf("won: %q", got)
	}
	if got := files(s.Lost); got != "4dog" {
		t.Errorf("lost: %q", got)
	}
	if c := s.Confusions[0].Taken; s.Confusions[0].Arm != "baseline" || c[0][0] != 2 || c[0][1] != 1 || c[0][2] != 1 || c[2][2] != 3 || c[2][1] != 1 {
		t.Errorf("baseline: %v", c)
	}
	if c := s.Confusions[0]; c.Balanced != c.Taken.BalancedAccuracy() || c.MacroF1 != c.Taken.MacroF1() || !strings.HasPrefix(c.Says(), "balanced accuracy ") {
		t.Errorf("baseline: %s", c.Says())
	}
	if sh := s.Shares[2]; sh.Images != 2 || sh.Baseline != 75 || sh.Compared != 50 {
		t.Errorf("share of the third class: %+v", sh)
	}
	if got := s.Confusions[1].Mistakes(s.Classes, 5); !slices.Contains(got, "cat taken for dog: 2 of 4") {
		t.Errorf("mistakes: %v", got)
	}
	if len(s.Effects) != 6 || s.Looked() != "6 effects of a variant on a class looked at, none told from 0." {
		t.Errorf("%d effects: %s", len(s.Effects), s.Looked())
	}
}

func TestAnEffectOnAClassIsAHint(t *testing.T) {
	s := &Sight{Classes: []string{"cat", "dog"}, Effects: []study.ClassEffect{{Arm: "a", Class: 1, Images: 60, Effect: 12.4, Q: 0.08, Found: true}, {Arm: "b", Class: 0, Images: 1, Effect: -9, Q: 0.012, Found: true}, {Arm: "b", Class: 1, Q: 0.5}}}
	if got := s.Found(); !slices.Equal(got, []string{"b on cat: −9 points (1 image, q 0.012)", "a on dog: +12 points (60 images, q 0.08)"}) {
		t.Errorf("found %q", got)
	}
	if got := s.Looked(); got != "3 effects of a variant on a class looked at, 2 told from 0. Of such a share of 10\u00a0% is expected to be false: they are hints, no verdicts." {
		t.Errorf("looked: %s", got)
	}
}

func TestThePageHoldsPicturesOnlyWhereItSaysSo(t *testing.T) {
	r, album := looked(t, map[string][]string{"baseline": {"010022", "020021"}, "elu": {"011112", "011112"}, "worse": {"021001", "010001"}})
	in := Input{Result: r, Sight: See(r, album)}
	text, _ := pageOf(t, in)
	if !strings.Contains(text, `<section id="images">`) || strings.Contains(text, "data:image/jpeg") || strings.Contains(text, "This page holds") || strings.Contains(text, "<ox>") {
		t.Error("a page without pictures holds some, or lacks the section, or a class became an element")
	}
	in.Thumbs = map[string][]byte{in.Sight.Wanted()[0]: []byte("jpeg")}
	text, elements := pageOf(t, in)
	n := 0
	for _, e := range elements {
		n += btoi(e.Data == "img")
	}
	if n != 1 || !strings.Contains(text, "This page holds 1 picture of the data set") {
		t.Errorf("%d pictures", n)
	}
}

func TestAStudyWithoutClassesHasNoSight(t *testing.T) {
	r := makeUp(t, "", 2, 2, 30, firstArms[0])
	if s := See(r, *albumOf(30)); s != nil { // it keeps no class that an image is taken for
		t.Errorf("got %+v", s)
	}
	if s := See(r, trial.Images{}); s != nil {
		t.Errorf("without an album: %+v", s)
	}
	var b bytes.Buffer
	if err := HTML(&b, Input{Result: r}); err != nil || strings.Contains(b.String(), "Which images") {
		t.Errorf("%v", err)
	}
}
