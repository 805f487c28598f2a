-- A sender's word may be about one trial of its agency, or about what came through one link; about neither it is about all trials of
-- its agency (trial 0, link '').
ALTER TABLE declarations ADD COLUMN trial_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE declarations ADD COLUMN link_id TEXT NOT NULL DEFAULT '';
ALTER TABLE declarations ALTER COLUMN trial_id DROP DEFAULT;
ALTER TABLE declarations ALTER COLUMN link_id DROP DEFAULT;
ALTER TABLE declarations DROP CONSTRAINT declarations_pkey;
ALTER TABLE declarations ADD PRIMARY KEY (key_id, trial_id, link_id, first_day, last_day);
CREATE INDEX declarations_link ON declarations (link_id) WHERE link_id <> '';

-- What each key sent through each link on each day in UTC. Of what came before this was kept the number is known, and no digest.
CREATE TABLE link_receipts (
  key_id BIGINT NOT NULL,
  link_id TEXT NOT NULL,
  day BIGINT NOT NULL,
  accepted BIGINT NOT NULL,
  digest_1 BIGINT,
  digest_2 BIGINT,
  digest_3 BIGINT,
  digest_4 BIGINT,
  PRIMARY KEY (key_id, link_id, day)
);
INSERT INTO link_receipts (key_id, link_id, day, accepted)
SELECT key_id, split_part(event_id, '/', 1), received_at / 86400000000, COUNT(*) FROM events
WHERE strpos(event_id, '/') > 0 GROUP BY 1, 2, 3;
