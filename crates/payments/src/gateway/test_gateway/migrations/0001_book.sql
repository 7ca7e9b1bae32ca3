-- What the test gateway was asked to hold, one row for each key, and how that stands.
CREATE TABLE authorizations (
    key uuid PRIMARY KEY,
    gateway_id text NOT NULL UNIQUE,
    token text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    decline_code text,
    decline_message text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- All that it ever did, in its order: 'authorize', 'decline', 'capture', 'void'. Rows are only ever added.
CREATE TABLE movements (
    id uuid PRIMARY KEY,
    gateway_id text NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX movements_of_authorization ON movements (gateway_id);
