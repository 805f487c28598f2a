ALTER TABLE trials DROP COLUMN halted;
DROP TABLE harm_crossings;
DROP TABLE looks;
