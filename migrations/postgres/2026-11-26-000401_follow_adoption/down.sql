DROP TABLE origins;
DROP TABLE adoptions;
ALTER TABLE agreements DROP COLUMN due_on;
ALTER TABLE agreements DROP COLUMN owner;
ALTER TABLE decisions DROP COLUMN due_on;
ALTER TABLE decisions DROP COLUMN owner;
