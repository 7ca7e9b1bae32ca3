-- One row: the process that publishes this outbox, until when, and how far the bus has confirmed it.
CREATE TABLE relay (
    id integer PRIMARY KEY,
    holder uuid NOT NULL,
    held_until timestamptz NOT NULL,
    -- Of a bus with a store of its own: its stream, by when it was made, and the last message that it confirmed.
    stream_created bigint,
    stream_sequence bigint,
    stream_event uuid
);
