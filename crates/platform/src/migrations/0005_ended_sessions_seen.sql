-- When the row was written: the other processes of the service, which keep the ended sessions in memory too,
-- look for what is new by it.
ALTER TABLE ended_sessions ADD COLUMN seen_at timestamptz;
CREATE INDEX ended_sessions_seen ON ended_sessions (seen_at, sid);
