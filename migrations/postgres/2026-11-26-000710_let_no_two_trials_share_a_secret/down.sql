DROP INDEX trials_secret;
