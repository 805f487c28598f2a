//! Statements that are written out and prepared once a connection.
//!
//! diesel's own `sql_query` is prepared anew each time it runs, which costs SQLite as much as a small statement itself, and
//! PostgreSQL a whole exchange and a new plan.

use std::marker::PhantomData;

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{HasSqlType, Untyped},
};

/// A statement for either database, with its values numbered from `$1` on; a number may come more than once. Its text has no
/// other dollar sign.
pub(crate) fn statement(text: &'static str) -> Statement<()> {
    Statement { text, values: () }
}

/// A text and the values for its numbers.
#[derive(Debug)]
pub(crate) struct Statement<B> {
    text: &'static str,
    values: B,
}

/// A value that goes to the database as a `T`.
#[derive(Debug)]
pub(crate) struct Value<T, V> {
    value: V,
    kind: PhantomData<T>,
}

impl<B> Statement<B> {
    /// The value of the next number.
    pub(crate) fn bind<T, V>(self, value: V) -> Statement<(B, Value<T, V>)> {
        Statement { text: self.text, values: (self.values, Value { value, kind: PhantomData }) }
    }
}

/// Values by their numbers.
pub(crate) trait Values<DB: Backend> {
    /// How many there are.
    const COUNT: usize;

    /// Hands over the value of a number.
    fn push<'b>(&'b self, number: usize, out: AstPass<'_, 'b, DB>) -> QueryResult<()>;
}

impl<DB: Backend> Values<DB> for () {
    const COUNT: usize = 0;

    fn push<'b>(&'b self, number: usize, _: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        Err(diesel::result::Error::QueryBuilderError(format!("nothing is bound to ${number}").into()))
    }
}

impl<DB, B, T, V> Values<DB> for (B, Value<T, V>)
where
    DB: Backend + HasSqlType<T>,
    B: Values<DB>,
    V: ToSql<T, DB>,
{
    const COUNT: usize = B::COUNT + 1;

    fn push<'b>(&'b self, number: usize, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if number == Self::COUNT { out.push_bind_param::<T, V>(&self.1.value) } else { self.0.push(number, out) }
    }
}

impl<DB: Backend, B: Values<DB>> QueryFragment<DB> for Statement<B> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut parts = self.text.split('$');
        out.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            self.values.push(number.parse().unwrap_or(0), out.reborrow())?;
            out.push_sql(rest);
        }
        Ok(())
    }
}

// Two texts with values of the same kinds have one type: they are told apart by their texts.
impl<B> QueryId for Statement<B> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<B> Query for Statement<B> {
    type SqlType = Untyped;
}

impl<B, C> RunQueryDsl<C> for Statement<B> {}

#[cfg(test)]
mod tests {
    use diesel::{
        Connection, QueryableByName, SqliteConnection,
        connection::{InstrumentationEvent, SimpleConnection},
        sql_types::{BigInt, Text},
    };

    use super::*;

    #[derive(QueryableByName, Debug, PartialEq)]
    struct Row {
        #[diesel(sql_type = Text)]
        found: String,
    }

    fn found(connection: &mut SqliteConnection, name: &str, number: i64) -> QueryResult<Vec<Row>> {
        statement("SELECT $2 || ' ' || $1 || ' ' || $2 AS found")
            .bind::<Text, _>(name)
            .bind::<BigInt, _>(number)
            .load(connection)
    }

    #[test]
    fn numbers_stand_for_their_values_however_often_they_come() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        for number in [1, 2] {
            let wanted = format!("{number} a {number}");
            assert_eq!(found(&mut connection, "a", number).unwrap(), [Row { found: wanted }]);
        }
        let other: Vec<Row> = statement("SELECT $1 || $2 AS found")
            .bind::<Text, _>("b")
            .bind::<BigInt, _>(3)
            .load(&mut connection)
            .unwrap();
        assert_eq!(other, [Row { found: "b3".into() }], "another text with values of the same kinds");
    }

    #[test]
    fn a_number_without_a_value_is_an_error() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        for wrong in ["SELECT $1", "SELECT $0", "SELECT $x"] {
            assert!(statement(wrong).execute(&mut connection).is_err(), "{wrong}");
        }
        assert!(statement("SELECT $2").bind::<BigInt, _>(1).execute(&mut connection).is_err());
    }

    #[test]
    fn a_text_is_prepared_once() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let prepared = std::sync::Arc::new(std::sync::atomic::AtomicUsize::default());
        let count = std::sync::Arc::clone(&prepared);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        });
        connection.batch_execute("CREATE TABLE t (n INTEGER)").unwrap();
        for n in 0..5 {
            statement("INSERT INTO t VALUES ($1)").bind::<BigInt, _>(n).execute(&mut connection).unwrap();
        }
        assert_eq!(prepared.load(std::sync::atomic::Ordering::Relaxed), 1);
    }
}
