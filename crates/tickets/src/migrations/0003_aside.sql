-- Lists of what is for sale pass over reserved listings one by one. Where there are very many of them in one place, they are
-- set aside: lists do not come by them any more until they are free again. A lock sets nothing aside, and so writes no index.
ALTER TABLE tickets ADD COLUMN aside boolean NOT NULL DEFAULT false;
CREATE INDEX tickets_open_newest ON tickets (id) WHERE listed AND NOT aside;
CREATE INDEX tickets_open_by_price ON tickets (price_sort, id) WHERE listed AND NOT aside;
CREATE INDEX tickets_open_by_start ON tickets (starts_sort, id) WHERE listed AND NOT aside;
-- What left the market, and whose terms are still to be taken out of the index of words.
CREATE INDEX tickets_left ON tickets (id) WHERE NOT listed AND terms <> ' ';
