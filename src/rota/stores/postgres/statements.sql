-- The statements of the PostgreSQL store. A block begins with its name on a line of its own; the first
-- sentence says what it does, the rest gives the reason for anything odd. `{name}` includes a block.
-- A batch is one statement: its columns come as arrays %(c1)s, %(c2)s ... that `unnest` makes rows of.

-- clock
-- The server's time.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- schedule_columns
-- A schedule as `rows.schedule_of` reads it.
s.id, s.rota, s.name, s.source, s.state, s.declared, s.effective, s.pause, s.quarantine, s.generation,
s.revision, s.cursor_us, s.next_due_us,
(SELECT planned_us FROM rota_success WHERE schedule_id = s.id), s.runs_made, s.created_us, s.updated_us,
s.task, s.queue

-- generation
-- The declaration in force.
SELECT rota, number, fingerprint, revision, synced_us, past FROM rota_generation WHERE rota = %(rota)s::text;

-- first_generation
-- Put the first declaration in force, unless another sync was first.
INSERT INTO rota_generation (rota, number, fingerprint, revision, synced_us, past)
VALUES (%(rota)s::text, %(number)s::integer, %(fingerprint)s::text, %(revision)s::integer, %(synced_us)s::bigint, %(past)s::text)
ON CONFLICT (rota) DO NOTHING;

-- next_generation
-- Put a newer declaration in force, unless another sync came first.
UPDATE rota_generation
   SET number = %(number)s::integer, fingerprint = %(fingerprint)s::text, revision = %(revision)s::integer, synced_us = %(synced_us)s::bigint,
       past = %(past)s::text
 WHERE rota = %(rota)s::text AND revision = %(revision_was)s::integer;

-- declared
-- The schedules made by code, and those of these names.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE s.rota = %(rota)s::text AND (s.source = 'code' OR s.name = ANY(%(names)s::text[]))
 ORDER BY s.name;

-- schedules
-- Schedules by name, filtered.
{found_schedules}
   AND (%(after)s::text IS NULL OR s.name > %(after)s::text)
 ORDER BY s.name, s.rota
 LIMIT %(limit)s::integer;

-- schedules_backwards
-- The same, last name first.
{found_schedules}
   AND (%(after)s::text IS NULL OR s.name < %(after)s::text)
 ORDER BY s.name DESC, s.rota DESC
 LIMIT %(limit)s::integer;

-- schedules_by_due
-- The same, what is due next first; what is never due again comes last, as if in the far future.
{found_schedules}
   AND (%(after)s::text IS NULL OR (coalesce(s.next_due_us, 2305843009213693952), s.name) > (%(after_due_us)s::bigint, %(after)s::text))
 ORDER BY coalesce(s.next_due_us, 2305843009213693952), s.name, s.rota
 LIMIT %(limit)s::integer;

-- found_schedules
-- What all of them begin with.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE (%(rota)s::text IS NULL OR s.rota = %(rota)s::text)
   AND (%(names)s::text[] IS NULL OR s.name = ANY(%(names)s::text[]))
   AND (%(state)s::text IS NULL OR s.state = %(state)s::text)
   AND (%(paused_us)s::bigint IS NULL OR s.pause_start_us <= %(paused_us)s::bigint)
   AND (%(source)s::text IS NULL OR s.source = %(source)s::text)
   AND (%(tag)s::text IS NULL OR strpos(s.tags, %(tag)s::text) > 0)
   AND (%(task)s::text IS NULL OR s.task = %(task)s::text)
   AND (%(tasks)s::text[] IS NULL OR s.task = ANY(%(tasks)s::text[]))
   AND (%(queue)s::text IS NULL OR s.queue = %(queue)s::text)
   AND (%(text)s::text IS NULL OR strpos(s.search, %(text)s::text) > 0)
   AND (%(is_overridden)s::boolean IS NULL OR EXISTS (SELECT 1 FROM rota_override o WHERE o.schedule_id = s.id) = %(is_overridden)s::boolean);

-- odd_schedules
-- Schedules that do not fire, will not for long, or have a pause ahead: quarantined ones first.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE s.rota = %(rota)s::text AND (s.pause IS NOT NULL OR s.state IN ('quarantined', 'finished')) AND s.state <> 'retired'
 ORDER BY s.state = 'quarantined' DESC, s.name
 LIMIT %(limit)s::integer;

-- overridden_schedules
-- Schedules with an override.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE s.rota = %(rota)s::text AND s.state <> 'retired' AND s.id = ANY(ARRAY(SELECT schedule_id FROM rota_override))
 ORDER BY s.name
 LIMIT %(limit)s::integer;

-- ending
-- Schedules of which an override has reached its end.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE s.rota = %(rota)s::text
   AND s.id IN (SELECT schedule_id FROM rota_override WHERE until_us IS NOT NULL AND until_us <= %(now_us)s::bigint)
 ORDER BY s.name
 LIMIT %(limit)s::integer;

-- overrides
-- The overrides of these schedules.
SELECT schedule_id, field, value, author, reason, created_us, until_us FROM rota_override
 WHERE schedule_id = ANY(%(ids)s::uuid[])
 ORDER BY schedule_id, created_us, field;

-- active_runs
-- The pending and running runs of these schedules, oldest first.
SELECT schedule_id, id, state FROM rota_run
 WHERE id = ANY(ARRAY(
       SELECT p.id FROM rota_pending p WHERE p.schedule_id IS NOT NULL AND p.schedule_id = ANY(%(ids)s::uuid[])
       UNION ALL
       SELECT l.run_id FROM rota_load l WHERE l.schedule_id IS NOT NULL AND l.schedule_id = ANY(%(ids)s::uuid[])))
 ORDER BY created_us, id;

-- some_active_runs
-- At most so many of the pending and running runs of each of these schedules, those that run before others.
SELECT schedule_id, id, state FROM rota_run
 WHERE id = ANY(ARRAY(
       SELECT a.id FROM unnest(%(ids)s::uuid[]) AS s (id) CROSS JOIN LATERAL (
              SELECT l.run_id AS id FROM rota_load l WHERE l.schedule_id IS NOT NULL AND l.schedule_id = s.id
              UNION ALL
              SELECT p.id FROM rota_pending p WHERE p.schedule_id IS NOT NULL AND p.schedule_id = s.id
              LIMIT %(most)s::integer) AS a))
 ORDER BY created_us, id;

-- due
-- Schedules to look at now, earliest first.
SELECT id, rota, name, effective, revision, cursor_us, runs_made, pause FROM rota_schedule
 WHERE rota = %(rota)s::text AND next_due_us IS NOT NULL AND next_due_us <= %(now_us)s::bigint
 ORDER BY next_due_us
 LIMIT %(limit)s::integer OFFSET %(skip)s::integer;

-- quarantine
-- Set aside a schedule that can not be read, unless it has changed since.
UPDATE rota_schedule s
   SET state = 'quarantined', quarantine = v.reason, next_due_us = NULL, revision = s.revision + 1
  FROM unnest(%(c1)s::uuid[], %(c2)s::integer[], %(c3)s::text[]) AS v (id, revision, reason)
 WHERE s.id = v.id AND s.revision = v.revision;

-- next_due
-- When the earliest schedule is due.
SELECT min(next_due_us) FROM rota_schedule WHERE rota = %(rota)s::text AND next_due_us IS NOT NULL;

-- record_plan
-- Move schedules on, except those that have changed since; the cursor never goes back.
-- A schedule that another scheduler is recording, or an operator is changing, is passed over without
-- waiting: it is still due at the next look. The revision grows only with what its readers must know of:
-- a change of state, the end of a pause.
WITH plan AS MATERIALIZED (
    SELECT v.*
      FROM unnest(
           %(c1)s::uuid[], %(c2)s::integer[], %(c3)s::bigint[], %(c4)s::bigint[], %(c5)s::bigint[],
           %(c6)s::text[], %(c7)s::text[], %(c8)s::integer[], %(c9)s::boolean[], %(c10)s::bigint[])
       AS v (id, revision, cursor_was_us, cursor_us, next_due_us, state, quarantine, made, resumed, now_us)
      JOIN rota_schedule s ON s.id = v.id
     WHERE s.revision = v.revision AND s.cursor_us = v.cursor_was_us AND s.state = 'active'
       FOR NO KEY UPDATE OF s SKIP LOCKED)
UPDATE rota_schedule s
   SET cursor_us = GREATEST(s.cursor_us, p.cursor_us),
       next_due_us = p.next_due_us,
       state = p.state,
       quarantine = p.quarantine,
       runs_made = s.runs_made + p.made,
       pause = CASE WHEN p.resumed THEN NULL ELSE s.pause END,
       pause_start_us = CASE WHEN p.resumed THEN NULL ELSE s.pause_start_us END,
       revision = s.revision + (p.resumed OR s.state <> p.state)::integer,
       updated_us = CASE WHEN p.resumed OR s.state <> p.state THEN p.now_us ELSE s.updated_us END
  FROM plan p
 WHERE s.id = p.id
RETURNING s.id;

-- park_names
-- Free the names of schedules that are about to be renamed, so that two may swap theirs.
UPDATE rota_schedule s SET name = s.id || '/' || s.name
  FROM unnest(%(c1)s::uuid[], %(c2)s::text[]) AS v (id, name)
 WHERE s.id = v.id AND s.name <> v.name;

-- change_schedule
-- Rewrite a schedule, unless it has changed since, or a tick has moved its cursor: the change decides what
-- is due too. What ticks move without a new revision (the cursor, the count of runs) never goes back.
UPDATE rota_schedule s
   SET rota = v.rota, name = v.name, source = v.source, state = v.state, declared = v.declared,
       effective = v.effective, task = v.task, queue = v.queue, tags = v.tags, search = v.search,
       pause = v.pause, quarantine = v.quarantine, generation = v.generation, revision = v.revision,
       cursor_us = GREATEST(s.cursor_us, v.cursor_us), next_due_us = v.next_due_us,
       runs_made = GREATEST(s.runs_made, v.runs_made), created_us = v.created_us, updated_us = v.updated_us,
       pause_start_us = v.pause_start_us
  FROM unnest(
           %(c1)s::uuid[], %(c2)s::integer[], %(c3)s::text[], %(c4)s::text[], %(c5)s::text[],
           %(c6)s::text[], %(c7)s::text[], %(c8)s::text[], %(c9)s::text[], %(c10)s::text[],
           %(c11)s::text[], %(c12)s::text[], %(c13)s::text[], %(c14)s::text[], %(c15)s::integer[],
           %(c16)s::integer[], %(c17)s::bigint[], %(c18)s::bigint[], %(c19)s::integer[],
           %(c20)s::bigint[], %(c21)s::bigint[], %(c22)s::bigint[], %(c23)s::bigint[])
       AS v (id, revision_was, rota, name, source, state, declared, effective, task, queue, tags, search,
             pause, quarantine, generation, revision, cursor_us, next_due_us, runs_made, created_us, updated_us,
             pause_start_us, cursor_was_us)
 WHERE s.id = v.id AND s.revision = v.revision_was
   AND (v.cursor_was_us IS NULL OR s.cursor_us = v.cursor_was_us);

-- add_schedule
-- Insert a schedule, unless one has its name or its id.
INSERT INTO rota_schedule (
    id, rota, name, source, state, declared, effective, task, queue, tags, search, pause, quarantine,
    generation, revision, cursor_us, next_due_us, runs_made, created_us, updated_us, pause_start_us)
SELECT id, rota, name, source, state, declared, effective, task, queue, tags, search, pause, quarantine,
       generation, revision, cursor_us, next_due_us, runs_made, created_us, updated_us, pause_start_us
  FROM unnest(
           %(c1)s::uuid[], %(c2)s::integer[], %(c3)s::text[], %(c4)s::text[], %(c5)s::text[],
           %(c6)s::text[], %(c7)s::text[], %(c8)s::text[], %(c9)s::text[], %(c10)s::text[],
           %(c11)s::text[], %(c12)s::text[], %(c13)s::text[], %(c14)s::text[], %(c15)s::integer[],
           %(c16)s::integer[], %(c17)s::bigint[], %(c18)s::bigint[], %(c19)s::integer[],
           %(c20)s::bigint[], %(c21)s::bigint[], %(c22)s::bigint[])
       AS v (id, revision_was, rota, name, source, state, declared, effective, task, queue, tags, search,
             pause, quarantine, generation, revision, cursor_us, next_due_us, runs_made, created_us, updated_us,
             pause_start_us)
ON CONFLICT DO NOTHING;

-- drop_schedule
-- Delete a schedule, unless it has changed since.
DELETE FROM rota_schedule WHERE id = %(id)s::uuid AND revision = %(revision)s::integer;

-- drop_overrides
-- Delete the overrides of these schedules.
DELETE FROM rota_override WHERE schedule_id = ANY(%(ids)s::uuid[]);

-- drop_errors
-- Delete the last errors of a schedule.
DELETE FROM rota_error WHERE schedule_id = %(id)s::uuid;

-- drop_success
-- Delete what is known of the last success of a schedule.
DELETE FROM rota_success WHERE schedule_id = %(id)s::uuid;

-- add_override
-- Insert an override.
INSERT INTO rota_override (schedule_id, field, value, author, reason, created_us, until_us)
SELECT * FROM unnest(
           %(c1)s::uuid[], %(c2)s::text[], %(c3)s::text[], %(c4)s::text[], %(c5)s::text[],
           %(c6)s::bigint[], %(c7)s::bigint[])
       AS v (a, b, c, d, e, f, g);

-- past_errors
-- The last errors of a schedule, newest first.
SELECT at_us, run_id, failure FROM rota_error WHERE schedule_id = %(id)s::uuid ORDER BY at_us DESC, id DESC LIMIT %(limit)s::integer;

-- queued_columns
-- What a pending run repeats of the run.
id, rota, task, queue, priority, created_us, run_at_us, deadline_us, schedule_id, serial, lane, lane_limit, gated

-- hour
-- The hour in which a run ended.
(finished_us - mod(finished_us, 3600000000))

-- tallied
-- Count the runs that `ended`. In one order for all, in case two connections share a row.
tallied AS (
    INSERT INTO rota_tally AS t (rota, hour_us, state, shard, count)
    SELECT rota, {hour}, state, mod(pg_backend_pid(), 256), count(*) FROM ended
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (rota, hour_us, state, shard) DO UPDATE SET count = t.count + excluded.count)

-- add_run
-- Insert runs, except those that exist; tell which are new.
WITH new AS (
    INSERT INTO rota_run (
        id, rota, task, state, origin, args, policy, queue, priority, created_us, run_at_us, deadline_us,
        schedule_id, schedule, planned_us, window_start_us, count, reason, is_catch_up, serial, lane, lane_limit,
        gated, blocked_by, parent, made_by, finished_us, trouble)
    SELECT v.*, CASE WHEN v.state NOT IN ('pending', 'succeeded') THEN v.state END
      FROM unnest(
           %(c1)s::uuid[], %(c2)s::text[], %(c3)s::text[], %(c4)s::text[], %(c5)s::text[],
           %(c6)s::text[], %(c7)s::text[], %(c8)s::text[], %(c9)s::integer[], %(c10)s::bigint[],
           %(c11)s::bigint[], %(c12)s::bigint[], %(c13)s::uuid[], %(c14)s::text[], %(c15)s::bigint[],
           %(c16)s::bigint[], %(c17)s::bigint[], %(c18)s::text[], %(c19)s::boolean[],
           %(c20)s::boolean[], %(c21)s::text[], %(c22)s::integer[], %(c23)s::boolean[],
           %(c24)s::uuid[], %(c25)s::uuid[], %(c26)s::text[], %(c27)s::bigint[])
        AS v (id, rota, task, state, origin, args, policy, queue, priority, created_us, run_at_us,
              deadline_us, schedule_id, schedule, planned_us, window_start_us, count, reason, is_catch_up, serial,
              lane, lane_limit, gated, blocked_by, parent, made_by, finished_us)
    ON CONFLICT (id) DO NOTHING
    RETURNING state, finished_us, {queued_columns}),
queued AS (
    INSERT INTO rota_pending ({queued_columns}) SELECT {queued_columns} FROM new WHERE state = 'pending'),
ended AS (SELECT rota, state, finished_us FROM new WHERE finished_us IS NOT NULL),
{tallied}
SELECT id FROM new;

-- enqueue_run
-- Insert runs, except those that exist; tell which are new.
{add_run};

-- enqueue_and_tell
-- The same, and wake those who wait for runs: one that is enqueued by itself costs one round trip.
{add_run}, pg_notify('rota', %(message)s::text) AS told;

-- levels
-- The kinds of pending runs, by queue, by whether they are gated, and by priority, each with its earliest
-- `run_at`, found by hopping from one to the next over the index: runs that are not ready, however many, cost
-- nothing. Each hop is a sub-select with a limit: the planner can not turn that into a join, which would read
-- all that is pending.
level (queue, gated, priority, run_at_us) AS (
    SELECT q.queue, g.gated, f.priority, f.run_at_us
      FROM unnest(%(queues)s::text[]) AS q (queue)
     CROSS JOIN (VALUES (false), (true)) AS g (gated)
     CROSS JOIN LATERAL (
           SELECT r.priority, r.run_at_us FROM rota_pending r
            WHERE r.rota = %(rota)s::text AND r.queue = q.queue AND r.gated = g.gated
            ORDER BY r.priority DESC, r.run_at_us LIMIT 1) f
    UNION ALL
    SELECT level.queue, level.gated, f.priority, f.run_at_us
      FROM level
     CROSS JOIN LATERAL (
           SELECT r.priority, r.run_at_us FROM rota_pending r
            WHERE r.rota = %(rota)s::text AND r.queue = level.queue AND r.gated = level.gated
              AND r.priority < level.priority
            ORDER BY r.priority DESC, r.run_at_us LIMIT 1) f)

-- ready_levels
-- The kinds of runs of which one is ready, highest priority first, and where each begins.
WITH RECURSIVE {levels}
SELECT priority, queue, gated, run_at_us FROM level WHERE run_at_us <= %(now_us)s::bigint
 ORDER BY priority DESC, queue, gated;

-- next_ready
-- The earliest `run_at` later than now of a pending run.
WITH RECURSIVE {levels}
SELECT min((SELECT r.run_at_us FROM rota_pending r
        WHERE r.rota = %(rota)s::text AND r.queue = level.queue AND r.gated = level.gated
          AND r.priority = level.priority AND r.run_at_us > %(now_us)s::bigint
        ORDER BY r.run_at_us LIMIT 1))
  FROM level;

-- is_ready
-- A run of one kind that may start: due, known to the node, its start deadline not passed. The index begins
-- with what was claimed since the last vacuum: from where `ready_levels` saw the first run, it is passed over
-- once for a claim and not again for each of its statements.
c.rota = %(rota)s::text AND c.queue = %(queue)s::text AND c.gated = %(gated)s::boolean
       AND c.priority = %(priority)s::integer
       AND c.run_at_us BETWEEN %(from_us)s::bigint AND %(now_us)s::bigint
       AND (c.deadline_us IS NULL OR c.run_at_us + c.deadline_us > %(now_us)s::bigint)
       AND c.task = ANY(%(tasks)s::text[])

-- lease
-- What a claim changes. The token grows: a node that lost its lease can not settle the run later.
-- Here and in the settlement: this node's clock may be a moment behind that of the one which made the run.
SET state = 'running', token = token + 1, attempt = attempt + 1, node = %(node)s::text,
       lease_until_us = %(until_us)s::bigint, started_us = greatest(%(now_us)s::bigint, created_us)

-- claimed_columns
-- A run under lease as `rows.claimed_of` reads it.
id, token, attempt, task, args, policy, queue, created_us, run_at_us, started_us, schedule_id, schedule,
    planned_us, is_catch_up, cancel_by, priority,
    CASE WHEN schedule_id IS NOT NULL THEN
        (SELECT s.planned_us FROM rota_success s WHERE s.schedule_id = rota_run.schedule_id) END AS success_us

-- answered_columns
-- The names of `claimed_columns`.
id, token, attempt, task, args, policy, queue, created_us, run_at_us, started_us, schedule_id, schedule,
    planned_us, is_catch_up, cancel_by, priority, success_us

-- orphaned
-- Somebody has deleted the run by hand, or changed its state: it would stand first in the queue for ever.
(SELECT r.state FROM rota_run r WHERE r.id = picked.id) IS DISTINCT FROM 'pending'

-- claimed
-- Lease the runs that `picked` names, whose rows in `rota_pending` are locked, and answer `claimed_columns`.
-- 1. A run that somebody has locked, such as an operator, is left for the next claim. Nothing here waits for
--    another transaction, so that no two can wait in a circle: all others lock the run first, then its row in
--    `rota_pending`.
-- 2. By ctid, as arrays: the rows are fetched where they lie, whatever the planner believes of the tables.
-- 3. What was not leased stays pending. IS TRUE keeps the planner from making a join of it, which in our
--    transactions would compare each with each.
mine AS MATERIALIZED (
    SELECT r.ctid AS place FROM rota_run r
     WHERE r.id = ANY(ARRAY(SELECT id FROM picked)) AND r.state = 'pending'
       FOR UPDATE SKIP LOCKED),
leased AS (
    UPDATE rota_run {lease}
     WHERE ctid = ANY(ARRAY(SELECT place FROM mine))
    RETURNING {claimed_columns}, lane),
begun AS (
    DELETE FROM rota_pending
     WHERE ctid = ANY(ARRAY(
           SELECT place FROM picked WHERE (id IN (SELECT id FROM leased)) IS TRUE OR {orphaned}))),
noted AS (
    INSERT INTO rota_taken (rota, run_ids) SELECT %(rota)s::text, array_agg(id) FROM leased HAVING count(*) > 0),
loaded AS (
    INSERT INTO rota_load (run_id, token, rota, schedule_id, lane)
    SELECT id, token, %(rota)s::text, schedule_id, lane FROM leased WHERE schedule_id IS NOT NULL OR lane IS NOT NULL)
SELECT {answered_columns} FROM leased

-- claim_free
-- Lease the first ready runs of one kind that need not wait for others. Its answer has no order.
WITH picked AS MATERIALIZED (
    SELECT c.ctid AS place, c.id FROM rota_pending c
     WHERE {is_ready}
     ORDER BY c.run_at_us, c.id
     LIMIT %(limit)s::integer
       FOR UPDATE SKIP LOCKED),
{claimed};

-- ready_runs
-- The first ready runs of one kind, but none whose schedule or concurrency key is known to be taken: a
-- long backlog behind one of them does not hide the runs behind it. They stay locked until the commit.
SELECT c.id, c.run_at_us, CASE WHEN c.serial THEN c.schedule_id END, c.lane, c.lane_limit, c.gated
  FROM rota_pending c
 WHERE {is_ready}
   AND (NOT c.serial OR c.schedule_id <> ALL(%(busy_schedules)s::uuid[]))
   AND (c.lane IS NULL OR c.lane_limit > coalesce((%(busy_lanes)s::jsonb ->> c.lane)::integer, 0))
 ORDER BY c.run_at_us, c.id
 LIMIT %(limit)s::integer
   FOR UPDATE SKIP LOCKED;

-- take_gates
-- Lock these gates, as far as no other claim holds them. Without waiting, and until the commit: locks
-- of a session would not survive PgBouncer. The first number is ours among the users of such locks: `ROTA`.
SELECT v.gate FROM unnest(%(gates)s::integer[]) AS v (gate)
 WHERE pg_try_advisory_xact_lock(1380930625, v.gate);

-- load
-- How many runs are running, of each schedule and concurrency key.
-- The first condition holds for all: it has the planner walk an index, from which vacuum takes what is dead,
-- and not the table, which keeps the size it once had.
SELECT schedule_id, lane, count(*) FROM rota_load
 WHERE run_id >= '00000000-0000-0000-0000-000000000000' AND rota = %(rota)s::text
 GROUP BY schedule_id, lane;

-- queued_as
-- The row of a run in `rota_pending`, by the one index that has all of them.
p.rota = r.rota AND p.queue = r.queue AND p.gated = r.gated AND p.priority = r.priority
       AND p.run_at_us = r.run_at_us AND p.id = r.id

-- claim_picked
-- Lease these runs, which `ready_runs` has locked.
WITH picked AS MATERIALIZED (
    SELECT p.ctid AS place, p.id FROM rota_run r
      JOIN rota_pending p ON {queued_as}
     WHERE r.id = ANY(%(ids)s::uuid[])),
{claimed};

-- taken
-- Where the running runs of a rota, or of all, are found.
ARRAY(SELECT unnest(t.run_ids) FROM rota_taken t WHERE %(rota)s::text IS NULL OR t.rota = %(rota)s::text)

-- overdue
-- Running runs whose lease has run out.
SELECT {claimed_columns} FROM rota_run
 WHERE id = ANY({taken}) AND state = 'running' AND rota = %(rota)s::text AND lease_until_us <= %(now_us)s::bigint
 ORDER BY lease_until_us
 LIMIT %(limit)s::integer;

-- claimed_by
-- Running runs that a node has begun to hold, until this very instant. A renewal may end its leases at the same
-- instant, but does not begin them.
SELECT {claimed_columns} FROM rota_run
 WHERE id = ANY({taken}) AND state = 'running' AND rota = %(rota)s::text AND node = %(node)s::text AND lease_until_us = %(until_us)s::bigint
   AND started_us = greatest(%(now_us)s::bigint, created_us);

-- forget_taken
-- Forget what was taken and has ended: claims of which nothing runs, and of others what has ended when that is
-- at least half. A run that runs has been running since its claim was noted, or is noted by a later one too:
-- so what two nodes take out at once is never too much. Nor shall anything wait for ever for a run that
-- somebody has deleted by hand, or whose state they have changed.
WITH old AS MATERIALIZED (
    SELECT t.number, cardinality(t.run_ids) AS size,
           ARRAY(SELECT r.id FROM rota_run r WHERE r.id = ANY(t.run_ids) AND r.state = 'running') AS run_ids
      FROM rota_taken t WHERE t.rota = %(rota)s::text
       FOR UPDATE SKIP LOCKED),
ended AS (
    DELETE FROM rota_taken t USING old WHERE t.rota = %(rota)s::text AND t.number = old.number AND old.run_ids = '{}'),
strays AS (
    DELETE FROM rota_load l
     WHERE l.rota = %(rota)s::text
       AND (SELECT r.state FROM rota_run r WHERE r.id = l.run_id AND r.token = l.token) IS DISTINCT FROM 'running')
UPDATE rota_taken t SET run_ids = old.run_ids FROM old
 WHERE t.rota = %(rota)s::text AND t.number = old.number AND old.run_ids <> '{}'
   AND cardinality(old.run_ids) * 2 <= old.size
RETURNING t.number;

-- held
-- A run that is still under the lease given. The state is written as an expression over the row of the
-- batch: of a plain 'running' the planner knows from its statistics that hardly a row has it, looks through
-- all rows for that one first, and then compares each that it finds with each of the batch.
r.id = v.id AND r.token = v.token AND r.state = left('running' || v.token, 7)

-- renew
-- Extend leases that are still held.
UPDATE rota_run r SET lease_until_us = GREATEST(r.lease_until_us, v.until_us)
  FROM unnest(%(c1)s::uuid[], %(c2)s::bigint[], %(c3)s::bigint[]) AS v (id, token, until_us)
 WHERE {held};

-- leases
-- Who holds these runs, and whether they are asked to stop.
SELECT id, token, state, cancel_by FROM rota_run WHERE id = ANY(%(ids)s::uuid[]);

-- progress
-- Store what a running attempt says of its progress.
UPDATE rota_run r
   SET done = coalesce(v.done, r.done), total = coalesce(v.total, r.total), note = coalesce(v.note, r.note)
  FROM unnest(
           %(c1)s::uuid[], %(c2)s::bigint[], %(c3)s::double precision[], %(c4)s::double precision[],
           %(c5)s::text[])
       AS v (id, token, done, total, note)
 WHERE {held};

-- hold_runs
-- Which of these runs are still under the lease given. Nobody else can settle them until the commit.
SELECT r.id
  FROM unnest(%(c1)s::uuid[], %(c2)s::bigint[]) AS v (id, token)
  JOIN rota_run r ON {held}
   FOR UPDATE OF r;

-- still_overdue
-- Those of these runs whose lease has run out.
SELECT id FROM rota_run WHERE id = ANY(%(ids)s::uuid[]) AND lease_until_us <= %(now_us)s::bigint;

-- unloaded
-- Of the runs that are settled, those that others may have waited for. The token says that the caller holds
-- the lease: a row is there as long as the run is running with it. It is done after the update of the runs,
-- as nobody looks at its answer: all lock the run first. Each is looked up by itself, as LIMIT keeps the
-- planner from a join: of a table that is small and bloated it would compare each row with each of the batch.
unloaded AS (
    DELETE FROM rota_load
     WHERE ctid = ANY(ARRAY(
           SELECT found.place
             FROM unnest(%(c1)s::uuid[], %(c2)s::bigint[]) AS v (id, token)
            CROSS JOIN LATERAL (
                  SELECT l.ctid AS place FROM rota_load l WHERE l.run_id = v.id AND l.token = v.token LIMIT 1) found)))

-- settle_final
-- Close runs for ever, as far as the lease is still held.
WITH ended AS (
    UPDATE rota_run r
       SET state = v.state, outcome = v.outcome, started_us = greatest(v.started_us, r.created_us),
           finished_us = greatest(v.finished_us, r.created_us), result = v.result, failure = v.failure,
           reason = v.reason, lease_until_us = NULL,
           trouble = CASE WHEN v.state <> 'succeeded' THEN v.state END
      FROM unnest(
               %(c1)s::uuid[], %(c2)s::bigint[], %(c3)s::text[], %(c4)s::text[], %(c5)s::bigint[],
               %(c6)s::bigint[], %(c7)s::text[], %(c8)s::text[], %(c9)s::text[])
           AS v (id, token, state, outcome, started_us, finished_us, result, failure, reason)
     WHERE {held}
    RETURNING r.rota, r.state, r.finished_us),
{unloaded},
{tallied}
SELECT 1 FROM ended;

-- keep_attempt
-- Keep an attempt that is to be followed by another one.
INSERT INTO rota_attempt (run_id, number, node, started_us, finished_us, outcome, failure)
SELECT r.id, r.attempt, r.node, v.started_us, v.finished_us, v.outcome, v.failure
  FROM unnest(
           %(c1)s::uuid[], %(c2)s::bigint[], %(c3)s::bigint[], %(c4)s::bigint[], %(c5)s::text[],
           %(c6)s::text[])
       AS v (id, token, started_us, finished_us, outcome, failure)
  JOIN rota_run r ON r.id = v.id AND r.token = v.token
ON CONFLICT DO NOTHING;

-- settle_again
-- Give runs back: to be tried again, or closed without this attempt. One that was asked to stop
-- meanwhile is not tried again: it is cancelled. `back` is 1 when the attempt does not count.
WITH {unloaded},
settled AS (
    UPDATE rota_run r
       SET state = CASE WHEN v.state = 'pending' AND r.cancel_by IS NOT NULL THEN 'cancelled' ELSE v.state END,
           finished_us = CASE WHEN v.state = 'pending' AND r.cancel_by IS NULL THEN NULL
                              ELSE greatest(v.finished_us, r.created_us) END,
           attempt = r.attempt - v.back, run_at_us = coalesce(v.run_at_us, r.run_at_us), reason = v.reason,
           node = NULL, lease_until_us = NULL, started_us = NULL, outcome = NULL, result = NULL, failure = NULL,
           done = NULL, total = NULL, note = NULL,
           trouble = CASE WHEN v.state <> 'pending' THEN v.state WHEN r.cancel_by IS NOT NULL THEN 'cancelled' END
      FROM unnest(
               %(c1)s::uuid[], %(c2)s::bigint[], %(c3)s::text[], %(c4)s::integer[], %(c5)s::bigint[],
               %(c6)s::bigint[], %(c7)s::text[])
           AS v (id, token, state, back, run_at_us, finished_us, reason)
     WHERE {held}
    RETURNING r.state, r.finished_us, r.id, r.rota, r.task, r.queue, r.priority, r.created_us, r.run_at_us, r.deadline_us, r.schedule_id,
              r.serial, r.lane, r.lane_limit, r.gated),
queued AS (
    INSERT INTO rota_pending ({queued_columns}) SELECT {queued_columns} FROM settled WHERE state = 'pending'),
ended AS (SELECT rota, state, finished_us FROM settled WHERE finished_us IS NOT NULL),
{tallied}
SELECT id FROM settled;

-- grow_success
-- Remember the latest occurrence of a schedule that succeeded.
INSERT INTO rota_success (schedule_id, planned_us)
SELECT v.schedule_id, v.planned_us FROM unnest(%(c1)s::uuid[], %(c2)s::bigint[]) AS v (schedule_id, planned_us)
ON CONFLICT (schedule_id) DO UPDATE SET planned_us = excluded.planned_us
 WHERE excluded.planned_us > rota_success.planned_us;

-- add_error
-- Keep an error of a schedule.
INSERT INTO rota_error (schedule_id, run_id, at_us, failure)
SELECT * FROM unnest(%(c1)s::uuid[], %(c2)s::uuid[], %(c3)s::bigint[], %(c4)s::text[]) AS v (a, b, c, d);

-- trim_errors
-- Forget all but the last errors of these schedules. What another node is deleting is left to it.
DELETE FROM rota_error WHERE id = ANY(ARRAY(
       SELECT e.id FROM rota_error e
        WHERE e.id = ANY(ARRAY(
              SELECT placed.id FROM (
                     SELECT id, row_number() OVER (PARTITION BY schedule_id ORDER BY at_us DESC, id DESC) AS place
                       FROM rota_error WHERE schedule_id = ANY(%(ids)s::uuid[])) placed
               WHERE placed.place > %(keep)s::integer))
          FOR UPDATE SKIP LOCKED));

-- gated_waits
-- Whether a run waits for another one to end.
SELECT 1 FROM rota_pending WHERE gated LIMIT 1;

-- log_sizes
-- How much is stored of the logs of these runs.
SELECT run_id, attempt, sum(size) FROM rota_log WHERE run_id = ANY(%(ids)s::uuid[])
 GROUP BY run_id, attempt;

-- add_log
-- Append to the log of an attempt.
INSERT INTO rota_log (run_id, attempt, size, text)
SELECT * FROM unnest(%(c1)s::uuid[], %(c2)s::integer[], %(c3)s::integer[], %(c4)s::text[]) AS v (a, b, c, d);

-- has_expired
-- Whether a start deadline has passed.
SELECT 1 FROM rota_pending
 WHERE deadline_us IS NOT NULL AND rota = %(rota)s::text AND run_at_us + deadline_us <= %(now_us)s::bigint
 LIMIT 1;

-- expire
-- Close pending runs whose start deadline has passed. See `claimed`.
WITH picked AS MATERIALIZED (
    SELECT c.ctid AS place, c.id FROM rota_pending c
     WHERE c.deadline_us IS NOT NULL AND c.rota = %(rota)s::text AND c.run_at_us + c.deadline_us <= %(now_us)s::bigint
     ORDER BY c.run_at_us + c.deadline_us
     LIMIT %(limit)s::integer
       FOR UPDATE SKIP LOCKED),
mine AS MATERIALIZED (
    SELECT r.ctid AS place FROM rota_run r
     WHERE r.id = ANY(ARRAY(SELECT id FROM picked)) AND r.state = 'pending'
       FOR UPDATE SKIP LOCKED),
expired AS (
    UPDATE rota_run
       SET state = 'expired', trouble = 'expired', finished_us = GREATEST(%(now_us)s::bigint, created_us),
           reason = 'its start deadline passed'
     WHERE ctid = ANY(ARRAY(SELECT place FROM mine))
    RETURNING id, rota, state, finished_us),
closed AS (
    DELETE FROM rota_pending
     WHERE ctid = ANY(ARRAY(
           SELECT place FROM picked WHERE (id IN (SELECT id FROM expired)) IS TRUE OR {orphaned}))),
ended AS (SELECT rota, state, finished_us FROM expired),
{tallied}
SELECT id FROM expired;

-- lock_runs
-- These runs, so that nobody else changes them until the commit.
SELECT id, state, cancel_by FROM rota_run WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE;

-- cancel_pending
-- Cancel runs that have not started: `lock_runs` saw it, and has locked them.
WITH r AS (
    UPDATE rota_run
       SET state = 'cancelled', trouble = 'cancelled', cancel_by = %(by)s::text,
           finished_us = GREATEST(%(now_us)s::bigint, created_us)
     WHERE id = ANY(%(ids)s::uuid[])
    RETURNING id, rota, queue, gated, priority, run_at_us, state, finished_us),
ended AS (SELECT rota, state, finished_us FROM r),
{tallied}
DELETE FROM rota_pending p USING r WHERE {queued_as};

-- cancel_running
-- Ask running runs to stop. The first who asked is kept.
UPDATE rota_run SET cancel_by = coalesce(cancel_by, %(by)s::text)
 WHERE id = ANY(%(ids)s::uuid[]) AND state = 'running';

-- run_columns
-- A run as `rows.run_of` reads it.
r.id, r.rota, r.task, r.state, r.origin, r.args, r.policy, r.queue, r.priority, r.created_us, r.run_at_us,
r.schedule_id, r.schedule, r.planned_us, r.window_start_us, r.count, r.reason, r.is_catch_up, r.attempt,
r.token, r.node, r.lease_until_us, r.started_us, r.finished_us, r.result, r.failure, r.done, r.total, r.note,
r.cancel_by, r.blocked_by, r.parent, r.made_by, r.serial, r.lane, r.lane_limit

-- run
-- One run.
SELECT {run_columns} FROM rota_run r WHERE r.id = %(id)s::uuid;

-- page
-- The filter, the order and the length of a page of history.
{matching}
 ORDER BY r.created_us DESC, r.id DESC
 LIMIT %(limit)s::integer

-- matching
-- The filter of history.
(%(rota)s::text IS NULL OR r.rota = %(rota)s::text)
   AND (%(task)s::text IS NULL OR r.task = %(task)s::text)
   AND (%(queue)s::text IS NULL OR r.queue = %(queue)s::text)
   AND (%(states)s::text[] IS NULL OR r.state = ANY(%(states)s::text[]))
   AND (%(schedule)s::text IS NULL OR r.schedule = %(schedule)s::text)
   AND r.created_us >= %(since_us)s::bigint
   AND (r.created_us, r.id) < (%(before_us)s::bigint, %(before_id)s::uuid)

-- runs
-- A page of history.
SELECT {run_columns} FROM rota_run r WHERE {page};

-- runs_of_schedule
-- A page of the history of one schedule.
SELECT {run_columns} FROM rota_run r WHERE r.schedule_id = %(schedule_id)s::uuid AND r.schedule_id IS NOT NULL AND {page};

-- latest_runs
-- The last runs of each of these schedules: for each, the index is walked from its end until there are enough.
SELECT r.id, r.schedule_id, r.state, r.attempt, r.created_us, r.planned_us, r.started_us, r.finished_us, r.count, r.reason
  FROM unnest(%(ids)s::uuid[]) AS i (id)
 CROSS JOIN LATERAL (
       SELECT n.id, n.schedule_id, n.state, n.attempt, n.created_us, n.planned_us, n.started_us, n.finished_us,
              n.count, n.reason
         FROM rota_run n
        WHERE n.schedule_id = i.id AND n.schedule_id IS NOT NULL
        ORDER BY n.created_us DESC, n.id DESC
        LIMIT %(limit)s::integer) r;

-- last_runs
-- The last run of each of these schedules.
SELECT {run_columns}
  FROM unnest(%(ids)s::uuid[]) AS i (id)
 CROSS JOIN LATERAL (
       SELECT n.* FROM rota_run n
        WHERE n.schedule_id = i.id AND n.schedule_id IS NOT NULL
        ORDER BY n.created_us DESC, n.id DESC
        LIMIT 1) r;

-- runs_in_trouble
-- A page of the runs in one state, of those states that few runs are in.
SELECT {run_columns} FROM rota_run r
 WHERE r.trouble = %(state)s::text AND {page};

-- runs_pending
-- A page of the pending runs: sorted, as there are few of them beside a long history, before the runs are read.
SELECT {run_columns} FROM rota_run r
 WHERE r.id = ANY(ARRAY(
       SELECT p.id FROM rota_pending p WHERE {matching_pending}
        ORDER BY p.created_us DESC, p.id DESC
        LIMIT %(limit)s::integer)) AND r.state = 'pending'
 ORDER BY r.created_us DESC, r.id DESC;

-- matching_pending
-- The filter of pending runs, as far as `rota_pending` knows of it.
(%(rota)s::text IS NULL OR p.rota = %(rota)s::text)
   AND (%(task)s::text IS NULL OR p.task = %(task)s::text)
   AND (%(queue)s::text IS NULL OR p.queue = %(queue)s::text)
   AND p.created_us >= %(since_us)s::bigint
   AND (p.created_us, p.id) < (%(before_us)s::bigint, %(before_id)s::uuid)

-- runs_running
-- A page of the running runs: sorted, as there are few of them.
SELECT {run_columns} FROM rota_run r
 WHERE r.id = ANY({taken}) AND r.state = 'running' AND {page};

-- count_of_runs
-- How many runs match, up to a limit.
SELECT count(*) FROM (SELECT 1 FROM rota_run r WHERE {page}) AS found;

-- count_of_runs_of_schedule
-- The same, of one schedule.
SELECT count(*) FROM (
       SELECT 1 FROM rota_run r WHERE r.schedule_id = %(schedule_id)s::uuid AND r.schedule_id IS NOT NULL AND {page}) AS found;

-- count_of_runs_in_trouble
-- The same, in one of the states that few runs are in.
SELECT count(*) FROM (SELECT 1 FROM rota_run r WHERE r.trouble = %(state)s::text AND {page}) AS found;

-- count_of_runs_pending
-- The same, of the pending runs.
SELECT count(*) FROM (
       SELECT 1 FROM rota_pending p WHERE {matching_pending} LIMIT %(limit)s::integer) AS found;

-- count_of_runs_running
-- The same, of the running runs.
SELECT count(*) FROM (
       SELECT 1 FROM rota_run r WHERE r.id = ANY({taken}) AND r.state = 'running' AND {page}) AS found;

-- horizon
-- When the run was made that lies so many runs before the beginning of a page, whatever else is asked of them.
SELECT r.created_us FROM rota_run r
 WHERE {behind};

-- behind
-- Runs from the beginning of a page on, and the one of them that is meant.
(r.created_us, r.id) < (%(before_us)s::bigint, %(before_id)s::uuid) AND r.created_us >= %(since_us)s::bigint
 ORDER BY r.created_us DESC, r.id DESC
 LIMIT 1 OFFSET %(looked_at)s::integer

-- horizon_of_schedule
-- The same, among the runs of one schedule.
SELECT r.created_us FROM rota_run r
 WHERE r.schedule_id = %(schedule_id)s::uuid AND r.schedule_id IS NOT NULL AND {behind};

-- horizon_in_trouble
-- The same, among those in one of the states that few runs are in.
SELECT r.created_us FROM rota_run r
 WHERE r.trouble = %(state)s::text AND {behind};

-- run_after
-- The run of a schedule that was made next after another one.
SELECT {run_columns} FROM rota_run r
 WHERE r.schedule_id = %(schedule_id)s::uuid AND r.schedule_id IS NOT NULL
   AND (r.created_us, r.id) > (%(created_us)s::bigint, %(id)s::uuid)
 ORDER BY r.created_us, r.id
 LIMIT 1;

-- known_runs
-- Which of these runs there are.
SELECT id FROM rota_run WHERE id = ANY(%(ids)s::uuid[]);

-- retries
-- The runs that retry one of these, the latest first.
SELECT {run_columns} FROM rota_run r
 WHERE r.parent = ANY(%(ids)s::uuid[]) AND r.parent IS NOT NULL
 ORDER BY r.created_us DESC, r.id DESC;

-- failing_runs
-- The failed runs, among the latest so many, that neither a success nor a failure of their schedule has followed.
SELECT {run_columns} FROM rota_run r
 WHERE r.id = ANY(ARRAY(
       SELECT f.id
         FROM (SELECT l.id, l.schedule_id, l.created_us FROM rota_run l
                WHERE l.trouble = 'failed' AND l.rota = %(rota)s::text AND l.created_us >= %(since_us)s::bigint
                ORDER BY l.created_us DESC, l.id DESC
                LIMIT %(looked_at)s::integer) f
        WHERE f.schedule_id IS NOT NULL AND NOT EXISTS (
              SELECT 1 FROM rota_run n
               WHERE n.schedule_id = f.schedule_id AND n.schedule_id IS NOT NULL
                 AND (n.created_us, n.id) > (f.created_us, f.id) AND n.state IN ('succeeded', 'failed'))
        ORDER BY f.created_us DESC, f.id DESC
        LIMIT %(limit)s::integer))
 ORDER BY r.created_us DESC, r.id DESC;

-- schedules_named
-- The ids of the schedules that have this name.
SELECT id FROM rota_schedule WHERE name = %(name)s::text AND (%(rota)s::text IS NULL OR rota = %(rota)s::text);

-- attempts
-- The attempts of a run; the current one is in the run itself.
SELECT run_id, number, node, started_us, finished_us, outcome, failure FROM rota_attempt WHERE run_id = %(id)s::uuid
UNION ALL
SELECT id, attempt, node, started_us, finished_us, outcome, failure FROM rota_run
 WHERE id = %(id)s::uuid AND started_us IS NOT NULL
 ORDER BY 2;

-- logs
-- The log of a run, piece by piece.
SELECT attempt, text FROM rota_log WHERE run_id = %(id)s::uuid ORDER BY attempt, id;

-- count_schedules
-- How many schedules are in each state and need each task, and how many of them are paused by now.
SELECT state, task, count(*), count(*) FILTER (WHERE pause_start_us <= %(now_us)s::bigint)
  FROM rota_schedule WHERE rota = %(rota)s::text GROUP BY state, task;

-- count_runs
-- How many runs are in each state.
SELECT state, sum(count)::bigint FROM rota_tally WHERE rota = %(rota)s::text GROUP BY state
UNION ALL
SELECT 'running', count(*) FROM rota_run
 WHERE id = ANY({taken}) AND state = 'running' AND rota = %(rota)s::text;

-- count_ended
-- How many runs ended in each state since the first and since the second hour.
SELECT state, coalesce(sum(count) FILTER (WHERE hour_us >= %(hour_us)s::bigint), 0)::bigint, sum(count)::bigint
  FROM rota_tally WHERE rota = %(rota)s::text AND hour_us >= %(day_us)s::bigint GROUP BY state;

-- count_pending
-- How many runs are pending in each queue, and the earliest `run_at` of one that is due.
SELECT queue, count(*), min(run_at_us) FILTER (WHERE run_at_us <= %(now_us)s::bigint)
  FROM rota_pending WHERE rota = %(rota)s::text GROUP BY queue;

-- ended_by_hour
-- How many runs ended in each hour, by state.
SELECT hour_us, state, sum(count)::bigint
  FROM rota_tally WHERE rota = %(rota)s::text AND hour_us >= %(since_us)s::bigint GROUP BY hour_us, state;

-- made_by_hour
-- How many occurrences and other runs were made in each hour, by state, among the latest so many runs; how many
-- of them lately; how many rows that is, and the first of them.
SELECT m.created_us - mod(m.created_us, 3600000000), m.state, sum(m.count)::bigint,
       coalesce(sum(m.count) FILTER (WHERE m.created_us > %(lately_us)s::bigint), 0)::bigint, count(*), min(m.created_us)
  FROM (SELECT r.created_us, r.state, r.count FROM rota_run r
         WHERE r.rota = %(rota)s::text AND r.created_us >= %(since_us)s::bigint
         ORDER BY r.created_us DESC, r.id DESC
         LIMIT %(limit)s::integer) m
 GROUP BY 1, 2;

-- backlog
-- What is pending, by queue and task: of each queue, found by hopping over the index, no more runs than so
-- many, those that start first.
WITH RECURSIVE served (queue) AS (
    (SELECT p.queue FROM rota_pending p WHERE p.rota = %(rota)s::text ORDER BY p.queue LIMIT 1)
    UNION ALL
    SELECT (SELECT p.queue FROM rota_pending p WHERE p.rota = %(rota)s::text AND p.queue > served.queue ORDER BY p.queue LIMIT 1)
      FROM served WHERE served.queue IS NOT NULL)
SELECT served.queue, b.task, count(*), count(*) FILTER (WHERE b.run_at_us < %(late_us)s::bigint)
  FROM served
 CROSS JOIN LATERAL (
       SELECT p.task, p.run_at_us FROM rota_pending p
        WHERE p.rota = %(rota)s::text AND p.queue = served.queue
        ORDER BY p.gated, p.priority DESC, p.run_at_us
        LIMIT %(limit)s::integer) b
 GROUP BY served.queue, b.task;

-- version
-- What changes with every transaction that writes: two transactions that see the same of them see the same of
-- everything. Of the whole server; what others write changes it for nothing.
SELECT pg_current_snapshot()::text;

-- add_audit
-- Insert an audit line.
INSERT INTO rota_audit (at_us, rota, actor, via, action, subject, reason, before, after)
SELECT * FROM unnest(
           %(c1)s::bigint[], %(c2)s::text[], %(c3)s::text[], %(c4)s::text[], %(c5)s::text[],
           %(c6)s::text[], %(c7)s::text[], %(c8)s::text[], %(c9)s::text[])
       AS v (a, b, c, d, e, f, g, h, i);

-- audit
-- The latest audit lines, newest first.
SELECT at_us, rota, actor, via, action, subject, reason, before, after FROM rota_audit
 WHERE rota = %(rota)s::text ORDER BY at_us DESC, id DESC LIMIT %(limit)s::integer;

-- audit_of
-- The latest audit lines of one subject, newest first.
SELECT at_us, rota, actor, via, action, subject, reason, before, after FROM rota_audit
 WHERE rota = %(rota)s::text AND subject = %(subject)s::text ORDER BY at_us DESC, id DESC LIMIT %(limit)s::integer;

-- old_runs
-- The next ended runs, by creation, that may be purged; the last column says whether it is one of the
-- last of its schedule, which are kept.
SELECT r.id, r.created_us,
       r.schedule_id IS NOT NULL AND %(keep)s::integer > (
           SELECT count(*) FROM (
               SELECT 1 FROM rota_run n
                WHERE n.schedule_id = r.schedule_id AND n.schedule_id IS NOT NULL
                  AND (n.created_us, n.id) > (r.created_us, r.id)
                  AND n.state NOT IN ('pending', 'running')
                LIMIT %(keep)s::integer) AS newer)
  FROM rota_run r
 WHERE (r.created_us, r.id) > (%(after_us)s::bigint, %(after_id)s::uuid) AND r.created_us < %(before_us)s::bigint
   AND r.finished_us < %(before_us)s::bigint AND r.state NOT IN ('pending', 'running') AND r.rota = %(rota)s::text
 ORDER BY r.created_us, r.id
 LIMIT %(limit)s::integer;

-- purge_logs
-- Delete the logs of these runs.
DELETE FROM rota_log WHERE run_id = ANY(%(ids)s::uuid[]);

-- purge_attempts
-- Delete the attempts of these runs.
DELETE FROM rota_attempt WHERE run_id = ANY(%(ids)s::uuid[]);

-- hold_tally
-- Let nobody else purge until the commit: who waits for rows of the tally that are folded would miss them.
SELECT pg_advisory_xact_lock(hashtextextended('rota_tally ' || %(rota)s::text, 0));

-- fold_tally
-- Make one row of all the shards of an hour that is over, so that counting does not cost more with each
-- connection there has been. In the last two hours runs still end; one that is late makes a shard anew.
WITH over AS (
    DELETE FROM rota_tally
     WHERE rota = %(rota)s::text AND shard >= 0
       AND hour_us < (SELECT max(hour_us) - 3600000000 FROM rota_tally WHERE rota = %(rota)s::text)
    RETURNING rota, hour_us, state, count),
folded AS (
    INSERT INTO rota_tally AS t (rota, hour_us, state, shard, count)
    SELECT rota, hour_us, state, -1, sum(count)::bigint FROM over GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (rota, hour_us, state, shard) DO UPDATE SET count = t.count + excluded.count)
SELECT count(*) FROM over;

-- part_of
-- One row of the tally.
t.rota = p.rota AND t.hour_us = p.hour_us AND t.state = p.state AND t.shard = p.shard

-- purge_runs
-- Delete these runs, if they have ended.
-- The tally is lowered row by row of its shards, whichever counted them: what reaches zero goes, so that it
-- does not outlive the history.
WITH deleted AS (
    DELETE FROM rota_run WHERE id = ANY(%(ids)s::uuid[]) AND state NOT IN ('pending', 'running')
    RETURNING rota, state, finished_us),
less AS (SELECT rota, {hour} AS hour_us, state, count(*) AS count FROM deleted GROUP BY 1, 2, 3),
held AS MATERIALIZED (
    SELECT t.rota, t.hour_us, t.state, t.shard, t.count, less.count AS less
      FROM less JOIN rota_tally t ON t.rota = less.rota AND t.hour_us = less.hour_us AND t.state = less.state
     ORDER BY t.rota, t.hour_us, t.state, t.shard
       FOR UPDATE OF t),
part AS (
    SELECT rota, hour_us, state, shard, count,
           (less + count - sum(count) OVER (PARTITION BY rota, hour_us, state ORDER BY shard))::bigint AS less
      FROM held),
emptied AS (
    DELETE FROM rota_tally t USING part p WHERE {part_of} AND p.less >= p.count),
lowered AS (
    UPDATE rota_tally t SET count = t.count - p.less FROM part p
     WHERE {part_of} AND p.less > 0 AND p.less < p.count)
SELECT 1 FROM deleted;

-- join_node
-- Insert or refresh a node, and tell it who wants it to drain.
INSERT INTO rota_node (id, rota, seen_us, node) VALUES (%(id)s::text, %(rota)s::text, %(seen_us)s::bigint, %(node)s::text)
ON CONFLICT (id) DO UPDATE SET rota = excluded.rota, seen_us = excluded.seen_us, node = excluded.node
RETURNING drain_by;

-- drain_node
-- Ask a node to drain, if nobody has done so before.
UPDATE rota_node SET drain_by = %(by)s::text WHERE rota = %(rota)s::text AND id = %(id)s::text AND drain_by IS NULL;

-- leave_node
-- Delete a node.
DELETE FROM rota_node WHERE id = %(id)s::text;

-- nodes
-- The nodes of a rota.
SELECT node, drain_by FROM rota_node WHERE rota = %(rota)s::text ORDER BY id;

-- forget_nodes
-- Delete the nodes that have not been seen since.
DELETE FROM rota_node WHERE rota = %(rota)s::text AND seen_us < %(before_us)s::bigint RETURNING id;

-- put_user
-- Insert or replace somebody who signs in.
INSERT INTO rota_user (rota, name, role, password, created_us) VALUES (%(rota)s::text, %(name)s::text, %(role)s::text, %(password)s::text, %(created_us)s::bigint)
ON CONFLICT (rota, name) DO UPDATE SET role = excluded.role, password = excluded.password;

-- users
-- Those who sign in.
SELECT name, role, password, created_us FROM rota_user WHERE rota = %(rota)s::text ORDER BY name;

-- drop_user
-- Delete somebody who signs in.
DELETE FROM rota_user WHERE rota = %(rota)s::text AND name = %(name)s::text;

-- drop_tokens_of
-- Delete all tokens of somebody.
DELETE FROM rota_token WHERE rota = %(rota)s::text AND owner = %(name)s::text;

-- drop_sessions_of
-- Sign somebody out everywhere.
DELETE FROM rota_token WHERE rota = %(rota)s::text AND owner = %(name)s::text AND kind = 'session';

-- lower_tokens_of
-- No token may do more than the user whose it is: those of an administrator who becomes less become less, too.
UPDATE rota_token
   SET role = %(role)s::text
 WHERE rota = %(rota)s::text AND owner = %(name)s::text
   AND ((role = 'admin' AND %(role)s::text <> 'admin') OR (role = 'operator' AND %(role)s::text = 'viewer'));

-- add_token
-- Insert a token.
INSERT INTO rota_token (id, rota, kind, owner, role, label, digest, created_us, expires_us, used_us)
VALUES (%(id)s::text, %(rota)s::text, %(kind)s::text, %(owner)s::text, %(role)s::text, %(label)s::text, %(digest)s::text, %(created_us)s::bigint, %(expires_us)s::bigint, %(used_us)s::bigint);

-- token_columns
-- A token as `people.py` reads it.
id, kind, owner, role, label, digest, created_us, expires_us, used_us

-- token
-- The token with this hash.
SELECT {token_columns} FROM rota_token WHERE rota = %(rota)s::text AND digest = %(digest)s::text;

-- tokens
-- All tokens, the newest first.
SELECT {token_columns} FROM rota_token WHERE rota = %(rota)s::text ORDER BY created_us DESC, id;

-- use_token
-- Note when a token was used. A time that is set back changes nothing.
UPDATE rota_token SET used_us = %(used_us)s::bigint WHERE id = %(id)s::text AND (used_us IS NULL OR used_us < %(used_us)s::bigint);

-- drop_token
-- Delete a token.
DELETE FROM rota_token WHERE rota = %(rota)s::text AND id = %(id)s::text;

-- drop_old_tokens
-- Delete the tokens that have run out.
DELETE FROM rota_token WHERE rota = %(rota)s::text AND expires_us <= %(now_us)s::bigint;
