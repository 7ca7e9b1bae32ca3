-- Whoever has listed a ticket, and whether their account is gone. Listing holds the row, and so does the
-- account's end: one of them comes first, and the other sees it.
CREATE TABLE sellers (
    user_id uuid PRIMARY KEY,
    gone boolean NOT NULL
);
INSERT INTO sellers (user_id, gone) SELECT user_id, true FROM deleted_users;
