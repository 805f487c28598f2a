DROP TRIGGER frozen_reports_no_update;
DROP TRIGGER frozen_reports_no_delete;
DROP TABLE frozen_reports;
