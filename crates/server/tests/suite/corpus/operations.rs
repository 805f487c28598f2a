//! O: what whoever runs the program may get wrong, and what their machine may do to it.
//!
//! Settings that are wrong (O4) are in the tests of `config`; copies that were touched or are another installation's (O3) in
//! `backup.rs`; master keys (O2) in `command.rs`; a PostgreSQL server that is away (O5) in `waiting.rs`; full and failing disks in
//! `durability.rs`. Receivers of alerts that are slow or rude (O11) are in `alerts/rude.rs`; servers of two versions and clocks that
//! differ (O12) are stories of faults.

use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use fairtrial_testkit::database::{Kind, TestDatabase};
use serde_json::json;

use crate::{
    client::{Response, request, send},
    command::{error, fairtrial, on, said},
    faults::house::{House, Server},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fairtrial");

/// In which a program ends that is told to, on the slowest machine.
const A_MINUTE: Duration = Duration::from_secs(60);

/// A server on an installation, which is given a few seconds to end by itself.
fn serve(data: &Path) -> Output {
    let mut command = Command::new("timeout");
    command.args(["10", PROGRAM, "serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--data"]).arg(data);
    command.env_clear().envs(std::env::vars().filter(|(name, _)| name == "PATH")).stdin(Stdio::null());
    command.output().expect("the program runs")
}

/// A SQLite file of another program: one table, no rows.
fn of_another_program() -> Vec<u8> {
    let statement = b"CREATE TABLE notes(text)";
    let mut file = vec![0; 1_024];
    file[..16].copy_from_slice(b"SQLite format 3\0");
    // Pages of 512 bytes, two of them, of the oldest kind that every version reads; one change so far, schema 1 of form 4, in UTF-8.
    for (at, bytes) in [
        (16, &[2, 0, 1, 1, 0, 64, 32, 32][..]),
        (24, &[0, 0, 0, 1, 0, 0, 0, 2]),
        (40, &[0, 0, 0, 1, 0, 0, 0, 4]),
        (56, &[0, 0, 0, 1]),
        (92, &[0, 0, 0, 1, 0, 0x2e, 0x8b, 0x90]),
    ] {
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
    // The row of the table of tables: kind, name, table, page 2, statement.
    let mut row = vec![1, 6, 23, 23, 23, 1, u8::try_from(statement.len() * 2 + 13).expect("short")];
    row[1] = 6;
    row.extend_from_slice(b"tablenotesnotes\x02");
    row.extend_from_slice(statement);
    let payload = &row[1..];
    let mut cell = vec![u8::try_from(payload.len()).expect("short"), 1];
    cell.extend_from_slice(payload);
    let start = 512 - cell.len();
    file[start..512].copy_from_slice(&cell);
    let [high, low] = u16::try_from(start).expect("within the page").to_be_bytes();
    file[100..110].copy_from_slice(&[13, 0, 0, 0, 1, high, low, 0, high, low]);
    file[512..520].copy_from_slice(&[13, 0, 0, 0, 0, 2, 0, 0]);
    file
}

/// O1: a file that is not this version's database is refused in a sentence and left as it is.
#[test]
fn a_file_that_is_no_database_of_ours_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    said(&on(data, &["agency", "create", "justice", "Justice"]));
    let file = data.join("fairtrial.db");
    // The newest commits stand in a second file; a copy has all in one. It is said to be of the kind that has a second one.
    let copy = data.join("copy");
    said(&on(data, &["backup", copy.to_str().expect("text")]));
    let copied = fs::read_dir(&copy).expect("a folder").map(|entry| entry.expect("a file").path());
    let copied = copied.into_iter().find(|path| !path.ends_with("manifest.json")).expect("a copy");
    let mut good = fs::read(copied).expect("a database");
    good[18..20].copy_from_slice(&[2, 2]);
    let remove_beside = || {
        for beside in ["fairtrial.db-wal", "fairtrial.db-shm"] {
            drop(fs::remove_file(data.join(beside)));
        }
    };
    let newest = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite")).expect("migrations");
    let newest =
        newest.map(|entry| entry.expect("a name").file_name().into_string().expect("text")).max().expect("one");
    let version: String = newest.split('_').next().expect("a day").chars().filter(char::is_ascii_digit).collect();
    let mut newer = good.clone();
    let places = good.windows(version.len()).enumerate().filter(|(_, part)| *part == version.as_bytes());
    let places: Vec<usize> = places.map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "{version} has run");
    for at in places {
        newer[at..at + 4].copy_from_slice(b"2999");
    }
    let mut random = vec![0; 64 * 1_024];
    getrandom::fill(&mut random).expect("random bytes");
    let mut cut = good.clone();
    cut.truncate(good.len() / 2);
    for (name, bytes, says) in [
        ("nothing", Vec::new(), "fairtrial migrate"),
        ("text", b"this is no database".to_vec(), "is not a database"),
        ("random bytes", random, "is not a database"),
        ("another program's", of_another_program(), "is not a database of fairtrial"),
        ("newer", newer, "newer"),
        ("half of it", cut, "malformed"),
    ] {
        remove_beside();
        fs::write(&file, &bytes).expect("a file");
        for output in [on(data, &["agency", "list"]), serve(data), on(data, &["doctor"])] {
            assert_eq!(
                output.status.code(),
                Some(1),
                "{name}: {} {}",
                error(&output),
                String::from_utf8_lossy(&output.stdout)
            );
        }
        let output = serve(data);
        // An empty file holds nothing that could be lost.
        let bytes = if bytes.is_empty() { fs::read(&file).expect("a file") } else { bytes };
        assert!(
            error(&output).contains(says) && error(&output).trim().lines().count() == 1,
            "{name}: {}",
            error(&output)
        );
        assert!(fs::read(&file).expect("a file") == bytes, "{name}: the file was changed");
        let migrated = on(data, &["migrate"]);
        if name != "nothing" {
            assert_eq!(migrated.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&migrated.stdout));
            assert!(fs::read(&file).expect("a file") == bytes, "{name}: the file was changed by migrate");
        }
        remove_beside();
    }
    fs::write(&file, &good).expect("a file");
    assert!(said(&on(data, &["agency", "list"])).contains("justice"));
    // A folder in its place, and a place where nothing can be made.
    fs::remove_file(&file).expect("it is there");
    remove_beside();
    fs::create_dir(&file).expect("a folder");
    assert!(error(&serve(data)).contains("is a folder"), "{}", error(&serve(data)));
    fs::remove_dir(&file).expect("it is there");
    let nowhere = serve(Path::new("/proc/nothing"));
    assert!(nowhere.status.code() == Some(1) && error(&nowhere).contains("cannot be made"), "{}", error(&nowhere));
    // The newest commits stand in a second file. Whoever moved the first away is not given an empty one beside it.
    fs::write(data.join("fairtrial.db-wal"), "the newest commits").expect("a file");
    for output in [serve(data), on(data, &["agency", "list"]), on(data, &["migrate"])] {
        assert!(output.status.code() == Some(1) && error(&output).contains("-wal"), "{}", error(&output));
    }
    assert!(!file.exists() && data.join("fairtrial.db-wal").exists());
}

/// O1: a file that can only be read, or a folder in which nothing can be made: a server that could keep nothing does not begin. Root may
/// write anywhere, so as root the program is run as nobody.
#[test]
fn a_file_that_can_only_be_read_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, program) = (folder.path().join("data"), folder.path().join("fairtrial"));
    said(&on(&data, &["agency", "create", "justice", "Justice"]));
    let key = fs::read_to_string(data.join("master.key")).expect("a key");
    fs::remove_file(data.join("master.key")).expect("it is there");
    fs::copy(PROGRAM, &program).expect("room for the program");
    let may = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    let is_root = fs::metadata("/proc/self").expect("a process").uid() == 0;
    if is_root {
        let own = Command::new("chown").args(["-R", "65534:65534"]).arg(folder.path()).status();
        assert!(own.expect("chown runs").success());
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new("timeout");
        command.arg("10");
        if is_root {
            command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        }
        command
            .arg(&program)
            .args(arguments)
            .arg("--data")
            .arg(&data)
            .env_clear()
            .env("FAIRTRIAL_MASTER_KEY", key.trim());
        command.envs(std::env::vars().filter(|(name, _)| name == "PATH")).stdin(Stdio::null());
        command.output().expect("the program runs")
    };
    let file = data.join("fairtrial.db");
    let bare = || {
        for beside in ["fairtrial.db-wal", "fairtrial.db-shm"] {
            drop(fs::remove_file(data.join(beside)));
        }
        fs::read(&file).expect("a file")
    };
    // What was written last is in the file, so that it stands by itself.
    assert!(run(&["doctor"]).status.success() && run(&["agency", "create", "health", "Health"]).status.success());
    for (name, of_file, of_folder) in [("the file", 0o444, 0o755), ("its folder", 0o644, 0o555), ("both", 0o444, 0o555)]
    {
        let before = bare();
        may(&file, of_file);
        may(&data, of_folder);
        let all: [&[&str]; 5] = [
            &["serve", "--listen", "127.0.0.1:0"],
            &["agency", "list"],
            &["agency", "create", "labour", "Labour"],
            &["migrate"],
            &["doctor"],
        ];
        for arguments in all {
            let output = run(arguments);
            let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), error(&output));
            assert_eq!(output.status.code(), Some(1), "{name}: {arguments:?}: {told}");
            assert!(told.contains("only be read") || told.contains("readonly"), "{name}: {arguments:?}: {told}");
            assert!(arguments == ["doctor"] || error(&output).trim().lines().count() == 1, "{name}: {told}");
        }
        may(&data, 0o755);
        may(&file, 0o644);
        assert!(bare() == before, "{name}: the file was changed");
    }
    assert!(said(&run(&["agency", "list"])).contains("justice"), "nothing was wrong but what it may do");
}

/// O2, for a server.
#[test]
fn a_server_does_not_start_without_its_own_master_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    said(&on(data, &["agency", "create", "justice", "Justice"]));
    let key = data.join("master.key");
    let good = fs::read_to_string(&key).expect("a key");
    for (text, says) in [
        (String::new(), "64 hexadecimal digits"),
        (good.trim()[2..].to_owned(), "64 hexadecimal digits"),
        (good.trim().to_owned() + "00", "64 hexadecimal digits"),
        (" ".to_owned() + &good, "64 hexadecimal digits"),
        (good.replace(|c: char| c.is_ascii_digit(), "f"), "does not open"),
    ] {
        fs::write(&key, &text).expect("a file");
        let output = serve(data);
        assert!(output.status.code() == Some(1) && error(&output).contains(says), "{text:?}: {}", error(&output));
        assert!(!error(&output).contains(good.trim()), "it is not repeated");
    }
    fs::write(&key, good.trim().to_owned() + "\r\n").expect("a file");
    assert!(said(&on(data, &["agency", "list"])).contains("justice"), "an end of line does not matter");
}

fn assigned(house: &House, address: SocketAddr, unit: &str) -> Response {
    let key = format!("Bearer {}", house.token);
    let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
    let body = json!({"unit": unit}).to_string();
    send(address, &request("POST", "/v1/trials/open/assignments", &headers, body.as_bytes())).expect("an answer")
}

fn arm(house: &House, address: SocketAddr, unit: &str) -> String {
    let answer = assigned(house, address, unit);
    assert_eq!(answer.status, 200, "{}: {}", answer.text(), house.log());
    answer.json()["arm"].as_str().expect("an arm").to_owned()
}

fn arms(house: &House, address: SocketAddr) -> Vec<String> {
    (0..20).map(|n| arm(house, address, &format!("case-{n}-x"))).collect()
}

fn signal(server: &Server, name: &str) {
    let told = Command::new("kill").args([&format!("-{name}"), &server.pid().to_string()]).status().expect("kill runs");
    assert!(told.success());
}

/// Whether all threads of a process are stopped.
fn stands_still(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    // The state follows the name, which is in brackets and may have any other character.
    let is_stopped = |stat: &str| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'));
    threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("stat")).ok()).all(|stat| is_stopped(&stat))
}

fn pause(length: Duration) {
    let (_never, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(length);
}

fn house() -> (TestDatabase, House) {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("a database");
    let house = House::build(database.url(), Path::new(PROGRAM), 100);
    (database, house)
}

/// O10: a server that is stopped and let go on goes on; told to stop twice it ends well; ended by any other signal, it has kept what
/// it answered.
#[test]
fn signals_lose_nothing() {
    let (_database, house) = house();
    let server = house.start(0, "");
    let before = arms(&house, server.address);
    signal(&server, "STOP");
    // A thread that still ran would take the connection, and count the time that it stands still as the caller's.
    while !stands_still(server.pid()) {
        pause(Duration::from_millis(10));
    }
    let (address, token) = (server.address, house.token.clone());
    let asked = thread::spawn(move || {
        let key = format!("Bearer {token}");
        let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
        send(address, &request("POST", "/v1/trials/open/assignments", &headers, b"{\"unit\":\"case-0-x\"}"))
    });
    pause(Duration::from_secs(7));
    signal(&server, "CONT");
    let answer = asked.join().expect("a caller").expect("whoever waited is answered");
    assert_eq!(answer.json()["arm"], json!(before[0]));
    assert_eq!(arms(&house, server.address), before);
    signal(&server, "TERM");
    signal(&server, "TERM");
    assert!(server.ends_within(A_MINUTE).is_some_and(|status| status.success()), "{}", house.log());
    for _ in 0..5 {
        assert!(house.start(0, "").stop().success(), "told to stop before it has answered anybody, it ends");
    }
    for name in ["HUP", "USR1", "PIPE", "QUIT", "INT"] {
        let server = house.start(0, "");
        assert_eq!(arms(&house, server.address), before, "after {name}");
        signal(&server, name);
        if name == "PIPE" {
            assert_eq!(arms(&house, server.address), before, "a pipe that nobody reads is no reason to end");
            assert!(server.stop().success());
        } else {
            let ended = server.ends_within(A_MINUTE).expect("it ends");
            assert_eq!(ended.success(), ["QUIT", "INT"].contains(&name), "{name}: {ended}");
        }
    }
}

/// O6: a log that cannot be written is no reason not to answer.
#[test]
fn a_log_that_cannot_be_written_holds_nobody_up() {
    let (_database, house) = house();
    let mut before: Option<Vec<String>> = None;
    for sink in ["exec 2>/dev/full;", "exec 2>&-;"] {
        let server = house.start(0, sink);
        let now = arms(&house, server.address);
        assert_eq!(before.get_or_insert(now.clone()), &now, "{sink}");
        assert_eq!(
            send(server.address, &request("GET", "/register", &[], b"")).map(|page| page.status),
            Some(200),
            "{sink}"
        );
        assert!(server.stop().success(), "{sink}");
    }
    // Somebody reads the log and stops: the pipe is full, and whoever calls is answered all the same.
    let mut child =
        fairtrial(&["serve", "--listen", "127.0.0.1:0", "--log-level", "trace", "--database-url", &house.url])
            .arg("--data")
            .arg(house.data(1))
            .env("FAIRTRIAL_MASTER_KEY", "07".repeat(32))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("a pipe")));
    let address: SocketAddr = lines
        .find_map(|line| line.expect("text").strip_prefix("Fairtrial answers at http://").map(str::to_owned))
        .and_then(|address| address.parse().ok())
        .expect("the address is printed");
    for n in 0..1_500 {
        let page = send(address, &request("GET", "/nothing-at-all", &[], b""));
        assert_eq!(page.map(|page| page.status), Some(404), "call {n}");
    }
    assert_eq!(before, Some(arms(&house, address)));
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    let began = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        assert!(began.elapsed() < Duration::from_secs(20), "it ends although nobody reads its log");
        pause(Duration::from_millis(50));
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// O7: a second server and the command line beside a server on one file.
#[test]
fn a_second_process_on_the_same_file_tells_nobody_another_version() {
    let (_database, house) = house();
    let (one, other) = (house.start(0, ""), house.start(1, ""));
    let before = arms(&house, one.address);
    assert_eq!(arms(&house, other.address), before);
    let new: Vec<String> = thread::scope(|scope| {
        let ask = |address| {
            let house = &house;
            scope.spawn(move || (0..50).map(|n| arm(house, address, &format!("new-{n}-x"))).collect::<Vec<_>>())
        };
        let (first, second) = (ask(one.address), ask(other.address));
        let (first, second) = (first.join().expect("a caller"), second.join().expect("a caller"));
        assert_eq!(first, second);
        first
    });
    assert_eq!(new.len(), 50);
    let listed = fairtrial(&["agency", "list", "--database-url", &house.url])
        .arg("--data")
        .arg(house.data(0))
        .env("FAIRTRIAL_MASTER_KEY", "07".repeat(32))
        .output()
        .expect("the program runs");
    assert!(said(&listed).contains("justice"));
    // The port is one server's.
    let taken = fairtrial(&["serve", "--listen", &one.address.to_string(), "--database-url", &house.url])
        .arg("--data")
        .arg(house.data(2))
        .env("FAIRTRIAL_MASTER_KEY", "07".repeat(32))
        .output()
        .expect("the program runs");
    assert!(taken.status.code() == Some(1) && error(&taken).contains("cannot listen on"), "{}", error(&taken));
    assert!(one.stop().success() && other.stop().success());
}

/// O8, O9: few files, little memory, no time zones, another language.
#[test]
fn a_poor_machine_is_enough() {
    let (_database, house) = house();
    let server = house.start(0, "ulimit -n 64;");
    let before = arms(&house, server.address);
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..150 {
        // More than it may have open: they wait to be accepted.
        if let Ok(stream) = TcpStream::connect_timeout(&server.address, Duration::from_secs(1)) {
            held.push(stream);
        }
    }
    assert!(held.len() > 64, "{}", held.len());
    for stream in &mut held {
        drop(stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    }
    drop(held);
    assert_eq!(arms(&house, server.address), before, "it goes on");
    assert!(server.stop().success(), "{}", house.log());
    // Less memory than a telephone has. Where there is none for a thread or an answer, a server may end; it must not answer wrongly.
    let server = house.start(0, "ulimit -d 131072;");
    assert_eq!(arms(&house, server.address), before, "with 128 MiB of memory of its own");
    let asked: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..16).map(|_| scope.spawn(|| arms(&house, server.address))).collect();
        all.into_iter().map(|asked| asked.join().expect("a caller")).collect()
    });
    assert!(asked.iter().all(|arms| *arms == before));
    let big = vec![b'x'; 17 * 1_024 * 1_024];
    for _ in 0..8 {
        let key = format!("Bearer {}", house.token);
        let headers = [("Authorization", key.as_str()), ("Content-Type", "text/csv")];
        let refused = send(server.address, &request("POST", "/v1/trials/open/batches", &headers, &big));
        assert!(refused.is_none_or(|answer| [403, 413].contains(&answer.status)));
    }
    assert_eq!(arms(&house, server.address), before, "it goes on");
    assert!(server.stop().success(), "{}", house.log());
    for odd in ["export TZ=Mars/X LC_ALL=xx_YY LANG=xx;", "unset TZ LANG LC_ALL HOME USER; export TZDIR=/nowhere;"] {
        let server = house.start(0, odd);
        assert_eq!(arms(&house, server.address), before, "{odd}");
        assert!(server.stop().success(), "{odd}");
    }
}

/// O5: databases that keep texts in no encoding, or in one that lacks letters, are refused; a superuser is told of.
#[test]
fn a_postgres_database_or_role_that_is_not_for_this_is_named() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let name = database.url().rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a name").to_owned();
    let psql = |statement: &str| {
        let mut psql = Command::new("psql");
        let done = psql.args(["--no-psqlrc", "--quiet", "--command", statement, database.url()]).status();
        assert!(done.expect("psql runs").success(), "{statement}");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let on_url = |url: &str, arguments: &[&str]| {
        let mut command = fairtrial(arguments);
        command.args(["--database-url", url, "--data"]).arg(folder.path()).env("FAIRTRIAL_MASTER_KEY", "07".repeat(32));
        command.stdin(Stdio::null()).output().expect("the program runs")
    };
    for encoding in ["SQL_ASCII", "LATIN1"] {
        let other = format!("{name}_{}", encoding.to_ascii_lowercase());
        psql(&format!("CREATE DATABASE {other} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"));
        let url = database.url().replace(&name, &other);
        for arguments in [&["migrate"][..], &["serve", "--listen", "127.0.0.1:0"], &["agency", "list"]] {
            let output = on_url(&url, arguments);
            let told = error(&output);
            assert_eq!(output.status.code(), Some(1), "{encoding}: {arguments:?}: {told}");
            assert!(told.contains(&format!("keeps texts as {encoding}")) && told.trim().lines().count() == 1, "{told}");
        }
        let mut count = Command::new("psql");
        count.args(["--no-psqlrc", "--tuples-only", "--no-align", "--command"]);
        let count = count
            .args(["SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'", &url])
            .output()
            .expect("psql runs");
        assert_eq!(String::from_utf8_lossy(&count.stdout).trim(), "0", "{encoding}: no table was made in it");
        let doctor = on_url(&url, &["doctor"]);
        let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(!doctor.status.success() && told.contains(&format!("server_encoding is {encoding}")), "{told}");
        psql(&format!("DROP DATABASE {other}"));
    }
    // The role of the tests may do everything; one that may not is not told of.
    let house = House::build(database.url(), Path::new(PROGRAM), 100);
    let server = house.start(0, "");
    assert!(server.stop().success() && house.log().contains("postgres is a superuser"), "{}", house.log());
    let told = String::from_utf8_lossy(&on_url(database.url(), &["doctor"]).stdout).into_owned();
    assert!(told.contains("note  database   postgres is a superuser"), "{told}");
    let role = format!("{name}_role");
    psql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'as agreed'"));
    psql(&format!("GRANT ALL ON SCHEMA public TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"));
    let own = database.url().replace("postgres@", &format!("{role}:wrong@"));
    let told = String::from_utf8_lossy(&on_url(&own, &["doctor"]).stdout).into_owned();
    assert!(told.contains("well  database") && !told.contains("superuser"), "{told}");

    // Whoever is not let in for now waits as for a server that is away, and says why. The password stands nowhere.
    psql(&format!("ALTER ROLE {role} NOLOGIN"));
    let mut house = house;
    house.served_by = Some(own);
    let mut launched = house.launch(1, "");
    assert!(launched.waits().is_some(), "{}", house.log());
    assert!(launched.stop().success());
    let log = house.log();
    assert!(log.contains("is not permitted to log in") && !log.contains("wrong@"), "{log}");
    psql(&format!("DROP OWNED BY {role}"));
    psql(&format!("DROP ROLE {role}"));
}

/// O5: a PostgreSQL database that cannot be written, or whose commits do not wait for the disk.
#[test]
fn a_postgres_database_that_is_set_up_wrongly_is_named() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let psql = |statement: &str| {
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "--quiet", "--command", statement, database.url()]);
        let done = psql.env("PGOPTIONS", "-c default_transaction_read_only=off").status();
        assert!(done.expect("psql runs").success(), "{statement}");
    };
    let house = House::build(database.url(), Path::new(PROGRAM), 100);
    let name = database.url().rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a name").to_owned();
    let server = house.start(0, "");
    let before = arms(&house, server.address);
    assert!(server.stop().success());
    psql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let ended = house.launch(0, "").answers();
    assert!(ended.is_none(), "a server that could keep nothing does not start: {}", house.log());
    assert!(house.log().contains("read-only"), "{}", house.log());
    psql(&format!("ALTER DATABASE {name} RESET default_transaction_read_only"));
    // A commit that does not wait for the disk is asked to, by every connection of ours.
    psql(&format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let server = house.start(0, "");
    assert_eq!(arms(&house, server.address), before);
    assert!(server.stop().success());
    assert!(house.log().contains("synchronous_commit is off"), "{}", house.log());
    // A database that is not there does not come by waiting for it.
    let nowhere = database.url().replace(&name, "no_such_database");
    assert!(house.launch(0, &format!("export DATABASE_URL={nowhere};")).answers().is_none());
    assert!(house.log().contains("no_such_database"), "{}", house.log());
}
