DROP TABLE reminders;
DROP TABLE sendings;
DROP TABLE receivers;
DROP TABLE alerts;
