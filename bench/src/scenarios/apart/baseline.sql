-- What orders does for one reservation, in the statements and the order in which it does it, on its own tables: all
-- of them sent at once, as a client can that knows their answers before.
\set n :n + 1
\set order :client_id + :n * 1000
\set ticket :order % 100000
\startpipeline
BEGIN;
SELECT gone FROM buyers WHERE user_id = lpad(to_hex(:client_id::bigint), 32, '0')::uuid FOR NO KEY UPDATE;
SELECT status, price, currency, starts_at, snapshot FROM tickets WHERE id = lpad(to_hex(:ticket::bigint), 32, '0')::uuid;
INSERT INTO orders (id, version, user_id, status, unpaid, expires_at, price, fee, total, currency, ticket_id, snapshot,
        created_at, updated_at)
    VALUES (overlay(gen_random_uuid()::text PLACING lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') FROM 1 FOR 13)::uuid,
        0, lpad(to_hex(:client_id::bigint), 32, '0')::uuid, 'created', true, now() + interval '15 minutes', 12000, 0, 12000, 'usd',
        lpad(to_hex(:order::bigint), 32, '0')::uuid, repeat('s', 400), now(), now())
    ON CONFLICT (ticket_id) WHERE cancel_reason IS NULL DO NOTHING;
INSERT INTO outbox (id, type, payload, created_at)
    VALUES (overlay(gen_random_uuid()::text PLACING lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') FROM 1 FOR 13)::uuid,
        'order' || chr(58) || 'created', repeat('p', 900), now());
COMMIT;
\endpipeline
