-- compatible-from: platform/0006_relay
-- only: sqlite
-- A table of small rows that are found by their key alone is the index of its key: one tree to write in the place of two.
CREATE TABLE clustered_inbox (
    event_id uuid PRIMARY KEY,
    state text NOT NULL,
    received_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    retry_at timestamptz,
    payload text,
    error text
) WITHOUT ROWID;
INSERT INTO clustered_inbox SELECT event_id, state, received_at, attempts, retry_at, payload, error
    FROM inbox ORDER BY event_id;
DROP TABLE inbox;
ALTER TABLE clustered_inbox RENAME TO inbox;
CREATE INDEX inbox_retry ON inbox (retry_at) WHERE state = 'retry';
CREATE INDEX inbox_dead ON inbox (event_id) WHERE state = 'dead';
CREATE TABLE clustered_versions (
    id uuid PRIMARY KEY,
    version bigint NOT NULL
) WITHOUT ROWID;
INSERT INTO clustered_versions SELECT id, version FROM versions ORDER BY id;
DROP TABLE versions;
ALTER TABLE clustered_versions RENAME TO versions;
