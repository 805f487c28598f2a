DROP TABLE link_receipts;
DELETE FROM declarations WHERE trial_id <> 0 OR link_id <> '';
DROP INDEX declarations_link;
ALTER TABLE declarations DROP CONSTRAINT declarations_pkey;
ALTER TABLE declarations DROP COLUMN link_id;
ALTER TABLE declarations DROP COLUMN trial_id;
ALTER TABLE declarations ADD PRIMARY KEY (key_id, first_day, last_day);
