-- compatible-from: gateway/0001_book
-- How much of what was charged was given back.
ALTER TABLE authorizations ADD COLUMN refunded bigint NOT NULL DEFAULT 0;
-- Each refund once, by its key.
CREATE TABLE refunds (
    key uuid PRIMARY KEY,
    gateway_id text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL
);
