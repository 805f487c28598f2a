ALTER TABLE enrolments DROP COLUMN margins;
