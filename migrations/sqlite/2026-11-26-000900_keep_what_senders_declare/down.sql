ALTER TABLE frozen_reports DROP COLUMN declared;
DROP TABLE declarations;
