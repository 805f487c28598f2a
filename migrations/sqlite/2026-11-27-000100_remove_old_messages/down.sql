DROP INDEX message_answers_answered;
DROP TRIGGER messages_no_delete;
DROP TRIGGER message_answers_no_delete;
CREATE TRIGGER messages_no_delete BEFORE DELETE ON messages BEGIN SELECT RAISE(ABORT, 'a message never changes'); END;
CREATE TRIGGER message_answers_no_delete BEFORE DELETE ON message_answers BEGIN SELECT RAISE(ABORT, 'an answer never changes'); END;
DROP TABLE message_removals;
