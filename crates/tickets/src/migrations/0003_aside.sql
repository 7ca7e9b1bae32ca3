-- compatible-from: tickets/0002_sellers
-- Lists of what is for sale pass over reserved listings one by one. Where there are very many of them in one place, they are
-- set aside: lists do not come by them any more until they are free again. A lock sets nothing aside, and so writes no index.
-- An older program knows nothing of it, and lists what is aside like all else; one that it frees is found by the newer one.
ALTER TABLE tickets ADD COLUMN aside boolean NOT NULL DEFAULT false;
-- Whether its terms are in the index of words. What leaves the market leaves them there for a while. (True where an older program
-- lists a ticket: terms that are not there can be taken out, too.)
ALTER TABLE tickets ADD COLUMN has_terms boolean NOT NULL DEFAULT true;
UPDATE tickets SET has_terms = false WHERE NOT listed;
CREATE INDEX tickets_open_newest ON tickets (id) WHERE listed AND NOT aside;
CREATE INDEX tickets_open_by_price ON tickets (price_sort, id) WHERE listed AND NOT aside;
CREATE INDEX tickets_open_by_start ON tickets (starts_sort, id) WHERE listed AND NOT aside;
CREATE INDEX tickets_aside ON tickets (id) WHERE aside;
CREATE INDEX tickets_left ON tickets (id) WHERE has_terms AND NOT listed;
