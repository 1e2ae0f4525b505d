-- A state database as version 1 of the schema left it: never changed, so that the way to newer
-- versions stays tested from what is on users' disks. White space within a statement is part of it.

  CREATE TABLE run (
    run_id        INTEGER PRIMARY KEY AUTOINCREMENT,
    spec_hash     TEXT NOT NULL CHECK (length(spec_hash) = 64),
    design        TEXT NOT NULL,
    seed          INTEGER NOT NULL,
    version       TEXT NOT NULL,
    spec          TEXT NOT NULL CHECK (json_valid(spec)),
    name          TEXT,
    command       TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'aborted')),
    exit_reason   TEXT,
    digest        TEXT,
    pages_checked INTEGER,
    mismatches    INTEGER,
    slot_runs     INTEGER,
    virtual_ns    REAL
  ) STRICT;
  CREATE INDEX run_by_spec ON run (spec_hash);

  CREATE TABLE run_wall (
    run_id      INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
    started_ms  INTEGER NOT NULL,
    finished_ms INTEGER,
    wall_ms     REAL,
    owner_pid   INTEGER NOT NULL,
    owner_start INTEGER
  ) STRICT;

  CREATE TABLE param (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    key    TEXT NOT NULL,
    value  ANY,
    PRIMARY KEY (run_id, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE phase (
    run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    phase_index INTEGER NOT NULL,
    op          TEXT NOT NULL,
    present     INTEGER NOT NULL,
    swapped     INTEGER NOT NULL,
    virtual_ns  REAL NOT NULL,
    PRIMARY KEY (run_id, phase_index)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE phase_wall (
    run_id      INTEGER NOT NULL,
    phase_index INTEGER NOT NULL,
    wall_ms     REAL NOT NULL,
    PRIMARY KEY (run_id, phase_index),
    FOREIGN KEY (run_id, phase_index) REFERENCES phase ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE counter (
    run_id      INTEGER NOT NULL,
    phase_index INTEGER NOT NULL,
    name        TEXT NOT NULL,
    value       INTEGER NOT NULL,
    PRIMARY KEY (run_id, phase_index, name),
    FOREIGN KEY (run_id, phase_index) REFERENCES phase ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE gauge (
    run_id      INTEGER NOT NULL,
    phase_index INTEGER NOT NULL,
    subject     TEXT NOT NULL,
    name        TEXT NOT NULL,
    value       REAL NOT NULL,
    PRIMARY KEY (run_id, phase_index, subject, name),
    FOREIGN KEY (run_id, phase_index) REFERENCES phase ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE series (
    run_id      INTEGER NOT NULL,
    phase_index INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    name        TEXT NOT NULL,
    time_ns     REAL NOT NULL,
    value       REAL NOT NULL,
    PRIMARY KEY (run_id, phase_index, position),
    FOREIGN KEY (run_id, phase_index) REFERENCES phase ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE metadata_term (
    run_id   INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    position INTEGER NOT NULL,
    term     TEXT NOT NULL,
    bytes    INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('static', 'dynamic')),
    PRIMARY KEY (run_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE histogram (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name   TEXT NOT NULL,
    unit   TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE histogram_bucket (
    run_id INTEGER NOT NULL,
    name   TEXT NOT NULL,
    low    INTEGER NOT NULL,
    high   INTEGER NOT NULL CHECK (high >= low),
    count  INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (run_id, name, low),
    FOREIGN KEY (run_id, name) REFERENCES histogram ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE area (
    run_id     INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    type       INTEGER NOT NULL,
    path       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('file', 'partition', 'ghost')),
    pages      INTEGER NOT NULL,
    used_pages INTEGER NOT NULL,
    priority   INTEGER NOT NULL,
    PRIMARY KEY (run_id, type)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE area_counter (
    run_id   INTEGER NOT NULL,
    type     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    value    INTEGER NOT NULL,
    PRIMARY KEY (run_id, type, position),
    UNIQUE (run_id, type, name),
    FOREIGN KEY (run_id, type) REFERENCES area ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE fault (
    run_id   INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    position INTEGER NOT NULL,
    time_ns  REAL NOT NULL,
    kind     TEXT NOT NULL,
    target   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE event (
    run_id   INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    position INTEGER NOT NULL,
    time_ns  REAL NOT NULL,
    kind     TEXT NOT NULL,
    detail   TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE active_area (
    type        INTEGER PRIMARY KEY,
    path        TEXT NOT NULL,
    file_id     TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL CHECK (kind IN ('file', 'partition', 'ghost')),
    max_pages   INTEGER NOT NULL,
    pages       INTEGER NOT NULL,
    used_pages  INTEGER NOT NULL,
    priority    INTEGER NOT NULL,
    uuid        TEXT,
    label       TEXT,
    transient   INTEGER NOT NULL CHECK (transient IN (0, 1)),
    owner_pid   INTEGER,
    owner_start INTEGER
  ) STRICT;

  CREATE VIEW v_run AS
    SELECT run_id, name, design, seed, status,
      (SELECT count(*) FROM phase p WHERE p.run_id = r.run_id) AS phases,
      (SELECT total(value) FROM counter c WHERE c.run_id = r.run_id AND c.name = 'pswpout')
        AS pswpout,
      (SELECT total(value) FROM counter c WHERE c.run_id = r.run_id AND c.name = 'pswpin')
        AS pswpin,
      (SELECT total(value) FROM counter c WHERE c.run_id = r.run_id AND c.name = 'zswpout')
        AS zswpout,
      (SELECT total(value) FROM counter c WHERE c.run_id = r.run_id AND c.name = 'zswpin')
        AS zswpin,
      virtual_ns / 1e9 AS virtual_s,
      wall_ms / 1e3 AS wall_s,
      pages_checked, mismatches, digest, exit_reason,
      datetime(started_ms / 1000, 'unixepoch') AS started_utc,
      command, spec_hash
    FROM run r JOIN run_wall USING (run_id);

  CREATE VIEW v_compare AS
    SELECT run_id, name, design, seed, spec_hash, metric, unit, value
    FROM run JOIN (
      SELECT run_id, 'virtual time' AS metric, 'ns' AS unit, virtual_ns AS value FROM run
      UNION ALL
      SELECT run_id, 'slot runs', 'runs', slot_runs FROM run
      UNION ALL
      SELECT run_id, 'metadata ' || kind, 'bytes', sum(bytes) FROM metadata_term
      GROUP BY run_id, kind
      UNION ALL
      SELECT run_id, name, 'events', sum(value) FROM counter GROUP BY run_id, name
    ) USING (run_id)
    WHERE status = 'done';
PRAGMA application_id = 1398230082;
PRAGMA user_version = 1;
INSERT INTO run VALUES (1, 'bd55c6906458f89f6fc13ed114bcb9cf5b4dd02af785c6d4f14d6731ad50a4a3', 'swap-table', 7, '0.1.0', '{"design":"swap-table","seed":7}', 'old', 'swaplab run', 'done', NULL, 'abc123', 100, 0, 4, 5e9);
INSERT INTO run_wall VALUES (1, 1700000000000, 1700000001000, 120.5, 1, 1);
INSERT INTO run VALUES (2, 'bd55c6906458f89f6fc13ed114bcb9cf5b4dd02af785c6d4f14d6731ad50a4a3', 'swap-table', 7, '0.1.0', '{"design":"swap-table","seed":7}', NULL, 'swaplab run', 'running', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO run_wall VALUES (2, 1700000000000, NULL, NULL, 4194305, 1);
INSERT INTO param VALUES (1, 'seed', 7);
INSERT INTO phase VALUES (1, 0, 'W 0 100', 60, 40, 1234.5);
INSERT INTO phase_wall VALUES (1, 0, 0.25);
INSERT INTO counter VALUES (1, 0, 'pswpout', 10);
INSERT INTO fault VALUES (1, 0, 3.0, 'eio-read', 'a.swap', 'slot 5');
INSERT INTO event VALUES (1, 0, 1.5, 'oom', 'task 0 was killed');
INSERT INTO active_area VALUES (0, '/a.swap', '8:1', 'file', 10, 9, 0, -2, NULL, NULL, 0, NULL, NULL);
