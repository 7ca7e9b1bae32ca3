-- One row per order: `waiting` for its deadline, `told` once that has passed, or `ended` when the
-- order is paid or cancelled. Rows that wait no more stay for a while, so that an event that comes
-- late, or again, is known to be old.
CREATE TABLE deadlines (
    order_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    state text NOT NULL,
    expires_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX deadlines_waiting ON deadlines (expires_at) WHERE state = 'waiting';
CREATE INDEX deadlines_over ON deadlines (changed_at) WHERE state <> 'waiting';
