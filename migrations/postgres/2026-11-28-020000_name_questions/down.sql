ALTER TABLE comments DROP COLUMN question;
