-- One file holds all that a store knows. Times are milliseconds since 1970, UTC. What decides what is shown carries a sum (sum.go); a
-- row that does not fit its own is as if it were not there. Sums of parts stand before the large values that they are of, so that
-- they are read without them. There are no foreign keys: what hangs on what is asked by Check. A change of this file is a new form
-- of store: schemaVersion in store.go.

CREATE TABLE studies (
	name     TEXT    NOT NULL PRIMARY KEY, -- the file's name without extension, or --as NAME
	question TEXT    NOT NULL,
	file     TEXT    NOT NULL, -- the text, so that a study can be read when the file is gone
	origin   TEXT    NOT NULL, -- JSON, the runner's own
	baseline TEXT    NOT NULL, -- identity of the arm that all others are compared with
	seed     INTEGER NOT NULL, -- 64 bits
	repeats  INTEGER NOT NULL,
	version  INTEGER NOT NULL, -- of this record; a change names the one that it read
	created  INTEGER NOT NULL,
	updated  INTEGER NOT NULL,
	sum      TEXT    NOT NULL  -- of this row and of what stands before arm in each of its arms'
) STRICT, WITHOUT ROWID;

CREATE TABLE arms (
	study   TEXT    NOT NULL,
	ordinal INTEGER NOT NULL, -- the baseline is 0
	key     TEXT    NOT NULL, -- the arm's identity
	name    TEXT    NOT NULL,
	status  TEXT    NOT NULL, -- active, idle, removed
	reason  TEXT    NOT NULL,
	sum     TEXT    NOT NULL, -- of what follows
	arm     TEXT    NOT NULL, -- JSON, study.Arm
	recipe  TEXT    NOT NULL, -- JSON, Recipe
	PRIMARY KEY (study, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE cells (
	study  TEXT    NOT NULL,
	arm    TEXT    NOT NULL, -- its identity
	repeat INTEGER NOT NULL, -- 1, 2, ...
	trial  TEXT    NOT NULL, -- that stands for it
	spent  REAL    NOT NULL, -- seconds of this study's budget
	sum    TEXT    NOT NULL,
	PRIMARY KEY (study, arm, repeat)
) STRICT, WITHOUT ROWID;

CREATE TABLE trials (
	id      TEXT    NOT NULL PRIMARY KEY, -- the digest of spec
	spec    TEXT    NOT NULL, -- JSON, trial.Spec
	status  TEXT    NOT NULL, -- done, diverged, failed
	reason  TEXT    NOT NULL,
	engine  TEXT    NOT NULL, -- as in spec, for whoever looks
	steps   INTEGER NOT NULL,
	seconds REAL,             -- NULL: not known
	begun   TEXT    NOT NULL, -- JSON: digests of the first steps
	weights TEXT    NOT NULL,
	curve   TEXT    NOT NULL, -- JSON: [trial.Point]
	ended   INTEGER NOT NULL,
	sum     TEXT    NOT NULL  -- of this row, its evaluations and metrics, and its columns' sums
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluations (
	trial   TEXT    NOT NULL,
	name    TEXT    NOT NULL, -- val: the validation images, as training's end sees them
	ordinal INTEGER NOT NULL,
	images  TEXT    NOT NULL, -- digest of the set
	PRIMARY KEY (trial, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
	trial      TEXT NOT NULL,
	evaluation TEXT NOT NULL,
	name       TEXT NOT NULL,
	value      REAL, -- NULL: not a number
	PRIMARY KEY (trial, evaluation, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE columns (
	trial      TEXT    NOT NULL,
	evaluation TEXT    NOT NULL,
	name       TEXT    NOT NULL,
	ordinal    INTEGER NOT NULL,
	kind       TEXT    NOT NULL, -- real: float32; whole: int32
	sum        TEXT    NOT NULL, -- of data and all before it
	data       BLOB    NOT NULL, -- little-endian, 4 bytes an image
	PRIMARY KEY (trial, evaluation, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE image_sets (
	digest  TEXT NOT NULL PRIMARY KEY,
	sum     TEXT NOT NULL,
	hashes  TEXT NOT NULL, -- JSON, of each image
	labels  BLOB NOT NULL, -- little-endian int32
	names   TEXT NOT NULL, -- JSON, of each image or of none
	classes TEXT NOT NULL  -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
	trial   TEXT    NOT NULL PRIMARY KEY,
	owner   TEXT    NOT NULL, -- '': none
	expires INTEGER NOT NULL, -- a heartbeat moves it
	attempt INTEGER NOT NULL  -- leases so far
) STRICT, WITHOUT ROWID;

CREATE TABLE looks (
	baseline TEXT    NOT NULL,
	n        INTEGER NOT NULL, -- 1, 2, ... of this baseline
	study    TEXT    NOT NULL,
	at       INTEGER NOT NULL,
	look     TEXT    NOT NULL, -- JSON, what was judged
	sum      TEXT    NOT NULL,
	PRIMARY KEY (baseline, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE test_readings (
	n       INTEGER NOT NULL PRIMARY KEY, -- 1, 2, ...
	at      INTEGER NOT NULL,
	data    TEXT    NOT NULL, -- digest of the set
	study   TEXT    NOT NULL, -- '' where no study asked
	arm     TEXT    NOT NULL, -- or the model
	seen    BLOB    NOT NULL, -- marks of the test images: 8 bytes of each content, rising
	metrics TEXT    NOT NULL, -- JSON
	sum     TEXT    NOT NULL
) STRICT;

CREATE TABLE tallies ( -- how many looks or readings there are, kept apart from them so that a lost one is missed
	kind TEXT    NOT NULL, -- looks, test_readings; planned: the repeats that a baseline was begun with
	of   TEXT    NOT NULL,
	n    INTEGER NOT NULL,
	sum  TEXT    NOT NULL,
	PRIMARY KEY (kind, of)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
	id    INTEGER PRIMARY KEY AUTOINCREMENT, -- never one twice: a cursor for whoever watches
	at    INTEGER NOT NULL,
	study TEXT    NOT NULL,
	trial TEXT    NOT NULL,
	kind  TEXT    NOT NULL,
	body  TEXT    NOT NULL, -- JSON
	sum   TEXT    NOT NULL
) STRICT;

CREATE TABLE artefacts (
	trial  TEXT NOT NULL,
	kind   TEXT NOT NULL,
	file   TEXT NOT NULL, -- below the store's folder, with slashes
	digest TEXT NOT NULL, -- SHA-256 of the file, hex
	sum    TEXT NOT NULL,
	PRIMARY KEY (trial, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE noise_floors (
	key     TEXT    NOT NULL PRIMARY KEY, -- the baseline's identity
	sd      REAL    NOT NULL, -- points, between repeats
	repeats INTEGER NOT NULL,
	sources TEXT    NOT NULL, -- JSON: standard deviation by source
	at      INTEGER NOT NULL,
	sum     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE calibrations (
	network TEXT    NOT NULL, -- digest of the programs: network, overlay, batch, solver
	machine TEXT    NOT NULL, -- processor and threads
	engine  TEXT    NOT NULL, -- its id
	program TEXT    NOT NULL, -- version of assay
	seconds REAL    NOT NULL, -- of a step
	steps   INTEGER NOT NULL, -- timed
	at      INTEGER NOT NULL,
	sum     TEXT    NOT NULL,
	PRIMARY KEY (network, machine, engine, program)
) STRICT, WITHOUT ROWID;
