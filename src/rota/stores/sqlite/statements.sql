-- The statements of the SQLite store. A block begins with its name on a line of its own; the first
-- sentence says what it does, the rest gives the reason for anything odd. `{name}` includes a block.
-- A list comes as a JSON array: `IN (SELECT value FROM json_each(:list))`. `?1, ?2 ...` are the columns
-- of one row of a batch.

-- clock
-- The machine's time, which all processes that can open the file share; exact to the millisecond.
SELECT CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000;

-- schedule_columns
-- A schedule as `rows.schedule_of` reads it.
s.id, s.rota, s.name, s.source, s.state, s.declared, s.effective, s.pause, s.quarantine, s.generation,
s.revision, s.cursor_us, s.next_due_us,
(SELECT planned_us FROM rota_success WHERE schedule_id = s.id), s.runs_made, s.created_us, s.updated_us,
s.task, s.queue

-- generation
-- The declaration in force.
SELECT rota, number, fingerprint, revision, synced_us, past FROM rota_generation WHERE rota = :rota;

-- first_generation
-- Put the first declaration in force, unless another sync was first.
INSERT INTO rota_generation (rota, number, fingerprint, revision, synced_us, past)
VALUES (:rota, :number, :fingerprint, :revision, :synced_us, :past)
ON CONFLICT (rota) DO NOTHING;

-- next_generation
-- Put a newer declaration in force, unless another sync came first.
UPDATE rota_generation
   SET number = :number, fingerprint = :fingerprint, revision = :revision, synced_us = :synced_us,
       past = :past
 WHERE rota = :rota AND revision = :revision_was;

-- declared
-- The schedules made by code, and those of these names.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE s.rota = :rota AND (s.source = 'code' OR s.name IN (SELECT value FROM json_each(:names)))
 ORDER BY s.name;

-- schedules
-- Schedules by name, filtered.
{found_schedules}
   AND (:after IS NULL OR s.name > :after)
 ORDER BY s.name, s.rota
 LIMIT :limit;

-- schedules_backwards
-- The same, last name first.
{found_schedules}
   AND (:after IS NULL OR s.name < :after)
 ORDER BY s.name DESC, s.rota DESC
 LIMIT :limit;

-- schedules_by_due
-- The same, what is due next first; what is never due again comes last, as if in the far future.
{found_schedules}
   AND (:after IS NULL OR (coalesce(s.next_due_us, 2305843009213693952), s.name) > (:after_due_us, :after))
 ORDER BY coalesce(s.next_due_us, 2305843009213693952), s.name, s.rota
 LIMIT :limit;

-- found_schedules
-- What all of them begin with.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE (:rota IS NULL OR s.rota = :rota)
   AND (:names IS NULL OR s.name IN (SELECT value FROM json_each(:names)))
   AND (:state IS NULL OR s.state = :state)
   AND (:paused_us IS NULL OR s.pause_start_us <= :paused_us)
   AND (:source IS NULL OR s.source = :source)
   AND (:tag IS NULL OR instr(s.tags, :tag) > 0)
   AND (:task IS NULL OR s.task = :task)
   AND (:tasks IS NULL OR s.task IN (SELECT value FROM json_each(:tasks)))
   AND (:queue IS NULL OR s.queue = :queue)
   AND (:text IS NULL OR instr(s.search, :text) > 0)
   AND (:is_overridden IS NULL OR (EXISTS (SELECT 1 FROM rota_override o WHERE o.schedule_id = s.id)) = :is_overridden);

-- odd_schedules
-- Schedules that do not fire, will not for long, or have a pause ahead: quarantined ones first.
SELECT {schedule_columns} FROM rota_schedule s INDEXED BY rota_schedule_odd
 WHERE s.rota = :rota AND (s.pause IS NOT NULL OR s.state IN ('quarantined', 'finished')) AND s.state <> 'retired'
 ORDER BY s.state = 'quarantined' DESC, s.name
 LIMIT :limit;

-- overridden_schedules
-- Schedules with an override. The plus keeps it from walking all of them by name.
SELECT {schedule_columns} FROM rota_schedule s
 WHERE +s.rota = :rota AND s.state <> 'retired' AND s.id IN (SELECT schedule_id FROM rota_override)
 ORDER BY s.name
 LIMIT :limit;

-- ending
-- Schedules of which an override has reached its end. CROSS JOIN keeps the order of the tables: else the
-- planner walks all schedules by name, to be spared the sorting of a few.
SELECT {schedule_columns}
  FROM (SELECT DISTINCT schedule_id FROM rota_override WHERE until_us IS NOT NULL AND until_us <= :now_us) o
 CROSS JOIN rota_schedule s ON s.id = o.schedule_id
 WHERE s.rota = :rota
 ORDER BY s.name
 LIMIT :limit;

-- overrides
-- The overrides of these schedules.
SELECT schedule_id, field, value, author, reason, created_us, until_us FROM rota_override
 WHERE schedule_id IN (SELECT value FROM json_each(:ids))
 ORDER BY schedule_id, created_us, field;

-- active_runs
-- The pending and running runs of these schedules, oldest first.
SELECT schedule_id, id, state FROM rota_run
 WHERE schedule_id IN (SELECT value FROM json_each(:ids))
   AND schedule_id IS NOT NULL AND state IN ('pending', 'running')
 ORDER BY created_us, id;

-- some_active_runs
-- At most so many of the pending and running runs of each of these schedules, those that run before others.
SELECT r.schedule_id, r.id, r.state FROM json_each(:ids) i
  JOIN rota_run r ON r.id IN (
       SELECT a.id FROM rota_run a
        WHERE a.schedule_id = i.value AND a.schedule_id IS NOT NULL AND a.state IN ('pending', 'running')
        ORDER BY a.state DESC
        LIMIT :most)
 ORDER BY r.created_us, r.id;

-- due
-- Schedules to look at now, earliest first.
SELECT id, rota, name, effective, revision, cursor_us, runs_made, pause FROM rota_schedule
 WHERE rota = :rota AND next_due_us IS NOT NULL AND next_due_us <= :now_us
 ORDER BY next_due_us
 LIMIT :limit OFFSET :skip;

-- quarantine
-- Set aside a schedule that can not be read, unless it has changed since.
UPDATE rota_schedule
   SET state = 'quarantined', quarantine = ?3, next_due_us = NULL, revision = revision + 1
 WHERE id = ?1 AND revision = ?2;

-- next_due
-- When the earliest schedule is due.
SELECT min(next_due_us) FROM rota_schedule WHERE rota = :rota AND next_due_us IS NOT NULL;

-- record_plan
-- Move a schedule on, unless it has changed since; the cursor never goes back.
-- The revision grows only with what its readers must know of: a change of state, the end of a pause.
UPDATE rota_schedule
   SET cursor_us = max(cursor_us, ?4),
       next_due_us = ?5,
       state = ?6,
       quarantine = ?7,
       runs_made = runs_made + ?8,
       pause = CASE WHEN ?9 THEN NULL ELSE pause END,
       pause_start_us = CASE WHEN ?9 THEN NULL ELSE pause_start_us END,
       revision = revision + (?9 OR state <> ?6),
       updated_us = CASE WHEN ?9 OR state <> ?6 THEN ?10 ELSE updated_us END
 WHERE id = ?1 AND revision = ?2 AND cursor_us = ?3 AND state = 'active'
RETURNING id;

-- park_names
-- Free the names of schedules that are about to be renamed, so that two may swap theirs.
UPDATE rota_schedule SET name = id || '/' || name WHERE id = ?1 AND name <> ?2;

-- change_schedule
-- Rewrite a schedule, unless it has changed since, or a tick has moved its cursor: the change decides what
-- is due too. What ticks move without a new revision (the cursor, the count of runs) never goes back.
UPDATE rota_schedule
   SET rota = ?3, name = ?4, source = ?5, state = ?6, declared = ?7, effective = ?8, task = ?9, queue = ?10,
       tags = ?11, search = ?12, pause = ?13, quarantine = ?14, generation = ?15,
       revision = ?16, cursor_us = max(cursor_us, ?17), next_due_us = ?18, runs_made = max(runs_made, ?19),
       created_us = ?20, updated_us = ?21, pause_start_us = ?22
 WHERE id = ?1 AND revision = ?2 AND (?23 IS NULL OR cursor_us = ?23);

-- add_schedule
-- Insert a schedule, unless one has its name or its id.
INSERT INTO rota_schedule (
    id, rota, name, source, state, declared, effective, task, queue, tags, search, pause, quarantine,
    generation, revision, cursor_us, next_due_us, runs_made, created_us, updated_us, pause_start_us)
VALUES (?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
ON CONFLICT DO NOTHING;

-- drop_schedule
-- Delete a schedule, unless it has changed since.
DELETE FROM rota_schedule WHERE id = :id AND revision = :revision;

-- drop_overrides
-- Delete the overrides of these schedules.
DELETE FROM rota_override WHERE schedule_id IN (SELECT value FROM json_each(:ids));

-- drop_errors
-- Delete the last errors of a schedule.
DELETE FROM rota_error WHERE schedule_id = :id;

-- drop_success
-- Delete what is known of the last success of a schedule.
DELETE FROM rota_success WHERE schedule_id = :id;

-- add_override
-- Insert an override.
INSERT INTO rota_override (schedule_id, field, value, author, reason, created_us, until_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- past_errors
-- The last errors of a schedule, newest first.
SELECT at_us, run_id, failure FROM rota_error WHERE schedule_id = :id ORDER BY at_us DESC, id DESC LIMIT :limit;

-- add_run
-- Insert a run, unless it exists.
INSERT INTO rota_run (
    id, rota, task, state, origin, args, policy, queue, priority, created_us, run_at_us, deadline_us,
    schedule_id, schedule, planned_us, window_start_us, count, reason, is_catch_up, serial, lane, lane_limit,
    gated, blocked_by, parent, made_by, finished_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
    ?23, ?24, ?25, ?26, ?27)
ON CONFLICT (id) DO NOTHING;

-- known_runs
-- Which of these runs there are.
SELECT id FROM rota_run WHERE id IN (SELECT value FROM json_each(:ids));

-- enqueue_run
-- Insert a run, unless it exists; tell whether it is new.
{add_run} RETURNING id;

-- levels
-- The kinds of pending runs, by queue, by whether they are gated, and by priority, found by hopping from
-- one to the next over the index: runs that are not ready, however many, cost nothing.
level (queue, gated, priority) AS (
    SELECT q.value, g.value, (
           SELECT priority FROM rota_run
            WHERE state = 'pending' AND rota = :rota AND queue = q.value AND gated = g.value
            ORDER BY priority DESC LIMIT 1)
      FROM json_each(:queues) q, json_each('[0,1]') g
    UNION ALL
    SELECT level.queue, level.gated, (
           SELECT r.priority FROM rota_run r
            WHERE r.state = 'pending' AND r.rota = :rota AND r.queue = level.queue AND r.gated = level.gated
              AND r.priority < level.priority
            ORDER BY r.priority DESC LIMIT 1)
      FROM level WHERE level.priority IS NOT NULL)

-- ready_levels
-- The kinds of runs of which one is ready, highest priority first. Where each begins, the index knows.
WITH RECURSIVE {levels}
SELECT level.priority, level.queue, level.gated, NULL FROM level
 WHERE level.priority IS NOT NULL AND EXISTS (
       SELECT 1 FROM rota_run r
        WHERE r.state = 'pending' AND r.rota = :rota AND r.queue = level.queue AND r.gated = level.gated
          AND r.priority = level.priority AND r.run_at_us <= :now_us)
 ORDER BY level.priority DESC, level.queue, level.gated;

-- next_ready
-- The earliest `run_at` later than now of a pending run.
WITH RECURSIVE {levels}
SELECT min((SELECT r.run_at_us FROM rota_run r
        WHERE r.state = 'pending' AND r.rota = :rota AND r.queue = level.queue AND r.gated = level.gated
          AND r.priority = level.priority AND r.run_at_us > :now_us
        ORDER BY r.run_at_us LIMIT 1))
  FROM level WHERE level.priority IS NOT NULL;

-- is_ready
-- A run of one kind that may start: due, known to the node, its start deadline not passed.
c.state = 'pending' AND c.rota = :rota AND c.queue = :queue AND c.gated = :gated AND c.priority = :priority
   AND c.run_at_us <= :now_us
   AND (c.deadline_us IS NULL OR c.run_at_us + c.deadline_us > :now_us)
   AND c.task IN (SELECT value FROM json_each(:tasks))

-- lease
-- What a claim changes. The token grows: a node that lost its lease can not settle the run later.
-- Here and in the settlement: this node's clock may be a moment behind that of the one which made the run.
SET state = 'running', token = token + 1, attempt = attempt + 1, node = :node,
       lease_until_us = :until_us, started_us = max(:now_us, created_us)

-- claimed_columns
-- A run under lease as `rows.claimed_of` reads it.
id, token, attempt, task, args, policy, queue, created_us, run_at_us, started_us, schedule_id, schedule,
    planned_us, is_catch_up, cancel_by, priority,
    CASE WHEN schedule_id IS NOT NULL THEN
        (SELECT s.planned_us FROM rota_success s WHERE s.schedule_id = rota_run.schedule_id) END

-- claim_free
-- Lease the first ready runs of one kind that need not wait for others. Its answer has no order.
-- After `claim_free_choose`, which nothing comes in between of: the transaction holds the write lock.
UPDATE rota_run {lease} WHERE rowid IN (SELECT value FROM json_each(:chosen));

-- claim_free_choose
-- The rows of the first ready runs of one kind, as one JSON array.
SELECT json_group_array(rowid) FROM (
       SELECT c.rowid FROM rota_run c WHERE {is_ready} ORDER BY c.run_at_us, c.id LIMIT :limit);

-- claim_free_answer
-- The runs that were leased, as one JSON array of arrays.
SELECT json_group_array(json_array({claimed_columns})) FROM rota_run
 WHERE rowid IN (SELECT value FROM json_each(:chosen));

-- ready_runs
-- The first ready runs of one kind, but none whose schedule or concurrency key is known to be taken: a
-- long backlog behind one of them does not hide the runs behind it.
SELECT c.id, c.run_at_us, CASE WHEN c.serial THEN c.schedule_id END, c.lane, c.lane_limit, c.gated
  FROM rota_run c
 WHERE {is_ready}
   AND (NOT c.serial OR c.schedule_id NOT IN (SELECT value FROM json_each(:busy_schedules)))
   AND (c.lane IS NULL OR c.lane_limit > coalesce((SELECT b.value FROM json_each(:busy_lanes) b WHERE b.key = c.lane), 0))
 ORDER BY c.run_at_us, c.id
 LIMIT :limit;

-- take_gates
-- Keep other claims from deciding about the same keys. Here the write transaction itself does.
SELECT value FROM json_each(:gates);

-- load
-- How many runs are running, of each schedule and concurrency key.
SELECT schedule_id, lane, count(*) FROM rota_run
 WHERE started_us IS NOT NULL AND finished_us IS NULL AND state = 'running' AND rota = :rota
   AND (schedule_id IS NOT NULL OR lane IS NOT NULL)
 GROUP BY schedule_id, lane;

-- claim_picked
-- Lease these runs.
UPDATE rota_run {lease}
 WHERE id IN (SELECT value FROM json_each(:ids)) AND +state = 'pending'
RETURNING {claimed_columns};

-- overdue
-- Running runs whose lease has run out.
SELECT {claimed_columns} FROM rota_run
 WHERE started_us IS NOT NULL AND finished_us IS NULL AND state = 'running' AND rota = :rota AND lease_until_us <= :now_us
 ORDER BY lease_until_us
 LIMIT :limit;

-- claimed_by
-- Running runs that a node has begun to hold, until this very instant. A renewal may end its leases at the same
-- instant, but does not begin them.
SELECT {claimed_columns} FROM rota_run
 WHERE started_us IS NOT NULL AND finished_us IS NULL AND state = 'running' AND rota = :rota AND node = :node AND lease_until_us = :until_us
   AND started_us = max(:now_us, created_us);

-- forget_taken
-- Forget what was taken and has ended. Here nothing is noted of it: an index has the running runs.
SELECT 1 WHERE 0;

-- renew
-- Extend a lease that is still held.
UPDATE rota_run SET lease_until_us = max(lease_until_us, ?3) WHERE id = ?1 AND +state = 'running' AND token = ?2;

-- leases
-- Who holds these runs, and whether they are asked to stop.
SELECT id, token, state, cancel_by FROM rota_run WHERE id IN (SELECT value FROM json_each(:ids));

-- progress
-- Store what a running attempt says of its progress.
UPDATE rota_run SET done = coalesce(?3, done), total = coalesce(?4, total), note = coalesce(?5, note)
 WHERE id = ?1 AND +state = 'running' AND token = ?2;

-- hold_runs
-- Which of these runs are still under the lease given. Nobody else can settle them until the commit.
SELECT id FROM rota_run WHERE id = ?1 AND +state = 'running' AND token = ?2;

-- still_overdue
-- Those of these runs whose lease has run out.
SELECT id FROM rota_run WHERE id IN (SELECT value FROM json_each(:ids)) AND lease_until_us <= :now_us;

-- settle_final
-- Close a run for ever, if the lease is still held.
UPDATE rota_run
   SET state = ?3, outcome = ?4, started_us = max(?5, created_us), finished_us = max(?6, created_us),
       result = ?7, failure = ?8, reason = ?9, lease_until_us = NULL
 WHERE id = ?1 AND +state = 'running' AND token = ?2;

-- settle_alike
-- Close runs for ever that ended alike, if the lease is still held: the batch in one call. Each item is the
-- id, the start and the end in 20 digits each, and the token.
UPDATE rota_run AS r
   SET state = :state, outcome = :outcome, started_us = max(v.started_us, r.created_us),
       finished_us = max(v.finished_us, r.created_us), result = :result, failure = :failure,
       reason = :reason, lease_until_us = NULL
  FROM (SELECT substr(value, 1, 36) AS id, CAST(substr(value, 37, 20) AS INTEGER) AS started_us,
               CAST(substr(value, 57, 20) AS INTEGER) AS finished_us,
               CAST(substr(value, 77) AS INTEGER) AS token
          FROM json_each(:packed)) AS v
 WHERE r.id = v.id AND +r.state = 'running' AND r.token = v.token;

-- keep_attempt
-- Keep an attempt that is to be followed by another one.
INSERT INTO rota_attempt (run_id, number, node, started_us, finished_us, outcome, failure)
SELECT id, attempt, node, ?3, ?4, ?5, ?6 FROM rota_run WHERE id = ?1 AND token = ?2
ON CONFLICT DO NOTHING;

-- settle_again
-- Give a run back: to be tried again, or closed without this attempt. One that was asked to stop
-- meanwhile is not tried again: it is cancelled. `?4` is 1 when the attempt does not count.
UPDATE rota_run
   SET state = CASE WHEN ?3 = 'pending' AND cancel_by IS NOT NULL THEN 'cancelled' ELSE ?3 END,
       finished_us = CASE WHEN ?3 = 'pending' AND cancel_by IS NULL THEN NULL ELSE max(?6, created_us) END,
       attempt = attempt - ?4, run_at_us = coalesce(?5, run_at_us), reason = ?7,
       node = NULL, lease_until_us = NULL, started_us = NULL, outcome = NULL, result = NULL, failure = NULL,
       done = NULL, total = NULL, note = NULL
 WHERE id = ?1 AND +state = 'running' AND token = ?2;

-- grow_success
-- Remember the latest occurrence of a schedule that succeeded.
INSERT INTO rota_success (schedule_id, planned_us) VALUES (?1, ?2)
ON CONFLICT (schedule_id) DO UPDATE SET planned_us = excluded.planned_us
 WHERE excluded.planned_us > rota_success.planned_us;

-- add_error
-- Keep an error of a schedule.
INSERT INTO rota_error (schedule_id, run_id, at_us, failure) VALUES (?1, ?2, ?3, ?4);

-- trim_errors
-- Forget all but the last errors of these schedules.
DELETE FROM rota_error WHERE id IN (
       SELECT id FROM (
              SELECT id, row_number() OVER (PARTITION BY schedule_id ORDER BY at_us DESC, id DESC) AS place
                FROM rota_error WHERE schedule_id IN (SELECT value FROM json_each(:ids)))
        WHERE place > :keep);

-- gated_waits
-- Whether a run waits for another one to end. Without naming its index SQLite would walk over all that
-- is pending, as it takes the other one to be the better.
SELECT 1 FROM rota_run INDEXED BY rota_run_gated WHERE state = 'pending' AND gated = 1 LIMIT 1;

-- log_sizes
-- How much is stored of the logs of these runs.
SELECT run_id, attempt, sum(size) FROM rota_log WHERE run_id IN (SELECT value FROM json_each(:ids))
 GROUP BY run_id, attempt;

-- add_log
-- Append to the log of an attempt.
INSERT INTO rota_log (run_id, attempt, size, text) VALUES (?1, ?2, ?3, ?4);

-- has_expired
-- Whether a start deadline has passed.
SELECT 1 FROM rota_run
 WHERE state = 'pending' AND deadline_us IS NOT NULL AND rota = :rota AND run_at_us + deadline_us <= :now_us
 LIMIT 1;

-- expire
-- Close pending runs whose start deadline has passed.
UPDATE rota_run
   SET state = 'expired', finished_us = max(:now_us, created_us), reason = 'its start deadline passed'
 WHERE id IN (
       SELECT id FROM rota_run
        WHERE state = 'pending' AND deadline_us IS NOT NULL AND rota = :rota AND run_at_us + deadline_us <= :now_us
        ORDER BY run_at_us + deadline_us LIMIT :limit)
RETURNING id;

-- lock_runs
-- These runs, so that nobody else changes them until the commit.
SELECT id, state, cancel_by FROM rota_run WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id;

-- cancel_pending
-- Cancel runs that have not started.
UPDATE rota_run
   SET state = 'cancelled', cancel_by = :by, finished_us = max(:now_us, created_us)
 WHERE id IN (SELECT value FROM json_each(:ids)) AND +state = 'pending';

-- cancel_running
-- Ask running runs to stop. The first who asked is kept.
UPDATE rota_run SET cancel_by = coalesce(cancel_by, :by)
 WHERE id IN (SELECT value FROM json_each(:ids)) AND +state = 'running';

-- run_columns
-- A run as `rows.run_of` reads it.
r.id, r.rota, r.task, r.state, r.origin, r.args, r.policy, r.queue, r.priority, r.created_us, r.run_at_us,
r.schedule_id, r.schedule, r.planned_us, r.window_start_us, r.count, r.reason, r.is_catch_up, r.attempt,
r.token, r.node, r.lease_until_us, r.started_us, r.finished_us, r.result, r.failure, r.done, r.total, r.note,
r.cancel_by, r.blocked_by, r.parent, r.made_by, r.serial, r.lane, r.lane_limit

-- run
-- One run.
SELECT {run_columns} FROM rota_run r WHERE r.id = :id;

-- page
-- The filter, the order and the length of a page of history.
{matching}
 ORDER BY r.created_us DESC, r.id DESC
 LIMIT :limit

-- matching
-- The filter of history.
(:rota IS NULL OR r.rota = :rota)
   AND (:task IS NULL OR r.task = :task)
   AND (:queue IS NULL OR r.queue = :queue)
   AND (:states IS NULL OR r.state IN (SELECT value FROM json_each(:states)))
   AND (:schedule IS NULL OR r.schedule = :schedule)
   AND r.created_us >= :since_us
   AND (r.created_us, r.id) < (:before_us, :before_id)

-- runs
-- A page of history.
SELECT {run_columns} FROM rota_run r WHERE {page};

-- runs_of_schedule
-- A page of the history of one schedule.
SELECT {run_columns} FROM rota_run r WHERE r.schedule_id = :schedule_id AND r.schedule_id IS NOT NULL AND {page};

-- latest_runs
-- The last runs of each of these schedules. CROSS JOIN keeps the order: for each schedule, the index is walked
-- from its end until there are enough.
SELECT r.id, r.schedule_id, r.state, r.attempt, r.created_us, r.planned_us, r.started_us, r.finished_us, r.count, r.reason
  FROM json_each(:ids) i
 CROSS JOIN rota_run r ON r.id IN (
       SELECT n.id FROM rota_run n
        WHERE n.schedule_id = i.value AND n.schedule_id IS NOT NULL
        ORDER BY n.created_us DESC, n.id DESC
        LIMIT :limit);

-- last_runs
-- The last run of each of these schedules.
SELECT {run_columns}
  FROM json_each(:ids) i
 CROSS JOIN rota_run r ON r.id = (
       SELECT n.id FROM rota_run n
        WHERE n.schedule_id = i.value AND n.schedule_id IS NOT NULL
        ORDER BY n.created_us DESC, n.id DESC
        LIMIT 1);

-- runs_in_trouble
-- A page of the runs in one state, of those states that few runs are in.
SELECT {run_columns} FROM rota_run r
 WHERE r.state = :state AND r.state <> 'pending' AND r.state <> 'running' AND r.state <> 'succeeded' AND {page};

-- runs_pending
-- A page of the pending runs: sorted, as there are few of them beside a long history.
SELECT {run_columns} FROM rota_run r INDEXED BY rota_run_ready WHERE r.state = 'pending' AND {page};

-- runs_running
-- A page of the running runs: sorted, as there are few of them.
SELECT {run_columns} FROM rota_run r INDEXED BY rota_run_running
 WHERE r.started_us IS NOT NULL AND r.finished_us IS NULL AND r.state = 'running' AND {page};

-- count_of_runs
-- How many runs match, up to a limit.
SELECT count(*) FROM (SELECT 1 FROM rota_run r WHERE {page});

-- count_of_runs_of_schedule
-- The same, of one schedule.
SELECT count(*) FROM (
       SELECT 1 FROM rota_run r WHERE r.schedule_id = :schedule_id AND r.schedule_id IS NOT NULL AND {page});

-- count_of_runs_in_trouble
-- The same, in one of the states that few runs are in.
SELECT count(*) FROM (
       SELECT 1 FROM rota_run r
        WHERE r.state = :state AND r.state <> 'pending' AND r.state <> 'running' AND r.state <> 'succeeded' AND {page});

-- count_of_runs_pending
-- The same, of the pending runs.
SELECT count(*) FROM (
       SELECT 1 FROM rota_run r INDEXED BY rota_run_ready WHERE r.state = 'pending' AND {matching} LIMIT :limit);

-- count_of_runs_running
-- The same, of the running runs.
SELECT count(*) FROM (
       SELECT 1 FROM rota_run r INDEXED BY rota_run_running
        WHERE r.started_us IS NOT NULL AND r.finished_us IS NULL AND r.state = 'running' AND {page});

-- horizon
-- When the run was made that lies so many runs before the beginning of a page, whatever else is asked of them.
SELECT r.created_us FROM rota_run r
 WHERE {behind};

-- behind
-- Runs from the beginning of a page on, and the one of them that is meant.
(r.created_us, r.id) < (:before_us, :before_id) AND r.created_us >= :since_us
 ORDER BY r.created_us DESC, r.id DESC
 LIMIT 1 OFFSET :looked_at

-- horizon_of_schedule
-- The same, among the runs of one schedule.
SELECT r.created_us FROM rota_run r
 WHERE r.schedule_id = :schedule_id AND r.schedule_id IS NOT NULL AND {behind};

-- horizon_in_trouble
-- The same, among those in one of the states that few runs are in.
SELECT r.created_us FROM rota_run r
 WHERE r.state = :state AND r.state <> 'pending' AND r.state <> 'running' AND r.state <> 'succeeded' AND {behind};

-- run_after
-- The run of a schedule that was made next after another one.
SELECT {run_columns} FROM rota_run r
 WHERE r.schedule_id = :schedule_id AND r.schedule_id IS NOT NULL AND (r.created_us, r.id) > (:created_us, :id)
 ORDER BY r.created_us, r.id
 LIMIT 1;

-- retries
-- The runs that retry one of these, the latest first.
SELECT {run_columns} FROM rota_run r
 WHERE r.parent IN (SELECT value FROM json_each(:ids)) AND r.parent IS NOT NULL
 ORDER BY r.created_us DESC, r.id DESC;

-- failing_runs
-- The failed runs, among the latest so many, that neither a success nor a failure of their schedule has followed.
SELECT {run_columns} FROM rota_run r
 WHERE r.id IN (
       SELECT f.id
         FROM (SELECT l.id, l.schedule_id, l.created_us FROM rota_run l INDEXED BY rota_run_trouble
                WHERE l.state = 'failed' AND l.state <> 'pending' AND l.state <> 'running' AND l.state <> 'succeeded'
                  AND l.rota = :rota AND l.created_us >= :since_us
                ORDER BY l.created_us DESC, l.id DESC
                LIMIT :looked_at) f
        WHERE f.schedule_id IS NOT NULL AND NOT EXISTS (
              SELECT 1 FROM rota_run n
               WHERE n.schedule_id = f.schedule_id AND n.schedule_id IS NOT NULL
                 AND (n.created_us, n.id) > (f.created_us, f.id) AND n.state IN ('succeeded', 'failed'))
        ORDER BY f.created_us DESC, f.id DESC
        LIMIT :limit)
 ORDER BY r.created_us DESC, r.id DESC;

-- schedules_named
-- The ids of the schedules that have this name.
SELECT id FROM rota_schedule WHERE name = :name AND (:rota IS NULL OR rota = :rota);

-- attempts
-- The attempts of a run; the current one is in the run itself.
SELECT run_id, number, node, started_us, finished_us, outcome, failure FROM rota_attempt WHERE run_id = :id
UNION ALL
SELECT id, attempt, node, started_us, finished_us, outcome, failure FROM rota_run
 WHERE id = :id AND started_us IS NOT NULL
 ORDER BY 2;

-- logs
-- The log of a run, piece by piece.
SELECT attempt, text FROM rota_log WHERE run_id = :id ORDER BY attempt, id;

-- count_schedules
-- How many schedules are in each state and need each task, and how many of them are paused by now.
SELECT state, task, count(*), count(*) FILTER (WHERE pause_start_us <= :now_us)
  FROM rota_schedule WHERE rota = :rota GROUP BY state, task;

-- count_runs
-- How many runs are in each state.
SELECT state, sum(count) FROM rota_tally WHERE rota = :rota GROUP BY state
UNION ALL
SELECT 'running', count(*) FROM rota_run INDEXED BY rota_run_running
 WHERE started_us IS NOT NULL AND finished_us IS NULL AND state = 'running' AND rota = :rota;

-- count_ended
-- How many runs ended in each state since the first and since the second hour.
SELECT state, coalesce(sum(count) FILTER (WHERE hour_us >= :hour_us), 0), sum(count)
  FROM rota_tally WHERE rota = :rota AND hour_us >= :day_us GROUP BY state;

-- count_pending
-- How many runs are pending in each queue, and the earliest `run_at` of one that is due.
SELECT queue, count(*), min(run_at_us) FILTER (WHERE run_at_us <= :now_us)
  FROM rota_run INDEXED BY rota_run_ready WHERE state = 'pending' AND rota = :rota GROUP BY queue;

-- ended_by_hour
-- How many runs ended in each hour, by state.
SELECT hour_us, state, count FROM rota_tally WHERE rota = :rota AND hour_us >= :since_us;

-- made_by_hour
-- How many occurrences and other runs were made in each hour, by state, among the latest so many runs; how many
-- of them lately; how many rows that is, and the first of them.
SELECT m.created_us - m.created_us % 3600000000 AS hour_us, m.state, sum(m.count),
       coalesce(sum(m.count) FILTER (WHERE m.created_us > :lately_us), 0), count(*), min(m.created_us)
  FROM (SELECT r.created_us, r.state, r.count FROM rota_run r
         WHERE r.rota = :rota AND r.created_us >= :since_us
         ORDER BY r.created_us DESC, r.id DESC
         LIMIT :limit) m
 GROUP BY hour_us, m.state;

-- backlog
-- What is pending, by queue and task: of each queue, found by hopping over the index, no more runs than so
-- many, those that start first.
WITH RECURSIVE served (queue) AS (
    SELECT min(p.queue) FROM rota_run p INDEXED BY rota_run_ready WHERE p.state = 'pending' AND p.rota = :rota
    UNION ALL
    SELECT (SELECT min(p.queue) FROM rota_run p INDEXED BY rota_run_ready
             WHERE p.state = 'pending' AND p.rota = :rota AND p.queue > served.queue)
      FROM served WHERE served.queue IS NOT NULL)
SELECT served.queue, b.task, count(*), count(*) FILTER (WHERE b.run_at_us < :late_us)
  FROM served
 CROSS JOIN rota_run b ON b.id IN (
       SELECT p.id FROM rota_run p INDEXED BY rota_run_ready
        WHERE p.state = 'pending' AND p.rota = :rota AND p.queue = served.queue
        ORDER BY p.gated, p.priority DESC, p.run_at_us
        LIMIT :limit)
 GROUP BY served.queue, b.task;

-- add_audit
-- Insert an audit line.
INSERT INTO rota_audit (at_us, rota, actor, via, action, subject, reason, before, after)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- audit
-- The latest audit lines, newest first.
SELECT at_us, rota, actor, via, action, subject, reason, before, after FROM rota_audit
 WHERE rota = :rota ORDER BY at_us DESC, id DESC LIMIT :limit;

-- audit_of
-- The latest audit lines of one subject, newest first.
SELECT at_us, rota, actor, via, action, subject, reason, before, after FROM rota_audit
 WHERE rota = :rota AND subject = :subject ORDER BY at_us DESC, id DESC LIMIT :limit;

-- old_runs
-- The next ended runs, by creation, that may be purged; the last column says whether it is one of the
-- last of its schedule, which are kept.
SELECT r.id, r.created_us,
       r.schedule_id IS NOT NULL AND :keep > (
           SELECT count(*) FROM (
               SELECT 1 FROM rota_run n
                WHERE n.schedule_id = r.schedule_id AND n.schedule_id IS NOT NULL
                  AND (n.created_us, n.id) > (r.created_us, r.id)
                  AND n.state NOT IN ('pending', 'running')
                LIMIT :keep))
  FROM rota_run r
 WHERE (r.created_us, r.id) > (:after_us, :after_id) AND r.created_us < :before_us
   AND r.finished_us < :before_us AND +r.state NOT IN ('pending', 'running') AND r.rota = :rota
 ORDER BY r.created_us, r.id
 LIMIT :limit;

-- purge_logs
-- Delete the logs of these runs.
DELETE FROM rota_log WHERE run_id IN (SELECT value FROM json_each(:ids));

-- purge_attempts
-- Delete the attempts of these runs.
DELETE FROM rota_attempt WHERE run_id IN (SELECT value FROM json_each(:ids));

-- hold_tally
-- Nothing is to be held: one transaction writes at a time.
SELECT 1;

-- fold_tally
-- Nothing is to be folded: there are no shards.
SELECT 1;

-- purge_runs
-- Delete these runs, if they have ended.
DELETE FROM rota_run WHERE id IN (SELECT value FROM json_each(:ids)) AND +state NOT IN ('pending', 'running');

-- join_node
-- Insert or refresh a node, and tell it who wants it to drain.
INSERT INTO rota_node (id, rota, seen_us, node) VALUES (:id, :rota, :seen_us, :node)
ON CONFLICT (id) DO UPDATE SET rota = excluded.rota, seen_us = excluded.seen_us, node = excluded.node
RETURNING drain_by;

-- drain_node
-- Ask a node to drain, if nobody has done so before.
UPDATE rota_node SET drain_by = :by WHERE rota = :rota AND id = :id AND drain_by IS NULL;

-- leave_node
-- Delete a node.
DELETE FROM rota_node WHERE id = :id;

-- nodes
-- The nodes of a rota.
SELECT node, drain_by FROM rota_node WHERE rota = :rota ORDER BY id;

-- forget_nodes
-- Delete the nodes that have not been seen since.
DELETE FROM rota_node WHERE rota = :rota AND seen_us < :before_us RETURNING id;

-- put_user
-- Insert or replace somebody who signs in.
INSERT INTO rota_user (rota, name, role, password, created_us) VALUES (:rota, :name, :role, :password, :created_us)
ON CONFLICT (rota, name) DO UPDATE SET role = excluded.role, password = excluded.password;

-- users
-- Those who sign in.
SELECT name, role, password, created_us FROM rota_user WHERE rota = :rota ORDER BY name;

-- drop_user
-- Delete somebody who signs in.
DELETE FROM rota_user WHERE rota = :rota AND name = :name;

-- drop_tokens_of
-- Delete all tokens of somebody.
DELETE FROM rota_token WHERE rota = :rota AND owner = :name;

-- drop_sessions_of
-- Sign somebody out everywhere.
DELETE FROM rota_token WHERE rota = :rota AND owner = :name AND kind = 'session';

-- lower_tokens_of
-- No token may do more than the user whose it is: those of an administrator who becomes less become less, too.
UPDATE rota_token
   SET role = :role
 WHERE rota = :rota AND owner = :name
   AND ((role = 'admin' AND :role <> 'admin') OR (role = 'operator' AND :role = 'viewer'));

-- add_token
-- Insert a token.
INSERT INTO rota_token (id, rota, kind, owner, role, label, digest, created_us, expires_us, used_us)
VALUES (:id, :rota, :kind, :owner, :role, :label, :digest, :created_us, :expires_us, :used_us);

-- token_columns
-- A token as `people.py` reads it.
id, kind, owner, role, label, digest, created_us, expires_us, used_us

-- token
-- The token with this hash.
SELECT {token_columns} FROM rota_token WHERE rota = :rota AND digest = :digest;

-- tokens
-- All tokens, the newest first.
SELECT {token_columns} FROM rota_token WHERE rota = :rota ORDER BY created_us DESC, id;

-- use_token
-- Note when a token was used. A time that is set back changes nothing.
UPDATE rota_token SET used_us = :used_us WHERE id = :id AND (used_us IS NULL OR used_us < :used_us);

-- drop_token
-- Delete a token.
DELETE FROM rota_token WHERE rota = :rota AND id = :id;

-- drop_old_tokens
-- Delete the tokens that have run out.
DELETE FROM rota_token WHERE rota = :rota AND expires_us <= :now_us;
