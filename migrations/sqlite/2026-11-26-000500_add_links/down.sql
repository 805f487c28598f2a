DROP TABLE link_steps;
DROP TABLE links;
