-- What this service published, or is about to: the record, of which the bus is only a carrier.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz
);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
