-- The tables of Rota. Instants are microseconds since 1970, UTC; JSON is text; 0 and 1 are false and true.

-- What is to be done, and when. `declared` and `effective` are definitions as JSON; task, queue, tags
-- and search repeat what filters need of `effective`, and `pause_start_us` of `pause`: one that is planned is
-- none before it begins.
CREATE TABLE rota_schedule (
    id TEXT NOT NULL PRIMARY KEY,
    rota TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    declared TEXT NOT NULL,
    effective TEXT NOT NULL,
    task TEXT NOT NULL,
    queue TEXT NOT NULL,
    tags TEXT NOT NULL,
    search TEXT NOT NULL,
    pause TEXT,
    pause_start_us INTEGER,
    quarantine TEXT,
    generation INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    cursor_us INTEGER NOT NULL,
    next_due_us INTEGER,
    runs_made INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rota_schedule_name ON rota_schedule (rota, name);
-- The tick and its next wake-up: the cost of both is what is due, not what is stored.
CREATE INDEX rota_schedule_due ON rota_schedule (rota, next_due_us) WHERE next_due_us IS NOT NULL;
-- What operators ask for on their first page. A tick writes to each index of a schedule; few schedules are in it.
CREATE INDEX rota_schedule_odd ON rota_schedule (rota, name)
    WHERE pause IS NOT NULL OR state IN ('quarantined', 'finished');

-- Due time of the latest occurrence that succeeded. Beside the schedule, not in it: workers settle
-- runs while schedulers hold the schedule's row.
CREATE TABLE rota_success (
    schedule_id TEXT NOT NULL PRIMARY KEY,
    planned_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rota_override (
    schedule_id TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    until_us INTEGER,
    PRIMARY KEY (schedule_id, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX rota_override_until ON rota_override (until_us) WHERE until_us IS NOT NULL;

-- A run with its current or last attempt, so that one that succeeds at once costs one insert and two
-- updates. It is running while `started_us` is set and `finished_us` is not.
CREATE TABLE rota_run (
    id TEXT NOT NULL PRIMARY KEY,
    rota TEXT NOT NULL,
    task TEXT NOT NULL,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    args TEXT NOT NULL,
    policy TEXT NOT NULL,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    run_at_us INTEGER NOT NULL,
    deadline_us INTEGER,
    schedule_id TEXT,
    schedule TEXT,
    planned_us INTEGER,
    window_start_us INTEGER,
    count INTEGER NOT NULL,
    reason TEXT,
    is_catch_up INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    lane TEXT,
    lane_limit INTEGER NOT NULL,
    gated INTEGER NOT NULL,
    blocked_by TEXT,
    parent TEXT,
    made_by TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    node TEXT,
    lease_until_us INTEGER,
    started_us INTEGER,
    finished_us INTEGER,
    outcome TEXT,
    result TEXT,
    failure TEXT,
    done REAL,
    total REAL,
    note TEXT,
    cancel_by TEXT
) STRICT;
-- What is ready, in the order in which it starts; `gated` runs wait for others, the rest never does.
CREATE INDEX rota_run_ready ON rota_run (rota, queue, gated, priority DESC, run_at_us, id)
    WHERE state = 'pending';
-- Whether anything waits for others at all: asked whenever a run has ended.
CREATE INDEX rota_run_gated ON rota_run (run_at_us) WHERE state = 'pending' AND gated = 1;
-- Rescue, and the load of schedules and concurrency keys: few rows, read whole. By a value that grows, as
-- equal keys cost much more to insert; without the lease, so that a renewal touches no index.
CREATE INDEX rota_run_running ON rota_run (started_us)
    WHERE started_us IS NOT NULL AND finished_us IS NULL;
-- Overlap: the active runs of a schedule.
CREATE INDEX rota_run_active ON rota_run (schedule_id, state)
    WHERE schedule_id IS NOT NULL AND state IN ('pending', 'running');
-- Start deadlines: only runs that have one are in it.
CREATE INDEX rota_run_deadline ON rota_run (rota, run_at_us + deadline_us)
    WHERE state = 'pending' AND deadline_us IS NOT NULL;
-- History, newest first; purge, oldest first.
CREATE INDEX rota_run_history ON rota_run (created_us, id);
CREATE INDEX rota_run_schedule ON rota_run (schedule_id, created_us, id) WHERE schedule_id IS NOT NULL;
-- What people look for in a long history. Nearly all runs succeed, and are not in it.
CREATE INDEX rota_run_trouble ON rota_run (state, created_us, id)
    WHERE state <> 'pending' AND state <> 'running' AND state <> 'succeeded';
-- What has been retried. Few runs are retries of another one.
CREATE INDEX rota_run_parent ON rota_run (parent) WHERE parent IS NOT NULL;

-- How many runs ended in each hour, by the state they ended in: what is stored is counted without being read.
-- By triggers, which cost less than one more statement for each run, and miss nothing.
CREATE TABLE rota_tally (
    rota TEXT NOT NULL,
    hour_us INTEGER NOT NULL,
    state TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (rota, hour_us, state)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER rota_run_made AFTER INSERT ON rota_run WHEN NEW.finished_us IS NOT NULL BEGIN
    INSERT INTO rota_tally (rota, hour_us, state, count)
    VALUES (NEW.rota, NEW.finished_us - NEW.finished_us % 3600000000, NEW.state, 1)
    ON CONFLICT (rota, hour_us, state) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER rota_run_ended AFTER UPDATE OF finished_us ON rota_run
WHEN OLD.finished_us IS NULL AND NEW.finished_us IS NOT NULL BEGIN
    INSERT INTO rota_tally (rota, hour_us, state, count)
    VALUES (NEW.rota, NEW.finished_us - NEW.finished_us % 3600000000, NEW.state, 1)
    ON CONFLICT (rota, hour_us, state) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER rota_run_deleted AFTER DELETE ON rota_run WHEN OLD.finished_us IS NOT NULL BEGIN
    UPDATE rota_tally SET count = count - 1
     WHERE rota = OLD.rota AND hour_us = OLD.finished_us - OLD.finished_us % 3600000000 AND state = OLD.state;
    DELETE FROM rota_tally
     WHERE rota = OLD.rota AND hour_us = OLD.finished_us - OLD.finished_us % 3600000000 AND state = OLD.state
       AND count = 0;
END;

-- Attempts that were followed by another one.
CREATE TABLE rota_attempt (
    run_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    node TEXT,
    started_us INTEGER,
    finished_us INTEGER,
    outcome TEXT,
    failure TEXT,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE rota_log (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    size INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX rota_log_run ON rota_log (run_id, attempt);

-- The last errors of each schedule: they outlive the runs.
CREATE TABLE rota_error (
    id INTEGER PRIMARY KEY,
    schedule_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    failure TEXT NOT NULL
) STRICT;
CREATE INDEX rota_error_schedule ON rota_error (schedule_id, at_us, id);

CREATE TABLE rota_node (
    id TEXT NOT NULL PRIMARY KEY,
    rota TEXT NOT NULL,
    seen_us INTEGER NOT NULL,
    node TEXT NOT NULL,
    drain_by TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE rota_audit (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    rota TEXT NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
) STRICT;
CREATE INDEX rota_audit_subject ON rota_audit (rota, subject, at_us, id);
CREATE INDEX rota_audit_at ON rota_audit (rota, at_us, id);

CREATE TABLE rota_generation (
    rota TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    revision INTEGER NOT NULL,
    synced_us INTEGER NOT NULL,
    past TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Those who sign in to the web face, and the tokens of programs and of signed-in browsers: their hashes.
CREATE TABLE rota_user (
    rota TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (rota, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE rota_token (
    id TEXT NOT NULL PRIMARY KEY,
    rota TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    role TEXT NOT NULL,
    label TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created_us INTEGER NOT NULL,
    expires_us INTEGER,
    used_us INTEGER
) STRICT, WITHOUT ROWID;
