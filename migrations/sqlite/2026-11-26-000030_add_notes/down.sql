DELETE FROM logs WHERE name = 'notes';
DROP TABLE notes;
DROP TABLE opt_outs;
DROP TABLE burden_caps;
DROP TABLE layers;
