-- One file holds all that a store knows of its studies. Times are milliseconds since 1970, UTC; NULL in a column of
-- figures is one that is not finite or not known. A change of this file is a new entry in store.go's migrations.

CREATE TABLE studies (
	id       INTEGER PRIMARY KEY,
	name     TEXT    NOT NULL UNIQUE, -- the file's name without extension, or --as NAME
	digest   TEXT    NOT NULL,        -- of all that makes two runs the same study: the file, and where it was pointed
	question TEXT    NOT NULL,
	file     TEXT    NOT NULL,        -- the text, so that a study can be repeated when the file is gone
	plan     TEXT    NOT NULL,        -- JSON, the runner's own
	created  INTEGER NOT NULL,
	updated  INTEGER NOT NULL
) STRICT;

CREATE TABLE arms (
	study   INTEGER NOT NULL REFERENCES studies ON DELETE CASCADE,
	ordinal INTEGER NOT NULL, -- the baseline is 0
	name    TEXT    NOT NULL,
	arm     TEXT    NOT NULL, -- JSON, study.Arm
	PRIMARY KEY (study, ordinal),
	UNIQUE (study, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE trials (
	id       INTEGER PRIMARY KEY,
	study    INTEGER NOT NULL REFERENCES studies ON DELETE CASCADE,
	ordinal  INTEGER NOT NULL, -- place in the plan, in which trials are leased
	arm      TEXT    NOT NULL,
	repeat   INTEGER NOT NULL,
	seeds    TEXT    NOT NULL, -- JSON, study.Seeds
	status   TEXT    NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'leased', 'done', 'diverged', 'failed')),
	owner    TEXT    NOT NULL DEFAULT '', -- who leased it, last
	expires  INTEGER NOT NULL DEFAULT 0,  -- of the lease; a heartbeat moves it
	attempts INTEGER NOT NULL DEFAULT 0,  -- leases so far
	-- the result, from here on; set in the transaction that ends the trial
	ended    INTEGER,
	reason   TEXT,
	step     INTEGER,
	metrics  TEXT,    -- JSON, by name; "null" unless done
	seconds  REAL,
	weights  TEXT,
	engine   TEXT,    -- id of the engine
	images   BLOB,    -- per image, as images.go packs it
	digest   TEXT,    -- of the result, the seconds left out
	UNIQUE (study, arm, repeat),
	UNIQUE (study, ordinal)
) STRICT;

CREATE TABLE curves (
	trial        INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
	point        INTEGER NOT NULL, -- 0, 1, ...
	epoch        REAL,
	train_loss   REAL,
	val_accuracy REAL, -- points
	val_log_loss REAL, -- nats
	lr           REAL,
	PRIMARY KEY (trial, point)
) STRICT, WITHOUT ROWID;

CREATE TABLE test_readings (
	data     TEXT    NOT NULL, -- digest of the data whose test split was read
	reading  INTEGER NOT NULL, -- 1, 2, ... for each data digest
	at       INTEGER NOT NULL,
	study    TEXT    NOT NULL, -- "" where no study asked
	arm      TEXT    NOT NULL,
	accuracy REAL    NOT NULL, -- points
	log_loss REAL,
	images   INTEGER NOT NULL,
	PRIMARY KEY (data, reading)
) STRICT, WITHOUT ROWID;

CREATE TABLE noise_floors (
	experiment TEXT    NOT NULL PRIMARY KEY, -- digest of the baseline and its data
	sd         REAL    NOT NULL,             -- points, between repeats
	repeats    INTEGER NOT NULL,
	sources    TEXT    NOT NULL,             -- JSON: standard deviation by source
	at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE calibrations (
	network          TEXT    NOT NULL, -- digest of the programs: network, overlay, batch, solver
	machine          TEXT    NOT NULL, -- processor, level and threads
	seconds_per_step REAL    NOT NULL,
	steps            INTEGER NOT NULL, -- timed
	at               INTEGER NOT NULL,
	PRIMARY KEY (network, machine)
) STRICT, WITHOUT ROWID;
