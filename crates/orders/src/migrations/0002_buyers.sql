-- Whoever has reserved a ticket, and whether their account is gone. Reserving holds the row, and so does the
-- account's end: one of them comes first, and the other sees it.
CREATE TABLE buyers (
    user_id uuid PRIMARY KEY,
    gone boolean NOT NULL
);
