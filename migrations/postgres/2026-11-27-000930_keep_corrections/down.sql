ALTER TABLE logs DROP COLUMN waiting;
DROP TABLE waiting_corrections;
DROP TABLE corrections;
