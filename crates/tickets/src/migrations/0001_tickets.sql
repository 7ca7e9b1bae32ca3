-- The listings. Locking one changes only columns that no index looks at, so that it costs one
-- write of its row.
CREATE TABLE tickets (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    -- The version that the last edit made: an order that saw an older one was made for another listing.
    edit_version bigint NOT NULL,
    user_id uuid NOT NULL,
    status text NOT NULL,
    -- The order that holds it, or bought it.
    order_id uuid,
    title text NOT NULL,
    price bigint NOT NULL,
    currency text NOT NULL,
    category text,
    venue text,
    city text,
    country text,
    starts_at timestamptz,
    time_zone text,
    section text,
    seat_row text,
    seat text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- From here on: what lists and searches look at, derived from the columns above.
    -- Whether it is on the market: neither sold nor withdrawn nor over. A lock does not change it.
    listed boolean NOT NULL DEFAULT false,
    -- The price in thousandths, whatever its currency.
    price_sort bigint NOT NULL DEFAULT 0,
    -- The start in milliseconds since 1970; the largest number when there is none.
    starts_sort bigint NOT NULL DEFAULT 0,
    -- Its search terms, with a blank before and after each.
    terms text NOT NULL DEFAULT ' '
);
CREATE INDEX tickets_newest ON tickets (id) WHERE listed;
CREATE INDEX tickets_by_price ON tickets (price_sort, id) WHERE listed;
CREATE INDEX tickets_by_start ON tickets (starts_sort, id) WHERE listed;
CREATE INDEX tickets_of_seller ON tickets (user_id, id);
-- The terms of listed tickets. As bytes, which every engine sorts alike: a prefix is a range.
CREATE TABLE ticket_terms (
    term bytea NOT NULL,
    ticket_id uuid NOT NULL,
    PRIMARY KEY (term, ticket_id)
);
-- The orders that wait behind the holder of a ticket.
CREATE TABLE waiting (
    order_id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL,
    -- The version of the listing that the buyer saw.
    ticket_version bigint NOT NULL
);
CREATE INDEX waiting_for_ticket ON waiting (ticket_id, order_id);
-- The users who are gone, and how far their listings have been withdrawn.
CREATE TABLE deleted_users (
    user_id uuid PRIMARY KEY,
    swept_to uuid NOT NULL,
    swept_at timestamptz
);
CREATE INDEX deleted_users_unswept ON deleted_users (user_id) WHERE swept_at IS NULL;
