DROP INDEX events_of_files;
DROP TABLE outcome_file_ends;
DROP TABLE outcome_files;
