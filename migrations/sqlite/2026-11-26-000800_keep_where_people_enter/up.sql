-- The last event that was kept before a person was assigned: what came into the log after it may be their outcome, and nothing else.
ALTER TABLE assignments ADD COLUMN event_place INTEGER NOT NULL DEFAULT 0;
