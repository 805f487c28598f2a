-- The report of a trial as it was when its data were locked, byte for byte, with what it was computed from that no log keeps: how
-- many requests were turned away by then, by reason.
CREATE TABLE frozen_reports (
  trial_id BIGINT PRIMARY KEY REFERENCES trials (id),
  protocol_id TEXT NOT NULL,
  data_cut BIGINT NOT NULL,
  engine TEXT NOT NULL,
  not_enrolled TEXT NOT NULL,
  report TEXT NOT NULL,
  digest TEXT NOT NULL,
  frozen_at BIGINT NOT NULL
);

CREATE TRIGGER frozen_reports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON frozen_reports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
