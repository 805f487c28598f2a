//! The only diesel: keeps and returns domain values on SQLite and PostgreSQL.
