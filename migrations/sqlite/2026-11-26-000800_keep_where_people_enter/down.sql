ALTER TABLE assignments DROP COLUMN event_place;
