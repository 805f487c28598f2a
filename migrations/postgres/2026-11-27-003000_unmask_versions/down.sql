DROP TABLE unmaskings;
