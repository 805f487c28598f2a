-- What waits is found by the event that it waits for, and by its age, however much waits.
CREATE INDEX waiting_corrections_replaces ON waiting_corrections (agency_id, replaces);
CREATE INDEX waiting_corrections_received ON waiting_corrections (received_at);
