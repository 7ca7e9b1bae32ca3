-- compatible-from: tickets/0002_sellers
-- only: sqlite
-- It is the index of its key, and nothing else: one tree to write in the place of two.
CREATE TABLE clustered_terms (
    term bytea NOT NULL,
    ticket_id uuid NOT NULL,
    PRIMARY KEY (term, ticket_id)
) WITHOUT ROWID;
INSERT INTO clustered_terms SELECT term, ticket_id FROM ticket_terms ORDER BY term, ticket_id;
DROP TABLE ticket_terms;
ALTER TABLE clustered_terms RENAME TO ticket_terms;
