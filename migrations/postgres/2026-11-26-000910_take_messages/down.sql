DROP TABLE message_answers;
DROP TABLE messages;
