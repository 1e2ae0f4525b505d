/**
 * The migrations of the state database, oldest first; entry i leads from version i to i + 1
 * (PRAGMA user_version). An entry that was released is never edited: a change is a new entry.
 *
 * Conventions: STRICT tables; whole numbers INTEGER, times and gauges REAL; virtual times in
 * nanoseconds (`_ns`); everything that depends on the wall clock or the machine's processes in the
 * tables whose name ends in `_wall`, and in `active_area`; `position` keeps the order in which rows were given.
 * Everything of a run goes with it (ON DELETE CASCADE).
 */
export const MIGRATIONS: readonly string[] = [
  `
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
  `,
  // 2: runs that last for days: faults with what became of them, checkpoints, intervals, steering.
  `
  ALTER TABLE run ADD COLUMN exit_code INTEGER;
  ALTER TABLE run_wall ADD COLUMN alive_ms INTEGER;
  ALTER TABLE run_wall ADD COLUMN listens INTEGER NOT NULL DEFAULT 0 CHECK (listens IN (0, 1));

  ALTER TABLE fault RENAME TO fault_of_version_1;
  CREATE TABLE fault (
    run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    fault_id    INTEGER NOT NULL,
    time_ns     REAL NOT NULL,
    operation   INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    area        TEXT NOT NULL,
    slot        INTEGER NOT NULL,
    pages       INTEGER NOT NULL,
    consequence TEXT NOT NULL
      CHECK (consequence IN ('pending', 'detected', 'unread', 'lost', 'harmless')),
    detail      TEXT NOT NULL,
    PRIMARY KEY (run_id, fault_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO fault
    SELECT run_id, position, time_ns, 0, kind, target, 0, 0, 'pending', detail
    FROM fault_of_version_1;
  DROP TABLE fault_of_version_1;

  CREATE TABLE fault_tally (
    run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    consequence TEXT NOT NULL,
    count       INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (run_id, kind, consequence)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO fault_tally
    SELECT run_id, kind, consequence, count(*) FROM fault GROUP BY run_id, kind, consequence;

  CREATE TABLE checkpoint (
    run_id     INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
    operations INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (json_valid(state))
  ) STRICT;

  CREATE TABLE interval (
    run_id     INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    operations INTEGER NOT NULL,
    time_ns    REAL NOT NULL,
    figures    TEXT NOT NULL CHECK (json_valid(figures)),
    PRIMARY KEY (run_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE interval_wall (
    run_id   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (run_id, position),
    FOREIGN KEY (run_id, position) REFERENCES interval ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE steering (
    steering_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    action      TEXT NOT NULL CHECK (action IN ('swapon', 'swapoff')),
    area        TEXT NOT NULL,
    priority    INTEGER,
    status      TEXT NOT NULL CHECK (status IN ('asked', 'taken', 'answered', 'withdrawn')),
    operation   INTEGER,
    phase_index INTEGER,
    outcome     TEXT,
    detail      TEXT
  ) STRICT;
  CREATE INDEX steering_by_run ON steering (run_id, status);

  CREATE TABLE steering_wall (
    steering_id INTEGER PRIMARY KEY REFERENCES steering ON DELETE CASCADE,
    asker_pid   INTEGER NOT NULL,
    asker_start INTEGER,
    asked_ms    INTEGER NOT NULL,
    answered_ms INTEGER
  ) STRICT;
  `,
  // 3: what reports and comparisons read: metrics, counts by operation, maps of the areas' slots.
  `
  CREATE TABLE metric (
    run_id       INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    metric_group TEXT NOT NULL,
    name         TEXT NOT NULL,
    unit         TEXT NOT NULL,
    better       TEXT NOT NULL CHECK (better IN ('lower', 'higher', 'none')),
    always_shown INTEGER NOT NULL CHECK (always_shown IN (0, 1)),
    value        REAL NOT NULL,
    PRIMARY KEY (run_id, position),
    UNIQUE (run_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE operation_counter (
    run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    operation TEXT NOT NULL,
    name      TEXT NOT NULL,
    value     INTEGER NOT NULL,
    PRIMARY KEY (run_id, operation, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE slot_cell (
    run_id     INTEGER NOT NULL,
    type       INTEGER NOT NULL,
    first_slot INTEGER NOT NULL,
    slots      INTEGER NOT NULL CHECK (slots = free + written + zswap + zero + cached + bad),
    free       INTEGER NOT NULL,
    written    INTEGER NOT NULL,
    zswap      INTEGER NOT NULL,
    zero       INTEGER NOT NULL,
    cached     INTEGER NOT NULL,
    bad        INTEGER NOT NULL,
    PRIMARY KEY (run_id, type, first_slot),
    FOREIGN KEY (run_id, type) REFERENCES area ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE cluster_list (
    run_id        INTEGER NOT NULL,
    type          INTEGER NOT NULL,
    position      INTEGER NOT NULL,
    list          TEXT NOT NULL,
    cluster_order INTEGER NOT NULL,
    clusters      INTEGER NOT NULL,
    PRIMARY KEY (run_id, type, position),
    FOREIGN KEY (run_id, type) REFERENCES area ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE free_run (
    run_id INTEGER NOT NULL,
    type   INTEGER NOT NULL,
    low    INTEGER NOT NULL,
    high   INTEGER NOT NULL CHECK (high >= low),
    count  INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (run_id, type, low),
    FOREIGN KEY (run_id, type) REFERENCES area ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  DROP VIEW v_compare;
  CREATE VIEW v_compare AS
    SELECT run_id, run.name, design, seed, spec_hash, metric_group, metric, unit, better, value
    FROM run JOIN (
      SELECT run_id, metric_group, name AS metric, unit, better, value FROM metric
      UNION ALL
      SELECT run_id, 'events', name, 'events', 'none', sum(value)
      FROM counter WHERE NOT EXISTS (
        SELECT 1 FROM metric
        WHERE metric.run_id = counter.run_id AND metric.name = counter.name
      )
      GROUP BY run_id, name
      UNION ALL
      SELECT run_id, 'run', 'slot runs', 'runs', 'lower', slot_runs FROM run
      UNION ALL
      SELECT run_id, 'metadata', 'metadata ' || kind, 'bytes', 'lower', sum(bytes)
      FROM metadata_term GROUP BY run_id, kind
      UNION ALL
      SELECT run_id, 'devices', 'virtual time', 'ms', 'lower', virtual_ns / 1e6
      FROM run WHERE NOT EXISTS (SELECT 1 FROM metric WHERE metric.run_id = run.run_id)
    ) USING (run_id)
    WHERE status = 'done';
  `,
  // 4: without these every look for live runs read past all specs, and every look for a metric all.
  `
  CREATE INDEX run_running ON run (run_id) WHERE status = 'running';
  CREATE INDEX metric_by_name ON metric (name, run_id);
  `,
  // 5: runs of sweeps, by the id that they have in every plan and database.
  `
  ALTER TABLE run ADD COLUMN plan_id TEXT CHECK (length(plan_id) = 64);
  CREATE INDEX run_by_plan ON run (plan_id) WHERE plan_id IS NOT NULL;
  CREATE UNIQUE INDEX run_claimed ON run (plan_id)
    WHERE plan_id IS NOT NULL AND status IN ('done', 'running');
  ALTER TABLE run_wall ADD COLUMN owner_host TEXT;
  `,
];
