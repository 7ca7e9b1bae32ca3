-- What an authorization that the payer is to confirm is confirmed with.
ALTER TABLE payments ADD COLUMN client_secret text;
-- How much of what was charged an operator gave back.
ALTER TABLE payments ADD COLUMN refunded bigint NOT NULL DEFAULT 0;
-- How often the gateway answered an intent with a failure that it would repeat.
ALTER TABLE payments ADD COLUMN intent_round integer NOT NULL DEFAULT 0;
-- Who sells what, and what is theirs; unknown of orders from before.
ALTER TABLE orders ADD COLUMN seller_id uuid;
ALTER TABLE orders ADD COLUMN title text;
ALTER TABLE orders ADD COLUMN price bigint;
ALTER TABLE orders ADD COLUMN seller_fee bigint;
-- The books. Both tables are only ever added to. Each transfer has a name, so that it is made once; its entries add up
-- to zero.
CREATE TABLE transfers (
    name text PRIMARY KEY,
    kind text NOT NULL,
    order_id uuid,
    note text,
    created_at timestamptz NOT NULL
);
CREATE TABLE entries (
    id uuid PRIMARY KEY,
    transfer text NOT NULL,
    account text NOT NULL,
    owner uuid,
    order_id uuid,
    amount bigint NOT NULL,
    currency text NOT NULL
);
CREATE INDEX entries_of_transfer ON entries (transfer);
CREATE INDEX entries_of_owner ON entries (owner, account, id) WHERE owner IS NOT NULL;
CREATE INDEX entries_of_order ON entries (order_id, account) WHERE order_id IS NOT NULL;
-- What operators gave back.
CREATE TABLE refunds (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    reason text NOT NULL,
    -- 'pending', 'done' or 'failed'
    status text NOT NULL,
    -- Its next try at the gateway; the tries so far; the failures that it would repeat.
    due_at timestamptz,
    tries integer NOT NULL,
    round integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX refunds_of_payment ON refunds (payment_id);
-- Chargebacks, by the gateway's own ids.
CREATE TABLE disputes (
    id text PRIMARY KEY,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    -- 'open', 'won' or 'lost'
    status text NOT NULL,
    reason text NOT NULL,
    -- What the bank wants, and what of it the seller is kept from.
    amount bigint NOT NULL,
    frozen bigint NOT NULL,
    currency text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX disputes_of_order ON disputes (order_id);
-- What the gateway told of its own accord, each once: a hint at what to look at.
CREATE TABLE hints (
    id text PRIMARY KEY,
    -- 'payment', 'dispute' or 'refund', and the gateway's id of it
    subject text NOT NULL,
    object text NOT NULL,
    received_at timestamptz NOT NULL,
    due_at timestamptz,
    tries integer NOT NULL
);
CREATE INDEX hints_due ON hints (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX hints_received ON hints (received_at);
-- Sellers who are being paid, one at a time.
CREATE TABLE payees (
    id uuid PRIMARY KEY
);
