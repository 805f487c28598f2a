DROP TABLE comment_answers;
