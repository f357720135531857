//go:build torture && linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bench is a folder with a study and a store in which it has run undisturbed. Each case works in a copy.
type bench struct {
	*testing.T
	assay, dir string
	text       string
	want       map[string]string
	random     *rand.Rand
	tried      int
	broke      []string
}

// calm runs a study and keeps what came of it.
func calm(t *testing.T, text string) *bench {
	t.Helper()
	b := &bench{T: t, assay: program(t), dir: t.TempDir(), text: text, random: rand.New(rand.NewPCG(*seed, 0))}
	if err := os.WriteFile(filepath.Join(b.dir, "t.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

// undisturbed runs the study in the store S beside its file.
func (b *bench) undisturbed() *bench {
	b.Helper()
	if code, _, said := b.command("study", "run", "t.yaml", "--store", "S", "-q"); code != 0 {
		b.Fatalf("undisturbed: exit %d: %s", code, said)
	}
	b.want, _ = found(b.T, b.assay, filepath.Join(b.dir, "S"), "t")
	return b
}

// command runs the program in the bench's folder, for two minutes at most.
func (b *bench) command(args ...string) (code int, out, said string) {
	c := b.start(args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	end := time.AfterFunc(2*time.Minute, func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
	defer end.Stop()
	code = exitCode(c.Wait())
	return code, stdout.String(), stderr.String()
}

// start prepares the program in a process group of its own.
func (b *bench) start(args ...string) *exec.Cmd {
	c := exec.Command(b.assay, args...)
	c.Dir = b.dir
	c.Env = append(os.Environ(), "ASSAY_THREADS=2")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

// copied is a new copy of the store S, by name.
func (b *bench) copied() string {
	b.Helper()
	name := fmt.Sprintf("S%d", b.tried)
	os.RemoveAll(filepath.Join(b.dir, name))
	if out, err := exec.Command("cp", "-a", filepath.Join(b.dir, "S"), filepath.Join(b.dir, name)).CombinedOutput(); err != nil {
		b.Fatalf("%v %s", err, out)
	}
	return name
}

// count enters a case: broke is what did, "" where it held.
func (b *bench) count(broke string) {
	b.tried++
	if broke != "" {
		b.broke = append(b.broke, broke)
		b.Errorf("%s", broke)
	}
}

// told logs the counts as docs/reliability.md has them.
func (b *bench) told() { b.Logf("tried %d, held %d", b.tried, b.tried-len(b.broke)) }

// ends runs the study again until it ends, and says what differs from the undisturbed run.
func (b *bench) ends(store string) string {
	code, _, said := b.command("study", "run", "t.yaml", "--store", store, "-q")
	if code != 0 {
		return fmt.Sprintf("%s: exit %d: %s", store, code, said)
	}
	got, complete := found(b.T, b.assay, filepath.Join(b.dir, store), "t")
	if d := differ(got, b.want); d != "" || !complete {
		return fmt.Sprintf("%s: complete: %v: %s", store, complete, d)
	}
	if left := leftBehind(filepath.Join(b.dir, store)); len(left) > 0 {
		return fmt.Sprintf("%s: left behind: %v", store, left)
	}
	return ""
}

// underway starts the study in an empty store and returns when a trial trains.
func (b *bench) underway(store string, wrap ...string) *exec.Cmd {
	b.Helper()
	c := b.start("study", "run", "t.yaml", "--store", store, "-q")
	if wrap != nil {
		args := append(wrap[1:], c.Args...)
		env := c.Env
		c = exec.Command(wrap[0], args...)
		c.Dir, c.Env, c.SysProcAttr = b.dir, env, &syscall.SysProcAttr{Setpgid: true}
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.leased(store)
	return c
}

// leased waits until a trial of a store is leased.
func (b *bench) leased(store string) {
	b.Helper()
	file := filepath.Join(b.dir, store, "assay.db")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if out, err := exec.Command("sqlite3", "-readonly", file, "SELECT count(*) FROM leases WHERE owner != ''").Output(); err == nil && strings.TrimSpace(string(out)) != "0" {
			return
		}
	}
	b.Fatal("no trial was leased in a minute")
}

// oneLine says what is wrong with a refusal: it is one line, that ends in what to do.
func oneLine(code int, said string) string {
	if code != 1 && code != 2 {
		return fmt.Sprintf("exit %d: %q", code, said)
	}
	line := strings.TrimSuffix(said, "\n")
	if !strings.HasPrefix(line, "assay: ") || strings.Contains(line, "\n") || !strings.ContainsAny(line, ";") {
		return fmt.Sprintf("not one line with its mend: %q", said)
	}
	return ""
}

// flip changes one bit of a file, behind some bytes.
func (b *bench) flip(file string, behind int) {
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	at := behind + b.random.IntN(len(text)-behind)
	text[at] ^= 1 << b.random.IntN(8)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		b.Fatal(err)
	}
}

// rows runs SQL on a store.
func (b *bench) rows(store, query string) string {
	b.Helper()
	out, err := exec.Command("sqlite3", filepath.Join(b.dir, store, "assay.db"), query).CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v %s", query, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestTortureAContainerThatIsKilledAndStartedAgain(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a pid namespace is made by root alone")
	}
	b := calm(t, studyText(1, 6, "elu")).undisturbed()
	defer b.told()
	namespace := []string{"unshare", "-p", "-f", "--kill-child", "--mount-proc"}
	for i := range 4 {
		store := fmt.Sprintf("C%d", i)
		c := b.underway(store, namespace...)
		time.Sleep(time.Duration(b.random.Float64() * float64(time.Second)))
		for _, first := range children(c.Process.Pid) { // pid 1 inside
			syscall.Kill(first, syscall.SIGKILL)
		}
		c.Wait()
		again := exec.Command(namespace[0], append(namespace[1:], b.assay, "study", "run", "t.yaml", "--store", store, "-q")...)
		again.Dir, again.Env = b.dir, append(os.Environ(), "ASSAY_THREADS=2")
		if out, err := again.CombinedOutput(); err != nil {
			b.count(fmt.Sprintf("exit %d: %s", exitCode(err), out))
			continue
		}
		b.count(b.ends(store))
	}
}

func TestTortureCheckpointsThatAreDamaged(t *testing.T) {
	b := calm(t, studyText(1, 12, "elu")).undisturbed()
	defer b.told()
	damage := func(file string, i int) {
		text, _ := os.ReadFile(file)
		switch {
		case i < 10:
			b.flip(file, 0)
		case i < 14: // of the header
			text[b.random.IntN(min(2000, len(text)))] ^= 4
			os.WriteFile(file, text, 0o644)
		case i < 16:
			os.WriteFile(file, text[:b.random.IntN(len(text))], 0o644)
		default:
			os.WriteFile(file, nil, 0o644)
		}
	}
	for i := 0; i < 17; {
		store := fmt.Sprintf("P%d", i)
		os.RemoveAll(filepath.Join(b.dir, store))
		c := b.underway(store)
		time.Sleep(time.Duration(300+b.random.IntN(700)) * time.Millisecond)
		syscall.Kill(c.Process.Pid, syscall.SIGTERM)
		c.Wait()
		files, _ := filepath.Glob(filepath.Join(b.dir, store, "trials", "*.safetensors"))
		if len(files) == 0 { // no trial was under way
			continue
		}
		for _, file := range files {
			damage(file, i)
		}
		i++
		broke := b.ends(store)
		if strings.Contains(broke, "failed; the same command") { // a file that cannot be gone on with is refused and named; its removal mends it
			for _, file := range files {
				os.Remove(file)
			}
			broke = b.ends(store)
		}
		b.count(broke)
	}
}

func TestTortureCachesThatAreDamaged(t *testing.T) {
	b := calm(t, strings.Replace(studyText(1, 1, "elu"), "data: fashion-mini", "data: {folder: photos, val: 0.2}", 1))
	b.photos()
	b.undisturbed()
	defer b.told()
	for i := range 48 {
		store := b.copied()
		os.Remove(filepath.Join(b.dir, store, "assay.db"))
		kind := "*.listing"
		if i >= 30 {
			kind = "*.pixels"
		}
		files, _ := filepath.Glob(filepath.Join(b.dir, store, "cache", kind))
		if len(files) == 0 {
			t.Fatal("no " + kind)
		}
		for _, file := range files {
			text, _ := os.ReadFile(file)
			switch i % 6 {
			default:
				b.flip(file, 0)
			case 4:
				os.WriteFile(file, text[:b.random.IntN(len(text))], 0o644)
			case 5:
				at := b.random.IntN(len(text))
				copy(text[at:], make([]byte, min(4096, len(text)-at)))
				os.WriteFile(file, text, 0o644)
			}
		}
		b.count(b.ends(store))
		os.RemoveAll(filepath.Join(b.dir, store))
	}
}

// photos makes a folder of pictures in the bench's.
func (b *bench) photos() {
	b.Helper()
	args := os.Args
	os.Args = []string{"pictures", filepath.Join(b.dir, "photos"), "3", "60", "16"}
	defer func() { os.Args = args }()
	pictures()
}

func TestTortureAPictureThatIsRemovedWhileItsStudyRuns(t *testing.T) {
	b := calm(t, strings.Replace(studyText(4, 30, "elu", "bn"), "data: fashion-mini", "data: {folder: photos, val: 0.2}", 1))
	b.photos()
	defer b.told()
	for i := range 3 {
		store := fmt.Sprintf("R%d", i)
		c := b.start("study", "run", "t.yaml", "--store", store)
		var said bytes.Buffer
		c.Stderr = &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		b.leased(store)
		picture := filepath.Join(b.dir, "photos", "class1", fmt.Sprintf("%03d.png", 7+i))
		kept, _ := os.ReadFile(picture)
		os.Remove(picture)
		code := exitCode(c.Wait())
		os.WriteFile(picture, kept, 0o644)
		_, err := os.Stat(filepath.Join(b.dir, store, "t", "winner.yaml"))
		switch {
		case code != 1 || err == nil || !strings.Contains(said.String(), "the images have changed since the study began"):
			b.count(fmt.Sprintf("exit %d, winner: %v: %s", code, err == nil, said.String()))
		case strings.Count(said.String(), "failed: ") > 2: // two ran side by side
			b.count("it went on: " + said.String())
		default: // put back, it goes on
			if code, _, said := b.command("study", "run", "t.yaml", "--store", store, "-q"); code != 0 {
				b.count(said)
			} else {
				b.count("")
			}
		}
	}
}

// shownStudy is what `study show --json` says of figures.
type shownStudy struct {
	Complete bool
	Arms     []map[string]any
	Trials   []map[string]any
	Looks    []any
}

// misleads says where a study is shown other than it is: a trial with other figures, a verdict that was not given, or fewer trials and no word.
func misleads(is, was shownStudy) string {
	known := map[string]map[string]any{}
	for _, t := range was.Trials {
		known[fmt.Sprint(t["arm"], t["repeat"])] = t
	}
	for _, t := range is.Trials {
		if !reflect.DeepEqual(t, known[fmt.Sprint(t["arm"], t["repeat"])]) {
			return fmt.Sprintf("trial %v of %v is shown otherwise", t["repeat"], t["arm"])
		}
	}
	if is.Complete && len(is.Trials) != len(was.Trials) {
		return fmt.Sprintf("%d of %d trials, and complete", len(is.Trials), len(was.Trials))
	}
	verdicts := map[any]any{}
	for _, a := range was.Arms {
		verdicts[a["name"]] = a["verdict"]
	}
	for _, a := range is.Arms {
		if v, ok := verdicts[a["name"]]; !ok || a["verdict"] != nil && a["verdict"] != v {
			return fmt.Sprintf("%v: %v", a["name"], a["verdict"])
		}
		if len(is.Trials) == len(was.Trials) && len(is.Looks) == len(was.Looks) && a["verdict"] != nil {
			for _, w := range was.Arms {
				if w["name"] == a["name"] && !reflect.DeepEqual(a, w) {
					return fmt.Sprintf("%v is shown otherwise: %v, was %v", a["name"], a, w)
				}
			}
		}
	}
	return ""
}

func (b *bench) shown(store string) (code int, s shownStudy, said string) {
	b.Helper()
	code, out, said := b.command("study", "show", "t", "--json", "--store", store)
	if code == 0 {
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			b.Fatal(err)
		}
	}
	return code, s, said
}

func TestTortureDatabasesThatAreDamaged(t *testing.T) {
	b := calm(t, studyText(2, 1, "elu", "bn")).undisturbed()
	defer b.told()
	_, was, _ := b.shown("S")
	same, refused, less := 0, 0, 0
	see := func(what, store string) {
		code, is, said := b.shown(store)
		switch {
		case code != 0:
			refused++
			if broke := oneLine(code, said); broke != "" {
				b.count(what + ": " + broke)
				return
			}
		case len(is.Trials) < len(was.Trials) || len(is.Looks) < len(was.Looks):
			less++
		default:
			same++
		}
		if code == 0 {
			if broke := misleads(is, was); broke != "" {
				b.count(what + ": " + broke)
				return
			}
		}
		b.count("")
	}
	file := func(store string) string { return filepath.Join(b.dir, store, "assay.db") }
	for i := range 150 {
		store := b.copied()
		text, _ := os.ReadFile(file(store))
		what := ""
		switch {
		case i < 60:
			at := b.random.IntN(len(text))
			text[at] ^= 1 << b.random.IntN(8)
			what = fmt.Sprintf("bit of byte %d", at)
		case i < 90:
			at := b.random.IntN(100)
			text[at] ^= 1 << b.random.IntN(8)
			what = fmt.Sprintf("bit of the header's byte %d", at)
		case i < 98:
			text[60] ^= 1 << (i - 90)
			what = "user_version"
		case i < 138:
			at := b.random.IntN(len(text) - 64)
			clear(text[at : at+64])
			what = fmt.Sprintf("64 bytes zeroed at %d", at)
		default:
			text = text[:b.random.IntN(len(text))]
			what = fmt.Sprintf("cut at %d", len(text))
		}
		os.WriteFile(file(store), text, 0o644)
		see(what, store)
		os.RemoveAll(filepath.Join(b.dir, store))
	}
	// every column of every table, each row in turn as long as it is among the first three
	for table := range strings.FieldsSeq(b.rows("S", "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")) {
		for column := range strings.FieldsSeq(b.rows("S", "SELECT name FROM pragma_table_info('"+table+"')")) {
			for _, to := range []string{"99", "'99.9'", "''", "x'00'", "NULL"} {
				store := b.copied()
				query := fmt.Sprintf("UPDATE OR IGNORE %s SET %q = %s", table, column, to)
				if exec.Command("sqlite3", file(store), query).Run() == nil { // of columns that hold such a value
					see(query, store)
				}
				os.RemoveAll(filepath.Join(b.dir, store))
			}
		}
		for _, query := range []string{"DELETE FROM " + table, "DROP TABLE " + table} {
			store := b.copied()
			b.rows(store, query)
			see(query, store)
			os.RemoveAll(filepath.Join(b.dir, store))
		}
	}
	t.Logf("shown as it was: %d; refused in a line: %d; shown in part, as unfinished or without its looks: %d", same, refused, less)
}

func TestTortureRowsThatAreDamagedAreTrainedAgain(t *testing.T) {
	b := calm(t, studyText(2, 1, "elu")).undisturbed()
	defer b.told()
	ran := regexp.MustCompile(`"ran": ([0-9]+)`)
	for query, trained := range map[string]string{
		"UPDATE metrics SET value = 99.9 WHERE rowid_is_first":            "1",
		"UPDATE trials SET steps = steps + 1":                             "4",
		"UPDATE columns SET data = zeroblob(length(data)) WHERE one":      "1",
		"UPDATE trials SET weights = 'x' WHERE one":                       "1",
		"DELETE FROM trials":                                              "4",
		"DELETE FROM cells":                                               "0",
		"UPDATE cells SET repeat = repeat + 1000":                         "0",
		"UPDATE looks SET look = replace(look, 'n', 'm')":                 "0",
		"UPDATE arms SET name = name || 'x'":                              "0",
		"UPDATE leases SET owner = 'x', expires = 9999999999999":          "0",
		"UPDATE studies SET repeats = 7":                                  "0",
		"UPDATE image_sets SET labels = zeroblob(length(labels)) WHERE 1": "4",
	} {
		store := b.copied()
		one := "trial = (SELECT min(trial) FROM metrics)"
		query = strings.NewReplacer("rowid_is_first", one+" AND name = 'accuracy'", "WHERE one", "WHERE "+map[bool]string{true: "id = (SELECT min(id) FROM trials)", false: one + " AND name = (SELECT min(name) FROM columns)"}[strings.Contains(query, "UPDATE trials")]).Replace(query)
		b.rows(store, query)
		code, out, said := b.command("study", "run", "t.yaml", "--store", store, "--json")
		got := ran.FindStringSubmatch(out)
		if code != 0 || got == nil || got[1] != trained {
			b.count(fmt.Sprintf("%s: exit %d, trained %v, want %s: %s", query, code, got, trained, said))
			continue
		}
		b.count(b.ends(store))
	}
}

func TestTortureNames(t *testing.T) {
	b := calm(t, studyText(1, 1, "elu")).undisturbed()
	defer b.told()
	for _, store := range []string{"a b", `q"uo'te`, "ünï", "x?y=1#f%20&mode=ro", "new\nline", "deep/er/store", "-dash", "../" + filepath.Base(b.dir) + "/up"} {
		code, _, said := b.command("study", "run", "t.yaml", "--store="+store, "-q")
		if code != 0 {
			b.count(fmt.Sprintf("%q: exit %d: %s", store, code, said))
			continue
		}
		b.count(b.ends(store))
	}
	for name, code := range map[string]int{
		"a b": 0, "ünï": 0, "'quoted'": 0, `"`: 0, "cache": 2, "trials": 2, "..": 2, ".": 2, "-dash": 0, "e\x1b[2Jsc": 0, "new\nline": 0, strings.Repeat("n", 200): 0, "assay.db": 2,
	} {
		file := name + ".yaml"
		if name == "." || name == ".." {
			file = name[1:] + ".yaml"
		}
		os.WriteFile(filepath.Join(b.dir, file), []byte(b.text), 0o644)
		args := []string{"study", "run", "--store", "S", "--", file}
		if name == "." || name == ".." {
			args = []string{"study", "run", "--store", "S", "--as", name, "t.yaml"}
		}
		got, out, said := b.command(args...)
		broke := ""
		if got != code {
			broke = fmt.Sprintf("%q: exit %d, want %d: %s", name, got, code, said)
		} else if strings.ContainsAny(out+said, "\x1b\x07") {
			broke = fmt.Sprintf("%q steers the terminal: %q", name, out+said)
		} else if code != 0 {
			broke = oneLine(got, said)
		}
		b.count(broke)
	}
}

func TestTortureKilledWhileACacheIsWritten(t *testing.T) {
	b := calm(t, strings.Replace(studyText(1, 1, "elu"), "data: fashion-mini", "data: {folder: photos, val: 0.2}", 1))
	b.photos()
	b.undisturbed()
	defer b.told()
	for i := range 20 {
		store := fmt.Sprintf("K%d", i)
		c := b.start("study", "run", "t.yaml", "--store", store, "-q")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(b.random.Float64() * float64(250*time.Millisecond)))
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
		b.count(b.ends(store))
	}
}

func TestTortureAStoreThatMayOnlyBeRead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("another user's process is started by root alone")
	}
	b := calm(t, studyText(1, 1, "elu")).undisturbed()
	defer b.told()
	for d := b.dir; len(d) > 1; d = filepath.Dir(d) {
		info, _ := os.Stat(d)
		os.Chmod(d, info.Mode().Perm()|0o055)
	}
	for d := b.assay; len(d) > 1; d = filepath.Dir(d) {
		info, _ := os.Stat(d)
		os.Chmod(d, info.Mode().Perm()|0o055)
	}
	exec.Command("chmod", "-R", "a+rX,a-w", filepath.Join(b.dir, "S")).Run()
	free := t.TempDir()
	for d := free; len(d) > 1; d = filepath.Dir(d) {
		info, _ := os.Stat(d)
		os.Chmod(d, info.Mode().Perm()|0o055)
	}
	os.Chmod(free, 0o777)
	list := func() string {
		out, _ := exec.Command("find", filepath.Join(b.dir, "S"), "-printf", "%p %s %T@\n").Output()
		return string(out)
	}
	before := list()
	for _, c := range []struct {
		code int
		args string
	}{
		{0, "study list"}, {0, "study show"}, {0, "study show --json"}, {0, "study report --out " + free + "/r"}, {0, "store check"}, {0, "store clean --dry-run"},
		{1, "study report"}, {1, "study run -q " + b.dir + "/t.yaml"}, {1, "study rm t"}, {1, "store clean --caches 0"},
	} {
		cmd := b.start(append(strings.Fields(c.args), "--store", "S")...)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		var said bytes.Buffer
		cmd.Stderr = &said
		got := exitCode(cmd.Run())
		broke := ""
		if got != c.code {
			broke = fmt.Sprintf("%s: exit %d, want %d: %s", c.args, got, c.code, said.String())
		} else if c.code != 0 {
			if broke = oneLine(got, said.String()); broke != "" {
				broke = c.args + ": " + broke
			}
		}
		b.count(broke)
	}
	if list() != before {
		t.Error("something was written")
	}
}

func TestTortureLinesSayWhatToDo(t *testing.T) {
	b := calm(t, studyText(1, 1, "elu")).undisturbed()
	defer b.told()
	damage := map[string]func(file string){
		"empty":          func(f string) { os.WriteFile(f, nil, 0o644) },
		"text":           func(f string) { os.WriteFile(f, []byte("no database, though it is long enough to be one\n"), 0o644) },
		"folder":         func(f string) { os.Remove(f); os.Mkdir(f, 0o755) },
		"a newer form":   func(f string) { exec.Command("sqlite3", f, "PRAGMA user_version = 99").Run() },
		"no form":        func(f string) { exec.Command("sqlite3", f, "PRAGMA user_version = 0").Run() },
		"an older form":  func(f string) { exec.Command("sqlite3", f, "PRAGMA user_version = 1").Run() },
		"a form below 0": func(f string) { exec.Command("sqlite3", f, "PRAGMA user_version = -5").Run() },
		"no table":       func(f string) { exec.Command("sqlite3", f, "DROP TABLE trials").Run() },
		"a column":       func(f string) { exec.Command("sqlite3", f, "ALTER TABLE trials RENAME COLUMN steps TO paces").Run() },
	}
	for _, share := range []float64{0.01, 0.1, 0.3, 0.5, 0.8, 0.99} {
		damage[fmt.Sprintf("cut to %g", share)] = func(f string) {
			info, _ := os.Stat(f)
			os.Truncate(f, int64(share*float64(info.Size())))
		}
	}
	for what, do := range damage {
		for _, args := range []string{"study list", "study show", "study report", "study run t.yaml -q", "store check", "store clean", "study rm t"} {
			store := b.copied()
			do(filepath.Join(b.dir, store, "assay.db"))
			code, out, said := b.command(append(strings.Fields(args), "--store", store)...)
			broke := ""
			switch {
			case code == 0 && what == "empty" && (args == "study run t.yaml -q" || args == "store clean"): // a store that was never written
			case code == 0 && strings.HasPrefix(what, "cut to 0.9"): // what is missing may be free
			case code == 0:
				broke = "exit 0: " + out + said
			case args == "store check" && out != "": // its lines are its findings
			default:
				broke = oneLine(code, said)
			}
			if broke != "" {
				broke = what + ", " + args + ": " + broke
			}
			b.count(broke)
			os.RemoveAll(filepath.Join(b.dir, store))
		}
	}
}

func TestTortureALeaseOfAnotherHostADayAhead(t *testing.T) {
	b := calm(t, studyText(1, 6, "elu")).undisturbed()
	defer b.told()
	for i := range 2 {
		store := fmt.Sprintf("L%d", i)
		c := b.underway(store)
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
		b.rows(store, "UPDATE leases SET owner = 'another/x/y/1/2/z', expires = expires + 86400000 WHERE owner != ''")
		began := time.Now()
		broke := b.ends(store)
		if took := time.Since(began); broke == "" && took > time.Minute {
			broke = fmt.Sprintf("it waited %v", took)
		}
		b.count(broke)
	}
}

func TestTortureAFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a file system is mounted by root alone")
	}
	b := calm(t, studyText(1, 2, "elu", "bn")).undisturbed()
	defer b.told()
	disk := filepath.Join(b.dir, "disk")
	os.Mkdir(disk, 0o755)
	mount := func(args ...string) {
		if out, err := exec.Command("mount", append(args, disk)...).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	for _, kB := range []int{40, 100, 200, 300, 500, 800, 1200, 2000, 2600, 3200, 4000, 6000} {
		mount("-t", "tmpfs", "-o", fmt.Sprintf("size=%dk", kB), "none")
		code, _, said := b.command("study", "run", "t.yaml", "--store", "disk/S", "-q")
		broke := ""
		if code != 0 && !strings.Contains(said, "failed; the same command tries again") {
			broke = oneLine(code, said)
		}
		mount("-o", "remount,size=64m")
		if broke == "" {
			broke = b.ends("disk/S")
		}
		if broke != "" {
			broke = fmt.Sprintf("%d kB: %s", kB, broke)
		}
		b.count(broke)
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 8 { // filled at a random moment, then emptied
		mount("-t", "tmpfs", "-o", "size=16m", "none")
		c := b.start("study", "run", "t.yaml", "--store", "disk/S", "-q")
		c.Start()
		time.Sleep(time.Duration(b.random.Float64() * float64(2*time.Second)))
		exec.Command("dd", "if=/dev/zero", "of="+filepath.Join(disk, "ballast"), "bs=64k").Run()
		if i%2 == 1 {
			syscall.Kill(c.Process.Pid, syscall.SIGTERM)
		}
		c.Wait()
		os.Remove(filepath.Join(disk, "ballast"))
		broke := ""
		if code, _, said := b.command("study", "run", "t.yaml", "--store", "disk/S", "-q"); code != 0 {
			broke = said
		} else {
			broke = b.ends("disk/S")
		}
		b.count(broke)
		syscall.Unmount(disk, 0)
	}
}

func TestTortureTwoProcessesWithEditsOfTheirOwn(t *testing.T) {
	b := calm(t, studyText(2, 4, "elu", "bn", "avg")).undisturbed()
	defer b.told()
	for i := range 4 {
		store := fmt.Sprintf("E%d", i)
		os.MkdirAll(filepath.Join(b.dir, "a"), 0o755)
		os.MkdirAll(filepath.Join(b.dir, "b"), 0o755)
		os.WriteFile(filepath.Join(b.dir, "a", "t.yaml"), []byte(studyText(2, 4, "elu", "bn")), 0o644)
		os.WriteFile(filepath.Join(b.dir, "b", "t.yaml"), []byte(studyText(1, 4, "avg")), 0o644)
		var all []*exec.Cmd
		for _, file := range []string{"a/t.yaml", "b/t.yaml", "a/t.yaml"}[:2+i%2] {
			c := b.start("study", "run", file, "--store", store, "-q")
			c.Stderr = &bytes.Buffer{}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
			time.Sleep(time.Duration(b.random.Float64() * float64(2*time.Second)))
		}
		broke := ""
		for _, c := range all {
			if err := c.Wait(); err != nil {
				broke += fmt.Sprintf("%v: exit %d: %s", c.Args[3], exitCode(err), c.Stderr)
			}
		}
		if broke == "" {
			broke = b.ends(store)
		}
		b.count(broke)
	}
}

func TestTortureAVariantThatIsRemovedWhileItsTrialRuns(t *testing.T) {
	b := calm(t, studyText(2, 8, "elu", "bn")).undisturbed()
	defer b.told()
	for i := range 4 {
		store := fmt.Sprintf("V%d", i)
		c := b.underway(store)
		time.Sleep(time.Duration(b.random.Float64() * float64(3*time.Second)))
		os.WriteFile(filepath.Join(b.dir, "t.yaml"), []byte(studyText(2, 8, "bn")), 0o644)
		code, _, said := b.command("study", "run", "t.yaml", "--store", store, "-q")
		first := exitCode(c.Wait())
		os.WriteFile(filepath.Join(b.dir, "t.yaml"), []byte(b.text), 0o644)
		broke := ""
		if code != 0 || first != 0 {
			broke = fmt.Sprintf("exit %d and %d: %s", first, code, said)
		} else {
			broke = b.ends(store)
		}
		b.count(broke)
	}
}

func TestTortureRepeatsAndNames(t *testing.T) {
	b := calm(t, studyText(2, 1, "elu", "bn")).undisturbed()
	defer b.told()
	swapped := strings.NewReplacer("name: elu", "name: bn", "name: bn", "name: elu").Replace(b.text)
	for _, c := range []struct {
		what, text string
		code       int
		said       string
	}{
		{"repeats lowered", strings.Replace(b.text, "repeats: 2", "repeats: 1", 1), 0, "repeats never shrink"},
		{"repeats 0", strings.Replace(b.text, "repeats: 2", "repeats: 0", 1), 2, "repeats"},
		{"repeats -3", strings.Replace(b.text, "repeats: 2", "repeats: -3", 1), 2, "repeats"},
		{"names swapped", swapped, 0, "renamed: "},
		{"one name twice", strings.Replace(b.text, "name: elu", "name: bn", 1), 2, "bn"},
		{"one arm twice", b.text + "  - {name: again, with: [batchnorm]}\n", 2, "again"},
	} {
		store := b.copied()
		os.WriteFile(filepath.Join(b.dir, "t.yaml"), []byte(c.text), 0o644)
		code, out, said := b.command("study", "run", "t.yaml", "--store", store)
		broke := ""
		if code != c.code || !strings.Contains(said, c.said) {
			broke = fmt.Sprintf("%s: exit %d: %s", c.what, code, said)
		} else if code == 0 {
			if _, json, _ := b.command("study", "run", "t.yaml", "--store", store, "--json"); !strings.Contains(json, `"ran": 0`) {
				broke = c.what + ": it trained: " + out
			}
		} else {
			broke = oneLine(code, said)
		}
		os.WriteFile(filepath.Join(b.dir, "t.yaml"), []byte(b.text), 0o644)
		if broke == "" && code == 0 {
			broke = b.ends(store)
		}
		b.count(broke)
	}
}

func TestTortureRequestsThatAreNone(t *testing.T) {
	b := calm(t, studyText(1, 1, "elu"))
	defer b.told()
	for _, text := range []string{
		"", "{", "no request", `{"version": 2}`, `{"version": 0}`, `{"version": -1}`, `{"version": 1}`, `{"version": 1, "result": "x", "threads": 1}`, `{"version": 1.5}`, "[1]", "null", `{"version": 99, "spec": {"seeds": []}}`,
	} {
		c := b.start("trial")
		c.Stdin = strings.NewReader(text)
		var said bytes.Buffer
		c.Stderr = &said
		b.count(oneLine(exitCode(c.Run()), said.String()))
	}
}

func TestTortureCleaningWhileAStudyRuns(t *testing.T) {
	b := calm(t, studyText(2, 6, "elu", "bn")).undisturbed()
	defer b.told()
	for i := range 3 {
		store := fmt.Sprintf("N%d", i)
		c := b.underway(store)
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		broke, cleaned := "", 0
		for going := true; going; {
			select {
			case err := <-ended:
				going = false
				if err != nil {
					broke = err.Error()
				}
			default:
				if code, out, said := b.command("store", "clean", "--caches", "0", "--store", store); code != 0 {
					broke = out + said
				}
				cleaned++
			}
		}
		if broke == "" {
			broke = b.ends(store)
		}
		if broke == "" && cleaned < 3 {
			broke = "it ended before it could be cleaned"
		}
		b.count(broke)
	}
}

func TestTortureFilesOfAnOlderForm(t *testing.T) {
	b := calm(t, studyText(1, 1, "elu")).undisturbed()
	defer b.told()
	os.WriteFile(filepath.Join(b.dir, "e.yaml"), []byte("data: fashion-mini\nnet: mini\noptimization: [{lr: 0.02}, {batch: 32}]\nlearning: [{epochs: 1}, {subset: {images: 1600}}]\n"), 0o644)
	if code, _, said := b.command("train", "e.yaml", "-q"); code != 0 {
		t.Fatal(said)
	}
	model, err := os.ReadFile(filepath.Join(b.dir, "e.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		text := bytes.Clone(model)
		switch {
		case i < 14:
			text[b.random.IntN(len(text))] ^= 1 << b.random.IntN(8)
		case i < 16:
			text = text[:b.random.IntN(len(text))]
		case i == 16: // an older form has no sum
			text = regexp.MustCompile(`"sum":"[0-9a-f]+"`).ReplaceAllFunc(text, func(m []byte) []byte { return bytes.Replace(m, []byte("sum"), []byte("mus"), 1) })
		default:
			text = regexp.MustCompile(`"assay[^"]*":"[0-9]+"`).ReplaceAllFunc(text, func(m []byte) []byte { m[len(m)-2] = byte('1' + i - 17); return m })
		}
		os.WriteFile(filepath.Join(b.dir, "m.safetensors"), text, 0o644)
		code, out, said := b.command("eval", "m.safetensors", "--data", "fashion-mini")
		if code == 0 {
			if bytes.Equal(text, model) {
				continue
			}
			b.count(fmt.Sprintf("case %d: taken as it is: %s", i, out))
			continue
		}
		b.count(oneLine(code, said))
	}
	store := b.copied()
	b.rows(store, "PRAGMA user_version = 1")
	code, _, said := b.command("study", "show", "--store", store)
	b.count(oneLine(code, said))
}

// TestTortureOverheads measures processor time: of what a trial's process does beside data and compiling, of a finished study that is run
// again, and of one that is shown.
func TestTortureOverheads(t *testing.T) {
	var text strings.Builder
	text.WriteString(studyText(5, 1))
	for i := range 40 {
		fmt.Fprintf(&text, "  - {name: v%02d, with: [{lr: %g}]}\n", i, math.Round(1e5*(0.021+0.0005*float64(i)))/1e5)
	}
	quick := strings.Replace(text.String(), "{epochs: 1}, {subset: {images: 1600}}", "{epochs: {steps: 2}}", 1)
	b := calm(t, quick).undisturbed()
	user := func(args ...string) float64 {
		best := math.Inf(1)
		for range 5 {
			c := b.start(args...)
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			best = min(best, (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds())
		}
		return best
	}
	t.Logf("version: %.3f s", user("version"))
	t.Logf("study run of 41 arms x 5 repeats that are there: %.3f s", user("study", "run", "t.yaml", "--store", "S", "-q"))
	t.Logf("study show of 41 arms x 5 repeats: %.3f s", user("study", "show", "--store", "S"))
	t.Logf("study list: %.3f s", user("study", "list", "--store", "S"))
	t.Logf("store check: %.3f s", user("store", "check", "--store", "S"))
}
