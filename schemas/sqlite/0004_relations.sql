-- Relations between containers: sketches of fields, from which an operation derives what may hold between two containers, once, when
-- its profiles are published. docs/architecture.md, "Relations between containers".

-- Of the last profile of the whole container that carried sketches; replaced by the next one.
CREATE TABLE container_sketch (
    container_id INTEGER PRIMARY KEY REFERENCES container (id) ON DELETE CASCADE,
    operation_id INTEGER NOT NULL,             -- whose profile they are of
    version INTEGER NOT NULL,                  -- of the sketches
    records INTEGER NOT NULL,
    fields TEXT NOT NULL,                      -- [{"name", "type"}]: all fields
    created_at INTEGER NOT NULL);
CREATE INDEX container_sketch_operation ON container_sketch (operation_id);

CREATE TABLE field_sketch (
    container_id INTEGER NOT NULL REFERENCES container_sketch (container_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,                 -- order in the profile
    name TEXT NOT NULL,
    body TEXT NOT NULL,                        -- one element of the chunk `sketches` (docs/executor-protocol.md)
    PRIMARY KEY (container_id, position));

-- What follows from an operation's tasks was inserted (or nothing follows): once.
ALTER TABLE operation ADD COLUMN extended_at INTEGER;

-- Inferred checks of the profile's list between containers, beside checks_synchronized.
ALTER TABLE container_profile ADD COLUMN relations_synchronized INTEGER NOT NULL DEFAULT 0;
