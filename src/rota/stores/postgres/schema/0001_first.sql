-- The tables of Rota. Instants are microseconds since 1970, UTC. JSON is text, not jsonb: it is never searched,
-- comes back as it was given, and jsonb refuses the escape of NUL.

CREATE TABLE IF NOT EXISTS rota_schema (step integer PRIMARY KEY, name text NOT NULL);

-- What is to be done, and when. `declared` and `effective` are definitions as JSON; task, queue, tags
-- and search repeat what filters need of `effective`, and `pause_start_us` of `pause`: one that is planned is
-- none before it begins.
CREATE TABLE rota_schedule (
    id uuid NOT NULL PRIMARY KEY,
    rota text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    source text NOT NULL,
    state text NOT NULL,
    declared text NOT NULL,
    effective text NOT NULL,
    task text COLLATE "C" NOT NULL,
    queue text COLLATE "C" NOT NULL,
    tags text NOT NULL,
    search text NOT NULL,
    pause text,
    pause_start_us bigint,
    quarantine text,
    generation integer NOT NULL,
    revision integer NOT NULL,
    cursor_us bigint NOT NULL,
    next_due_us bigint,
    runs_made integer NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL
);
CREATE UNIQUE INDEX rota_schedule_name ON rota_schedule (rota, name);
-- The tick and its next wake-up: the cost of both is what is due, not what is stored.
CREATE INDEX rota_schedule_due ON rota_schedule (rota, next_due_us) WHERE next_due_us IS NOT NULL;
-- What operators ask for on their first page. A tick writes to each index of a schedule; few schedules are in it.
CREATE INDEX rota_schedule_odd ON rota_schedule (rota, name)
    WHERE pause IS NOT NULL OR state IN ('quarantined', 'finished');

-- Due time of the latest occurrence that succeeded. Beside the schedule, not in it: workers settle
-- runs while schedulers hold the schedule's row.
CREATE TABLE rota_success (
    schedule_id uuid NOT NULL PRIMARY KEY,
    planned_us bigint NOT NULL
);

CREATE TABLE rota_override (
    schedule_id uuid NOT NULL,
    field text NOT NULL,
    value text NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    created_us bigint NOT NULL,
    until_us bigint,
    PRIMARY KEY (schedule_id, field)
);
CREATE INDEX rota_override_until ON rota_override (until_us) WHERE until_us IS NOT NULL;

-- A run with its current or last attempt, so that one that succeeds at once costs one insert and two
-- updates. No index speaks of a column that those two change, and the pages have room for them: so they are
-- "heap only", and write to no index. Which runs are pending or running the three tables after it say.
CREATE TABLE rota_run (
    id uuid NOT NULL PRIMARY KEY,
    rota text COLLATE "C" NOT NULL,
    task text COLLATE "C" NOT NULL,
    state text NOT NULL,
    origin text NOT NULL,
    args text NOT NULL,
    policy text NOT NULL,
    queue text COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    created_us bigint NOT NULL,
    run_at_us bigint NOT NULL,
    deadline_us bigint,
    schedule_id uuid,
    schedule text,
    planned_us bigint,
    window_start_us bigint,
    count bigint NOT NULL,
    reason text,
    is_catch_up boolean NOT NULL,
    serial boolean NOT NULL,
    lane text COLLATE "C",
    lane_limit integer NOT NULL,
    gated boolean NOT NULL,
    blocked_by uuid,
    parent uuid,
    made_by text,
    attempt integer NOT NULL DEFAULT 0,
    token bigint NOT NULL DEFAULT 0,
    node text,
    lease_until_us bigint,
    started_us bigint,
    finished_us bigint,
    outcome text,
    result text,
    failure text,
    done double precision,
    total double precision,
    note text,
    cancel_by text,
    trouble text
);
-- A claim writes each row of a page once more, and the settlement again, when the first version can be pruned:
-- with less room they go to other pages, and into all indexes. Vacuum must not wait until a fifth of a long
-- history is dead.
ALTER TABLE rota_run SET (
    fillfactor = 35, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- History, newest first; purge, oldest first.
CREATE INDEX rota_run_history ON rota_run (created_us, id);
CREATE INDEX rota_run_schedule ON rota_run (schedule_id, created_us, id) WHERE schedule_id IS NOT NULL;
-- What people look for in a long history. Nearly all runs succeed, and are not in it: `trouble` is the state of
-- those that ended otherwise.
CREATE INDEX rota_run_trouble ON rota_run (trouble, created_us, id) WHERE trouble IS NOT NULL;
-- What has been retried. Few runs are retries of another one.
CREATE INDEX rota_run_parent ON rota_run (parent) WHERE parent IS NOT NULL;

-- The pending runs, with what decides whether they start. A row is here as long as the state of the run is
-- 'pending', and whoever changes that holds the lock of the run: it is an index that claims can afford.
CREATE TABLE rota_pending (
    id uuid NOT NULL,
    rota text COLLATE "C" NOT NULL,
    task text COLLATE "C" NOT NULL,
    queue text COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    created_us bigint NOT NULL,
    run_at_us bigint NOT NULL,
    deadline_us bigint,
    schedule_id uuid,
    serial boolean NOT NULL,
    lane text COLLATE "C",
    lane_limit integer NOT NULL,
    gated boolean NOT NULL
);
-- It turns over quickly: vacuum must not wait for a part of it to be dead.
ALTER TABLE rota_pending SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
-- What is ready, in the order in which it starts; `gated` runs wait for others, the rest never does. The run
-- knows all of it: the row of a run is found by this index too.
CREATE UNIQUE INDEX rota_pending_ready ON rota_pending (rota, queue, gated, priority DESC, run_at_us, id);
-- Whether anything waits for others at all: asked whenever a run has ended.
CREATE INDEX rota_pending_gated ON rota_pending (run_at_us) WHERE gated;
-- Overlap: the pending runs of a schedule.
CREATE INDEX rota_pending_schedule ON rota_pending (schedule_id) WHERE schedule_id IS NOT NULL;
-- Start deadlines: only runs that have one are in it.
CREATE INDEX rota_pending_deadline ON rota_pending (rota, (run_at_us + deadline_us)) WHERE deadline_us IS NOT NULL;

-- Where running runs are to be looked for: the ids of each claim, in one row. The run itself says whether it
-- still runs; rescue takes out, from time to time, those that do not. A row for each run would cost a claim
-- and a settlement as much again as the run.
CREATE TABLE rota_taken (
    rota text COLLATE "C" NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    run_ids uuid[] NOT NULL,
    PRIMARY KEY (rota, number)
);
-- Ids do not compress.
ALTER TABLE rota_taken ALTER COLUMN run_ids SET STORAGE EXTERNAL;
ALTER TABLE rota_taken SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The running runs that others may have to wait for: of schedules, and with a concurrency key. A row is here
-- as long as the run is running with this token.
CREATE TABLE rota_load (
    run_id uuid NOT NULL PRIMARY KEY,
    token bigint NOT NULL,
    rota text COLLATE "C" NOT NULL,
    schedule_id uuid,
    lane text COLLATE "C"
);
ALTER TABLE rota_load SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- Overlap: the running runs of a schedule.
CREATE INDEX rota_load_schedule ON rota_load (schedule_id) WHERE schedule_id IS NOT NULL;

-- How many runs ended in each hour, by the state they ended in: what is stored is counted without being read.
-- Kept by the statements that end or delete runs. Each connection adds to a row of its own, so that nodes do
-- not wait for each other; two that share one do.
CREATE TABLE rota_tally (
    rota text COLLATE "C" NOT NULL,
    hour_us bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    shard integer NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (rota, hour_us, state, shard)
);
-- A row is rewritten often, and its page shall have room for that.
ALTER TABLE rota_tally SET (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Attempts that were followed by another one.
CREATE TABLE rota_attempt (
    run_id uuid NOT NULL,
    number integer NOT NULL,
    node text,
    started_us bigint,
    finished_us bigint,
    outcome text,
    failure text,
    PRIMARY KEY (run_id, number)
);

CREATE TABLE rota_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL,
    attempt integer NOT NULL,
    size integer NOT NULL,
    text text NOT NULL
);
CREATE INDEX rota_log_run ON rota_log (run_id, attempt);

-- The last errors of each schedule: they outlive the runs.
CREATE TABLE rota_error (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule_id uuid NOT NULL,
    run_id uuid NOT NULL,
    at_us bigint NOT NULL,
    failure text NOT NULL
);
CREATE INDEX rota_error_schedule ON rota_error (schedule_id, at_us, id);

CREATE TABLE rota_node (
    id text NOT NULL PRIMARY KEY,
    rota text COLLATE "C" NOT NULL,
    seen_us bigint NOT NULL,
    node text NOT NULL,
    drain_by text
);

CREATE TABLE rota_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_us bigint NOT NULL,
    rota text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    via text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL,
    before text NOT NULL,
    after text NOT NULL
);
CREATE INDEX rota_audit_subject ON rota_audit (rota, subject, at_us, id);
CREATE INDEX rota_audit_at ON rota_audit (rota, at_us, id);

CREATE TABLE rota_generation (
    rota text COLLATE "C" NOT NULL PRIMARY KEY,
    number integer NOT NULL,
    fingerprint text NOT NULL,
    revision integer NOT NULL,
    synced_us bigint NOT NULL,
    past text NOT NULL
);

-- Those who sign in to the web face, and the tokens of programs and of signed-in browsers: their hashes.
CREATE TABLE rota_user (
    rota text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    role text NOT NULL,
    password text NOT NULL,
    created_us bigint NOT NULL,
    PRIMARY KEY (rota, name)
);

CREATE TABLE rota_token (
    id text NOT NULL PRIMARY KEY,
    rota text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    owner text COLLATE "C" NOT NULL,
    role text NOT NULL,
    label text NOT NULL,
    digest text NOT NULL UNIQUE,
    created_us bigint NOT NULL,
    expires_us bigint,
    used_us bigint
);
