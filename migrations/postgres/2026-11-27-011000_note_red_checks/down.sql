DROP TABLE red_checks;
