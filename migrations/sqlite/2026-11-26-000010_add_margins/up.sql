-- How many people of each level are in each arm, as JSON, for trials that use minimisation; in the row named '*'.
ALTER TABLE enrolments ADD COLUMN margins TEXT;
