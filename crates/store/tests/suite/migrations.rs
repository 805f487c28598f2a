//! Up, down, up again; both dialects alike; a schema of another version is refused.

use diesel::connection::SimpleConnection;
use fairtrial_store::{DatabaseUrl, DbConnection, Store, StoreError, WriterSettings};
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    on_both_databases,
};

use super::{
    guards::fill,
    installation::{Installation, lines},
};

/// Tables and columns with the family of their type and whether they may be empty, diesel's own table left out.
fn schema(url: &DatabaseUrl) -> Vec<String> {
    let query = match url {
        DatabaseUrl::Sqlite(_) => {
            "SELECT m.name || '.' || p.name || ' ' || p.type || CASE WHEN p.\"notnull\" = 1 OR p.pk > 0 THEN '' ELSE ' null' END AS line \
             FROM sqlite_master m JOIN pragma_table_info(m.name) p \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '%diesel%'"
        }
        DatabaseUrl::Postgres(_) => {
            "SELECT table_name || '.' || column_name || ' ' || \
               CASE data_type WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB' WHEN 'bigint' THEN 'INTEGER' \
                 WHEN 'integer' THEN 'INTEGER' WHEN 'smallint' THEN 'INTEGER' WHEN 'boolean' THEN 'INTEGER' ELSE data_type END || \
               CASE is_nullable WHEN 'NO' THEN '' ELSE ' null' END AS line \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%diesel%'"
        }
    };
    let mut all = lines(&mut DbConnection::open(url).unwrap(), query);
    all.sort();
    all
}

/// Whatever else a migration may leave behind: indexes, triggers, functions.
fn remains(url: &DatabaseUrl) -> Vec<String> {
    let query = match url {
        DatabaseUrl::Sqlite(_) => {
            "SELECT type || ' ' || name AS line FROM sqlite_master WHERE name NOT LIKE '%diesel%' AND name NOT LIKE 'sqlite%'"
        }
        DatabaseUrl::Postgres(_) => {
            "SELECT 'relation ' || relname AS line FROM pg_class \
               WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '%diesel%' \
             UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        }
    };
    lines(&mut DbConnection::open(url).unwrap(), query)
}

fn open(url: &DatabaseUrl) -> Result<Store, StoreError> {
    Store::open(url, WriterSettings::default())
}

on_both_databases! {
    fn who_only_looks_leaves_an_empty_database_empty(database) {
        let url: DatabaseUrl = database.url().parse().unwrap();
        assert!(Store::needs_migration(&url).unwrap());
        let every_table = match &url {
            DatabaseUrl::Sqlite(_) => "SELECT name AS line FROM sqlite_master",
            DatabaseUrl::Postgres(_) => {
                "SELECT table_name || '' AS line FROM information_schema.tables WHERE table_schema = 'public'"
            }
        };
        assert_eq!(lines(&mut DbConnection::open(&url).unwrap(), every_table), Vec::<String>::new());
        Store::migrate(&url).unwrap();
        assert!(lines(&mut DbConnection::open(&url).unwrap(), every_table).contains(&"__diesel_schema_migrations".to_owned()));
    }

    fn up_down_and_up_again(database) {
        let url: DatabaseUrl = database.url().parse().unwrap();
        assert!(Store::needs_migration(&url).unwrap());
        let names = Store::migrate(&url).unwrap();
        assert!(!names.is_empty() && !Store::needs_migration(&url).unwrap());
        assert_eq!(Store::migrate(&url).unwrap(), Vec::<String>::new(), "nothing is left to do");
        let before = schema(&url);
        assert!(before.contains(&"events.event_id TEXT".to_owned()), "{before:?}");

        assert_eq!(Store::revert_all_migrations(&url).unwrap(), names.len());
        assert_eq!(remains(&url), Vec::<String>::new());
        assert!(Store::needs_migration(&url).unwrap());

        assert_eq!(Store::migrate(&url).unwrap(), names);
        assert_eq!(schema(&url), before);
        open(&url).unwrap();
    }

    fn a_database_of_which_only_the_first_migrations_have_run_is_refused_until_the_others_have(database) {
        let installation = Installation::new(database);
        fill(&installation);
        let url: DatabaseUrl = database.url().parse().unwrap();
        let dialect = if installation.kind == Kind::Sqlite { "sqlite" } else { "postgres" };
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(dialect);
        let mut names: Vec<String> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        let whole = schema(&url);
        for (n, name) in names.iter().rev().take(3).enumerate() {
            let down = std::fs::read_to_string(folder.join(name).join("down.sql")).unwrap();
            let version: String = name.split('_').next().unwrap().chars().filter(char::is_ascii_digit).collect();
            let forget = format!("{down}; DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
            installation.connection().batch_execute(&forget).unwrap();
            let before = (schema(&url), installation.count("events"), installation.count("audit"));
            let refused = open(&url).unwrap_err().to_string();
            assert!(refused.contains("older schema: run `fairtrial migrate` first"), "{refused}");
            assert!(before == (schema(&url), installation.count("events"), installation.count("audit")), "nothing was changed");
            if n == 2 {
                assert_ne!(before.0, whole);
            }
        }
        let ran = Store::migrate(&url).unwrap();
        assert_eq!(ran.len(), 3, "{ran:?}");
        assert_eq!(schema(&url), whole);
        open(&url).unwrap();
    }

    fn a_full_database_goes_down_and_comes_up_empty(database) {
        let installation = Installation::new(database);
        fill(&installation);
        assert!(installation.count("events") > 0 && installation.count("audit") > 0);
        let url = installation.url.clone();
        drop(installation);
        Store::revert_all_migrations(&url).unwrap();
        assert_eq!(remains(&url), Vec::<String>::new());
        Store::migrate(&url).unwrap();
        let again = lines(&mut DbConnection::open(&url).unwrap(), "SELECT CAST(COUNT(*) AS TEXT) AS line FROM events");
        assert_eq!(again, ["0"]);
    }

    fn two_servers_may_migrate_at_once(database) {
        if database.kind() == Kind::Sqlite {
            // One file has one server.
            return;
        }
        let url: DatabaseUrl = database.url().parse().unwrap();
        let names: Vec<Vec<String>> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| Store::migrate(&url).unwrap())).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert_eq!(names.iter().filter(|names| !names.is_empty()).count(), 1, "{names:?}");
        open(&url).unwrap();
    }

    fn a_schema_of_another_version_is_refused(database) {
        let url: DatabaseUrl = database.url().parse().unwrap();
        let refusal = open(&url).unwrap_err();
        assert!(matches!(&refusal, StoreError::Setup(why) if why.contains("fairtrial migrate")), "{refusal}");

        Store::migrate(&url).unwrap();
        let later = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')";
        let mut c = DbConnection::open(&url).unwrap();
        diesel::RunQueryDsl::execute(diesel::sql_query(later), &mut c).unwrap();
        let refusal = open(&url).unwrap_err();
        assert!(matches!(&refusal, StoreError::Setup(why) if why.contains("newer")), "{refusal}");
        assert!(!Store::needs_migration(&url).unwrap(), "no migration of this version is missing");
    }

    fn a_place_without_a_database_is_an_error(database) {
        let nowhere: DatabaseUrl = match database.kind() {
            Kind::Sqlite => "sqlite:/nowhere/at/all.db".parse().unwrap(),
            Kind::Postgres => database.url().replace("fairtrial_", "no_such_").parse().unwrap(),
        };
        assert!(matches!(open(&nowhere), Err(StoreError::Unavailable(_))));
        assert!(matches!(Store::migrate(&nowhere), Err(StoreError::Unavailable(_))));
    }
}

#[test]
fn both_dialects_have_the_same_tables_and_columns() {
    let [sqlite, postgres] = [Kind::Sqlite, Kind::Postgres].map(|kind| {
        let database = TestDatabase::fresh(kind).unwrap();
        let url: DatabaseUrl = database.url().parse().unwrap();
        Store::migrate(&url).unwrap();
        schema(&url)
    });
    assert!(sqlite.len() > 80, "{}", sqlite.len());
    assert_eq!(sqlite, postgres);
}

#[test]
fn an_address_names_its_database() {
    for good in ["sqlite:data.db", "sqlite:/var/lib/data.db", "sqlite://data.db", "postgres://h/d", "postgresql:///d"] {
        let read: DatabaseUrl = good.parse().unwrap();
        assert_eq!(matches!(read, DatabaseUrl::Sqlite(_)), good.starts_with("sqlite"), "{good}");
    }
    assert_eq!("sqlite:///var/data.db".parse(), Ok(DatabaseUrl::Sqlite("/var/data.db".into())));
    for bad in ["", "data.db", "sqlite:", "sqlite://", "mysql://h/d", "host=h dbname=d"] {
        assert!(matches!(bad.parse::<DatabaseUrl>(), Err(StoreError::Setup(_))), "{bad:?} was taken");
    }
    let secret: DatabaseUrl = "postgres://u:hunter2@h/d".parse().unwrap();
    assert!(!format!("{secret:?}").contains("hunter2"));
}
