-- The report of a trial as it was when its data were locked, byte for byte, with what it was computed from that no log keeps: how
-- many requests were turned away by then, by reason.
CREATE TABLE frozen_reports (
  trial_id INTEGER PRIMARY KEY REFERENCES trials (id),
  protocol_id TEXT NOT NULL,
  data_cut INTEGER NOT NULL,
  engine TEXT NOT NULL,
  not_enrolled TEXT NOT NULL,
  report TEXT NOT NULL,
  digest TEXT NOT NULL,
  frozen_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER frozen_reports_no_update BEFORE UPDATE ON frozen_reports BEGIN SELECT RAISE(ABORT, 'a frozen report never changes'); END;
CREATE TRIGGER frozen_reports_no_delete BEFORE DELETE ON frozen_reports BEGIN SELECT RAISE(ABORT, 'a frozen report never changes'); END;
