DROP INDEX notes_names;
