-- Catalog: what is watched (connection … field), what is known of it (profiles), what must hold (checks), what was found (anomalies).
-- The same tables stand in schemas/postgres/. Times are µs since 1970-01-01 UTC, truth values 0 or 1, JSON is text, and an
-- operation_id has no foreign key: deleting a run keeps what it found.

-- People and access --------------------------------------------------------------------------------------------------------

CREATE TABLE user_account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    email TEXT,
    role TEXT NOT NULL DEFAULT 'Admin',            -- Admin, Manager, Member
    is_system INTEGER NOT NULL DEFAULT 0,         -- owner of what the platform itself writes (inferred checks)
    deactivated_at INTEGER,
    created_at INTEGER NOT NULL);

CREATE TABLE team (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    permission TEXT NOT NULL DEFAULT 'Editor',     -- Reporter, Viewer, Drafter, Author, Editor
    is_public INTEGER NOT NULL DEFAULT 0,         -- holds every user; name and users are fixed
    created_at INTEGER NOT NULL);

CREATE TABLE api_token (
    jti TEXT PRIMARY KEY,                          -- the JWT's id; the token itself is stored nowhere
    name TEXT NOT NULL,
    user_id INTEGER REFERENCES user_account (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,                        -- "api" or "worker"
    expires_at INTEGER,
    revoked_at INTEGER,
    created_at INTEGER NOT NULL);

-- Proof that a passphrase is the one the secrets below were encrypted with: an encrypted constant per key.
CREATE TABLE catalog_key (
    key_id TEXT PRIMARY KEY,
    proof TEXT NOT NULL,
    created_at INTEGER NOT NULL);

INSERT INTO user_account (name, role, is_system, created_at) VALUES ('admin', 'Admin', 0, 0), ('assay', 'Admin', 1, 0);
INSERT INTO team (name, description, is_public, created_at) VALUES ('Public', 'Every user', 1, 0);

CREATE TABLE global_tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL DEFAULT 'global',           -- global, external
    color TEXT,
    description TEXT,
    category TEXT,
    weight_modifier INTEGER NOT NULL DEFAULT 0,     -- -10 … 10
    created_at INTEGER NOT NULL);

-- What is watched ----------------------------------------------------------------------------------------------------------

CREATE TABLE connection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,                            -- a row of common/connectors/
    properties TEXT NOT NULL DEFAULT '{}',         -- REST's keys without the secret ones
    secrets TEXT,                                  -- {secret keys} encrypted (common/crypto/envelope.h), AAD "connection:<id>"
    product_name TEXT,
    product_version TEXT,
    driver_name TEXT,
    driver_version TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL);
CREATE INDEX connection_type ON connection (type);

CREATE TABLE datastore_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL);

CREATE TABLE datastore (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    connection_id INTEGER NOT NULL REFERENCES connection (id),
    properties TEXT NOT NULL DEFAULT '{}',         -- scope below the connection: database, schema, root_path, catalog
    folder_globbing_enabled INTEGER NOT NULL DEFAULT 0,
    enrichment_only INTEGER NOT NULL DEFAULT 0,
    enrich_datastore_id INTEGER REFERENCES datastore (id),
    enrichment_prefix TEXT,
    enrichment_source_record_limit INTEGER NOT NULL DEFAULT 10,
    enrichment_remediation_strategy TEXT NOT NULL DEFAULT 'none',
    high_count_rollup_threshold INTEGER NOT NULL DEFAULT 10,
    group_id INTEGER REFERENCES datastore_group (id) ON DELETE SET NULL,
    favorite INTEGER NOT NULL DEFAULT 0,
    connected INTEGER,                            -- last test or run: 1 reached, 0 not, NULL never tried
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL);
CREATE INDEX datastore_connection ON datastore (connection_id);

CREATE TABLE container (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    datastore_id INTEGER NOT NULL REFERENCES datastore (id) ON DELETE CASCADE,
    name TEXT NOT NULL,                            -- verbatim: table name, file name or glob
    container_type TEXT NOT NULL,                  -- table, view, file
    description TEXT,
    status TEXT NOT NULL DEFAULT 'available',      -- available, changed, inaccessible, unloadable
    status_message TEXT,
    details TEXT NOT NULL DEFAULT '{}',            -- the source's own: {"files":[…]}, {"kind":"materialized view"}
    record_count INTEGER,                           -- of the last profile, scan, or the source's estimate
    size_bytes INTEGER,
    modified_us INTEGER,                            -- the source's last change, where it says
    partition_field TEXT,
    incremental_field_name TEXT,
    incremental_identifier_type TEXT,              -- none, last_modified, batch_value, …
    incremental_checkpoint TEXT,
    key_fields TEXT,                               -- JSON list: fields that identify a record (fingerprints)
    infer_datatypes INTEGER,
    escape_character TEXT,
    has_header INTEGER,
    treat_empty_as_null INTEGER,
    reader_options TEXT NOT NULL DEFAULT '{}',     -- further reader keys: delimiter, encoding, null_values, types.<field>
    timezone TEXT,
    overrides TEXT NOT NULL DEFAULT '[]',          -- keys that a person set: later syncs leave them alone
    additional_metadata TEXT NOT NULL DEFAULT '{}',
    score REAL,
    favorite INTEGER NOT NULL DEFAULT 0,
    latest_profile_id INTEGER,
    latest_scan_id INTEGER,
    cataloged_at INTEGER NOT NULL,                  -- last sync that saw it
    deleted_at INTEGER,                             -- a person deleted it: Sync brings it back only with recreate
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (datastore_id, name));

CREATE TABLE field (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    container_id INTEGER NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,            -- order in the source, from 0
    name TEXT NOT NULL,
    display_name TEXT,
    description TEXT,
    type TEXT NOT NULL DEFAULT 'Unknown',          -- docs/documents.md
    native_type TEXT,
    column_size INTEGER,
    nullable INTEGER,
    status TEXT NOT NULL DEFAULT 'active',         -- active, masked, missing, excluded
    semantic_type TEXT,
    completeness REAL,
    quality_score REAL,
    element_data_type TEXT,
    element_type_source TEXT,
    parent_field_id INTEGER REFERENCES field (id) ON DELETE CASCADE,
    column_origin TEXT NOT NULL DEFAULT 'declared',
    type_source TEXT NOT NULL DEFAULT 'schema',    -- schema, inferred
    additional_metadata TEXT NOT NULL DEFAULT '{}',
    latest_profile_id INTEGER,                      -- field_profile
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (container_id, name));

-- What is known of it ------------------------------------------------------------------------------------------------------

CREATE TABLE container_profile (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    container_id INTEGER NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    operation_id INTEGER NOT NULL,
    parent_profile_id INTEGER,                      -- the profile before
    result TEXT NOT NULL,                          -- success, failure, aborted
    message TEXT,
    records_count INTEGER,
    records_processed INTEGER,
    rejected_records INTEGER,
    field_profiles_count INTEGER NOT NULL DEFAULT 0,
    checks_synchronized INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL DEFAULT '{}',               -- the profile's object (docs/documents.md) without `fields`: dialect, warnings, rejections, run
    started_at INTEGER,
    ended_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (operation_id, container_id));
CREATE INDEX container_profile_container ON container_profile (container_id, id);

CREATE TABLE field_profile (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    container_profile_id INTEGER NOT NULL REFERENCES container_profile (id) ON DELETE CASCADE,
    field_id INTEGER NOT NULL REFERENCES field (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    body TEXT NOT NULL,                            -- one field of the profile's object (docs/documents.md)
    created_at INTEGER NOT NULL,
    UNIQUE (container_profile_id, field_id));
CREATE INDEX field_profile_field ON field_profile (field_id, id);

-- What must hold -----------------------------------------------------------------------------------------------------------

CREATE TABLE quality_check (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    container_id INTEGER NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    rule_type TEXT NOT NULL,
    check_uid INTEGER NOT NULL,                     -- identity: container, rule, sorted fields, filter, element context, coverage < 1
    description TEXT NOT NULL DEFAULT '',
    coverage REAL,                     -- NULL where the rule takes none
    filter TEXT,
    properties TEXT NOT NULL DEFAULT '{}',
    is_element_context INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'Active',         -- Active, Draft; archived: Invalid, Discarded
    inferred INTEGER NOT NULL DEFAULT 0,
    is_new INTEGER NOT NULL DEFAULT 1,
    anomaly_message_field TEXT,
    additional_metadata TEXT NOT NULL DEFAULT '{}',
    owner_id INTEGER REFERENCES user_account (id),
    default_anomaly_assignee_id INTEGER REFERENCES user_account (id),
    has_passed INTEGER,                           -- last assertion; NULL = never asserted
    last_asserted_at INTEGER,
    last_editor TEXT,
    num_container_scans INTEGER NOT NULL DEFAULT 0,
    deleted_at INTEGER,                             -- archived
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL);
CREATE INDEX quality_check_container ON quality_check (container_id, status);
-- The duplicate rule: one check of an identity that is not archived.
CREATE UNIQUE INDEX quality_check_identity ON quality_check (container_id, check_uid) WHERE deleted_at IS NULL;

CREATE TABLE check_field (
    check_id INTEGER NOT NULL REFERENCES quality_check (id) ON DELETE CASCADE,
    field_id INTEGER NOT NULL REFERENCES field (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (check_id, field_id));
CREATE INDEX check_field_field ON check_field (field_id);

-- What was found -----------------------------------------------------------------------------------------------------------

CREATE TABLE container_scan (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    container_id INTEGER NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    operation_id INTEGER NOT NULL,
    result TEXT NOT NULL,
    message TEXT,
    records_count INTEGER,
    records_processed INTEGER,
    rejected_records INTEGER,
    anomaly_count INTEGER NOT NULL DEFAULT 0,
    incremental INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL DEFAULT '{}',               -- the scan's object (docs/documents.md) without `checks` and `anomalies`: assessed, outcome, run
    started_at INTEGER,
    ended_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (operation_id, container_id));
CREATE INDEX container_scan_container ON container_scan (container_id, id);

CREATE TABLE check_assertion (
    container_scan_id INTEGER NOT NULL REFERENCES container_scan (id) ON DELETE CASCADE,
    check_id INTEGER NOT NULL REFERENCES quality_check (id) ON DELETE CASCADE,
    result TEXT NOT NULL,                          -- passed, failed, errored, unasserted
    message TEXT,
    asserted_records_count INTEGER,
    null_records_count INTEGER,
    anomalous_records_count INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (container_scan_id, check_id));
CREATE INDEX check_assertion_check ON check_assertion (check_id, container_scan_id);

CREATE TABLE anomaly (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,                     -- UUIDv5(operation, container, fingerprint)
    container_id INTEGER NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    datastore_id INTEGER NOT NULL REFERENCES datastore (id) ON DELETE CASCADE,
    container_scan_id INTEGER REFERENCES container_scan (id) ON DELETE SET NULL,
    operation_id INTEGER NOT NULL,
    type TEXT NOT NULL,                            -- record, shape
    status TEXT NOT NULL DEFAULT 'Active',         -- Active, Acknowledged; archived: Resolved, Duplicate, Invalid, Discarded
    fingerprint INTEGER NOT NULL,
    weight INTEGER NOT NULL DEFAULT 0,
    is_new INTEGER NOT NULL DEFAULT 1,
    anomalous_records_count INTEGER NOT NULL DEFAULT 1,
    description TEXT,
    source_enriched INTEGER NOT NULL DEFAULT 0,
    partition_name TEXT,
    partition_location TEXT,
    record_row INTEGER,                             -- from 1, without the header; NULL where the source has no order
    record_line INTEGER,
    record_byte_offset INTEGER,
    record TEXT,                                   -- {field: value}; NULL for a shape anomaly
    duplicate_of_id INTEGER,
    archived_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL);
CREATE INDEX anomaly_datastore ON anomaly (datastore_id, created_at);
CREATE INDEX anomaly_container ON anomaly (container_id, fingerprint);
CREATE INDEX anomaly_operation ON anomaly (operation_id);

CREATE TABLE anomaly_failed_check (
    anomaly_id INTEGER NOT NULL REFERENCES anomaly (id) ON DELETE CASCADE,
    check_id INTEGER NOT NULL REFERENCES quality_check (id) ON DELETE CASCADE,
    message TEXT,
    fingerprint INTEGER NOT NULL,                   -- hash(check_uid, the anomaly's)
    PRIMARY KEY (anomaly_id, check_id));
CREATE INDEX anomaly_failed_check_check ON anomaly_failed_check (check_id);

CREATE TABLE anomaly_assignee (
    anomaly_id INTEGER NOT NULL REFERENCES anomaly (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    PRIMARY KEY (anomaly_id, user_id));

-- Links --------------------------------------------------------------------------------------------------------------------

CREATE TABLE datastore_team (
    datastore_id INTEGER NOT NULL REFERENCES datastore (id) ON DELETE CASCADE,
    team_id INTEGER NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    PRIMARY KEY (datastore_id, team_id));

CREATE TABLE datastore_tag (
    datastore_id INTEGER NOT NULL REFERENCES datastore (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES global_tag (id) ON DELETE CASCADE,
    PRIMARY KEY (datastore_id, tag_id));
CREATE INDEX datastore_tag_tag ON datastore_tag (tag_id);

CREATE TABLE container_tag (
    container_id INTEGER NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES global_tag (id) ON DELETE CASCADE,
    PRIMARY KEY (container_id, tag_id));
CREATE INDEX container_tag_tag ON container_tag (tag_id);

CREATE TABLE field_tag (
    field_id INTEGER NOT NULL REFERENCES field (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES global_tag (id) ON DELETE CASCADE,
    PRIMARY KEY (field_id, tag_id));
CREATE INDEX field_tag_tag ON field_tag (tag_id);

CREATE TABLE check_tag (
    check_id INTEGER NOT NULL REFERENCES quality_check (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES global_tag (id) ON DELETE CASCADE,
    PRIMARY KEY (check_id, tag_id));
CREATE INDEX check_tag_tag ON check_tag (tag_id);

CREATE TABLE anomaly_tag (
    anomaly_id INTEGER NOT NULL REFERENCES anomaly (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES global_tag (id) ON DELETE CASCADE,
    PRIMARY KEY (anomaly_id, tag_id));
CREATE INDEX anomaly_tag_tag ON anomaly_tag (tag_id);
