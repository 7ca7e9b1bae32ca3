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
    -- Set when it is cancelled, and only then: an order without one is live.
    cancel_reason text,
    -- Whether it is neither complete nor cancelled.
    unpaid boolean NOT NULL,
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
-- The conditions of the indexes name columns that change once in an order's life, so that its step to
-- awaiting:payment writes its row and no index.
CREATE UNIQUE INDEX orders_one_live ON orders (ticket_id) WHERE cancel_reason IS NULL;
-- One index for a buyer's list and for the count of their unpaid orders: each buyer's part of an index is a
-- page of its own to write.
CREATE INDEX orders_of_user ON orders (user_id, unpaid, id);
