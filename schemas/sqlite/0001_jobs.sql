-- Jobs: operations, tasks, leases, outbox and what the scheduler keeps. Times are microseconds since 1970-01-01 UTC, booleans 0 or 1, JSON is text.
-- assay_now() is the program's own function, registered on every connection.

-- One row per connection, the server that is loaded: its cap and its circuit breaker. Row 0: inspect tasks.
CREATE TABLE source_limit (
    connection_id bigint PRIMARY KEY,
    max_running int NOT NULL DEFAULT 4 CHECK (max_running > 0),
    paused_until bigint,
    breaker_failures int NOT NULL DEFAULT 0
);
INSERT INTO source_limit (connection_id, max_running) VALUES (0, 8);

-- Share of a datastore in the dispatch; absent = 1.
CREATE TABLE source_weight (
    source_id bigint PRIMARY KEY,
    weight real NOT NULL CHECK (weight > 0)
);

CREATE TABLE operation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id bigint NOT NULL DEFAULT 0,       -- datastore; 0 = an unsaved connection
    connection_id bigint NOT NULL DEFAULT 0,
    kind text NOT NULL CHECK (kind IN ('sync', 'profile', 'scan', 'inspect')),
    hidden smallint NOT NULL DEFAULT 0,        -- never listed
    result text NOT NULL DEFAULT 'queued' CHECK (result IN ('queued', 'running', 'success', 'failure', 'aborted')),
    message text,                              -- NULL = clean
    settings text NOT NULL DEFAULT '{}',       -- the request, echoed
    counters text NOT NULL DEFAULT '{}',       -- REST's status object; final once finished_at is set
    triggered_by text,
    aborted_by text,
    schedule_id bigint,
    fire_at bigint,
    idempotency_key text UNIQUE,
    cancel_requested_at bigint,
    created_at bigint NOT NULL DEFAULT (assay_now()),
    started_at bigint,
    finished_at bigint,                        -- set by the publisher alone: nothing open, nothing unpublished
    UNIQUE (schedule_id, fire_at),
    CHECK ((result IN ('success', 'failure', 'aborted')) = (finished_at IS NOT NULL))
);
CREATE INDEX operation_open ON operation (source_id, connection_id) WHERE finished_at IS NULL;
CREATE INDEX operation_source ON operation (source_id, created_at);

-- What to do, once per operation and container; no secret.
CREATE TABLE task_spec (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    op_id bigint NOT NULL REFERENCES operation ON DELETE CASCADE,
    version int NOT NULL,
    body text NOT NULL
);

CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    op_id bigint NOT NULL REFERENCES operation ON DELETE CASCADE,
    source_id bigint NOT NULL DEFAULT 0,
    connection_id bigint NOT NULL DEFAULT 0,
    container_id bigint,
    kind text NOT NULL,
    spec_id bigint NOT NULL REFERENCES task_spec,
    spec_version int NOT NULL,
    split text NOT NULL DEFAULT '{}',
    split_no int NOT NULL DEFAULT 0,
    split_count int NOT NULL DEFAULT 1,
    waits_for int NOT NULL DEFAULT 0,
    unblocks bigint REFERENCES task,           -- the successor that waits for this one
    pool text NOT NULL DEFAULT 'default',
    lane smallint NOT NULL DEFAULT 1,          -- 0 express, 1 bulk
    priority smallint NOT NULL DEFAULT 5,
    quarantine smallint NOT NULL DEFAULT 0,    -- run alone
    state text NOT NULL DEFAULT 'ready' CHECK (state IN
        ('blocked', 'ready', 'dispatched', 'running', 'succeeded', 'failed', 'dead', 'cancelled')),
    run_at bigint NOT NULL DEFAULT (assay_now()),
    dispatch_seq int NOT NULL DEFAULT 0,
    dispatched_at bigint,
    epoch bigint NOT NULL DEFAULT 0,           -- grows with every claim and every reap
    attempts int NOT NULL DEFAULT 0,
    failures int NOT NULL DEFAULT 0,
    crashes int NOT NULL DEFAULT 0,
    releases int NOT NULL DEFAULT 0,
    max_failures int NOT NULL DEFAULT 6,
    max_crashes int NOT NULL DEFAULT 3,
    cancel_requested_at bigint,
    deadline_at bigint,
    checkpoint text,
    checkpoint_epoch bigint,
    result_epoch bigint,
    summary text,                              -- the executor's DONE frame
    last_error text,
    created_at bigint NOT NULL DEFAULT (assay_now()),
    started_at bigint,
    finished_at bigint,
    published_at bigint,
    CHECK ((state IN ('succeeded', 'failed', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((state = 'succeeded') = (result_epoch IS NOT NULL))
);
CREATE INDEX task_ready ON task (pool, lane, source_id, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX task_sent ON task (pool, lane, dispatched_at) WHERE state = 'dispatched';
CREATE INDEX task_live ON task (connection_id, source_id) WHERE state IN ('dispatched', 'running');
CREATE INDEX task_op ON task (op_id);
CREATE INDEX task_open ON task (op_id) WHERE finished_at IS NULL;
CREATE INDEX task_unpublished ON task (op_id) WHERE finished_at IS NOT NULL AND published_at IS NULL;

-- Narrow: every heartbeat rewrites its row.
CREATE TABLE task_lease (
    task_id bigint PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    epoch bigint NOT NULL,
    owner text NOT NULL,
    lease_until bigint NOT NULL,
    progress text
);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic text NOT NULL,
    key text,
    ce_id text NOT NULL UNIQUE,
    ce_type text NOT NULL,
    body text NOT NULL,
    created_at bigint NOT NULL DEFAULT (assay_now())
);

CREATE TABLE inbox (
    source text NOT NULL,
    event_id text NOT NULL,
    received_at bigint NOT NULL DEFAULT (assay_now()),
    PRIMARY KEY (source, event_id)
);

-- Results of every attempt; readers join on (task_id, result_epoch), so those of losers are never seen.
CREATE TABLE stage_row (
    task_id bigint NOT NULL REFERENCES task ON DELETE CASCADE,
    epoch bigint NOT NULL,
    chunk int NOT NULL,
    body blob NOT NULL,
    PRIMARY KEY (task_id, epoch, chunk)
);

CREATE TABLE schedule (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name text NOT NULL,
    cron text NOT NULL,
    tz text NOT NULL DEFAULT 'UTC',
    enabled smallint NOT NULL DEFAULT 1,
    next_fire_at bigint,
    last_fire_at bigint,
    catchup_us bigint NOT NULL DEFAULT 86400000000,
    misfire text NOT NULL DEFAULT 'one' CHECK (misfire IN ('one', 'skip', 'all')),
    overlap text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue_one', 'allow', 'cancel_running')),
    version int NOT NULL DEFAULT 1,
    template text NOT NULL DEFAULT '{}'
);
CREATE INDEX schedule_due ON schedule (next_fire_at) WHERE enabled = 1;

CREATE TABLE leader (
    name text PRIMARY KEY,
    epoch bigint NOT NULL,
    holder text NOT NULL,
    pid int NOT NULL,
    renewed_at bigint NOT NULL
);

-- Live workers, as they report themselves: how much may be dispatched, and which spec versions are understood.
CREATE TABLE worker (
    owner text PRIMARY KEY,
    pool text NOT NULL,
    slots int NOT NULL,
    free int NOT NULL,
    max_spec_version int NOT NULL,
    seen_at bigint NOT NULL
);

-- Credentials of an unsaved connection, encrypted, for its inspect task only.
CREATE TABLE inspect_secret (
    task_id bigint PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    ciphertext blob NOT NULL,
    expires_at bigint NOT NULL
);
