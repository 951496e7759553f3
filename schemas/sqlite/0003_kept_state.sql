-- Kept states: what a profile counted of each partition (file, range of an incremental field), so that the next one reads only what changed.
-- Written with the profile that they come from; docs/architecture.md, "What a profile need not read again".

CREATE TABLE kept_state (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    container_id INTEGER NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,                 -- order within the container
    settings_hash TEXT NOT NULL,               -- of all that decides what is counted: source, reader options, time zone, settings
    partitions TEXT NOT NULL,                  -- [[key, fingerprint], …]: files with size and time, ranges of values
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL,                    -- that were read for it
    as_of TEXT NOT NULL,                       -- when its oldest partition was read
    operation_id INTEGER NOT NULL,             -- the last run in whose profile it is
    created_at INTEGER NOT NULL);
CREATE INDEX kept_state_container ON kept_state (container_id, position);

-- Its chunks as the executor sent them, each with its checksum; the executor knows versions.
CREATE TABLE kept_state_part (
    state_id INTEGER NOT NULL REFERENCES kept_state (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (state_id, position));

-- What a profile read: of how many partitions how many, and records; NULL = all of it.
ALTER TABLE container_profile ADD COLUMN partitions_count INTEGER;
ALTER TABLE container_profile ADD COLUMN partitions_read INTEGER;
ALTER TABLE container_profile ADD COLUMN records_read INTEGER;
