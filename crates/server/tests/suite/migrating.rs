//! Bringing a database up to date, stopped at any moment.

use std::{os::unix::process::ExitStatusExt, process::Stdio, thread, time::Duration};

use fairtrial_testkit::on_both_databases;

use crate::{command::fairtrial, frontline::call, running::start_filled_on};

on_both_databases! {
    fn it_goes_on_where_it_was_killed(database) {
        let folder = tempfile::tempdir().unwrap();
        let migrate = || {
            let mut command = fairtrial(&["migrate", "--database-url", database.url(), "--data"]);
            command.arg(folder.path());
            command
        };
        let mut killed = 0;
        // A little longer each time, until one run is through.
        for wait in 0..1_000 {
            let mut run = migrate().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
            thread::sleep(Duration::from_millis(10 + wait * 5));
            let _ = run.kill();
            let ended = run.wait().expect("it ends");
            if ended.signal().is_none() {
                assert!(ended.success(), "what was done before is no hindrance");
                break;
            }
            killed += 1;
        }
        assert!(killed > 0, "no run was killed");
        let rest = migrate().output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&rest.stdout), "the database is up to date\n");
        // The tables are whole: an installation is made in them, and used.
        let world = start_filled_on(database.url());
        let unit = serde_json::json!({"unit": "u-1"});
        for outcome in ["assigned", "existing"] {
            let answer = call(&world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&unit));
            assert_eq!((answer.status, answer.json()["outcome"].as_str()), (200, Some(outcome)), "{}", answer.text());
        }
    }
}
