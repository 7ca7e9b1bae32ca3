-- The events that this service has taken in: one row each, written with the event's effect.
CREATE TABLE inbox (
    event_id uuid PRIMARY KEY,
    state text NOT NULL,
    received_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    retry_at timestamptz,
    payload text,
    error text
);
CREATE INDEX inbox_retry ON inbox (retry_at) WHERE state = 'retry';
CREATE INDEX inbox_dead ON inbox (event_id) WHERE state = 'dead';
-- The highest version seen of every aggregate that this service follows without a copy of it.
CREATE TABLE versions (
    id uuid PRIMARY KEY,
    version bigint NOT NULL
);
