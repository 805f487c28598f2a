ALTER TABLE notes DROP COLUMN event_place;
ALTER TABLE notes DROP COLUMN other;
DROP TABLE identities;
