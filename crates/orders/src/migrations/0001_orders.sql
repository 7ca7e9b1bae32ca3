-- The tickets as orders knows them, copied from the events of tickets.
CREATE TABLE tickets (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    seller_id uuid NOT NULL,
    status text NOT NULL,
    price bigint NOT NULL,
    currency text NOT NULL,
    starts_at timestamptz,
    snapshot text NOT NULL
);
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    user_id uuid NOT NULL,
    status text NOT NULL,
    cancel_reason text,
    expires_at timestamptz NOT NULL,
    price bigint NOT NULL,
    fee bigint NOT NULL,
    total bigint NOT NULL,
    currency text NOT NULL,
    ticket_id uuid NOT NULL,
    snapshot text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- The lock. Whoever's insert this index lets pass has the ticket; nothing else decides it.
CREATE UNIQUE INDEX orders_one_live ON orders (ticket_id) WHERE status <> 'cancelled';
CREATE INDEX orders_of_user ON orders (user_id, id);
CREATE INDEX orders_unpaid_of_user ON orders (user_id) WHERE status IN ('created', 'awaiting:payment');
