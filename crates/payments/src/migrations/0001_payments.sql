-- The orders as payments knows them, copied from the events of orders.
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    user_id uuid NOT NULL,
    status text NOT NULL,
    expires_at timestamptz NOT NULL,
    total bigint NOT NULL,
    currency text NOT NULL,
    -- How many of its payments were declined: payments' own count, which no event touches.
    declined integer NOT NULL
);
-- One row for each attempt to pay an order.
CREATE TABLE payments (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    order_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    token text NOT NULL,
    gateway_id text,
    decline_code text,
    decline_message text,
    -- What is still to be asked of the gateway: 'resolve', 'capture' or 'void'; its next try; the tries so far.
    intent text,
    intent_at timestamptz,
    intent_tries integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- An order is paid once. Whoever's insert this index lets pass may ask the gateway; nothing else decides it.
CREATE UNIQUE INDEX payments_one_live ON payments (order_id)
    WHERE status IN ('processing', 'requires_action', 'authorized', 'captured');
CREATE INDEX payments_of_order ON payments (order_id, id);
CREATE INDEX payments_due ON payments (intent_at) WHERE intent IS NOT NULL;
