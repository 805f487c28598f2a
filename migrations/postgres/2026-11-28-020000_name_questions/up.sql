-- Which question of the steps of a plan a comment is about; nothing where it is about a whole part.
ALTER TABLE comments ADD COLUMN question TEXT;
