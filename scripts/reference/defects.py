"""Builds servers that are wrong on purpose, one defect each, and lets the stories of faults judge them.

    defects.py check                 every defect still fits the source
    defects.py run SOAK [NAME...]    builds them in target/defects, one after the other, and runs each one's story

SOAK is the example `soak` of the sound source, whose judge is not blind if it finds every one of them. Ends with 1 when one is
not found. Stories that need root, or leave to mount, are left out aloud where there is none.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
STORE = "crates/store/src/"


# What a caller says to whom a promise was broken: what it sent again is taken as new, what it corrects is not there, or somebody moved.
NOTICED = ("what was kept is not known any more", "no event was kept under the id that this names", "a person flipped")


class Defect:
    """What is wrong, which promise it breaks, what is put in the place of what, and the story that must find it."""

    def __init__(self, name, breaks, story, changes):
        self.name, self.breaks, self.story, self.changes = name, breaks, story, changes

    def put_in(self, folder):
        """Changes the source in a folder; each old text must be there once."""
        for file, old, new in self.changes:
            path = folder / file
            text = path.read_text(encoding="utf-8")
            if text.count(old) != 1:
                sys.exit(f"{self.name}: {file} has {text.count(old)} times what is to be changed; write the defect anew")
            path.write_text(text.replace(old, new), encoding="utf-8")


DEFECTS = [
    Defect("answers-before-it-commits", "D1", ("sqlite", "killed", 6), [
        (STORE + "writer/worker.rs", "        let mut outcome = self.attempt(&assigns, &records);\n", """
        if let Ok(connection) = self.open() {
            let done = connection.group_transaction(|connection| {
                let assigned = assign::assign_all(connection, &assigns)?;
                let recorded = record::record_all(connection, &mut KindNumbers::default(), &records)?;
                tell_each(callers, assigned.into_iter().map(Ok));
                record_answers.into_iter().zip(recorded).for_each(|(answer, result)| drop(answer.send(Ok(result))));
                thread::sleep(Duration::from_millis(50));
                Ok(())
            });
            if done.is_ok() {
                self.tell_commit();
            }
            return;
        }
        let mut outcome = self.attempt(&assigns, &records);
"""),
    ]),
    Defect("does-not-sync", "D2", ("power-cut", "power-cut", 8), [
        (STORE + "connection.rs", "PRAGMA synchronous = FULL;", "PRAGMA synchronous = NORMAL;"),
    ]),
    Defect("does-not-wait-for-postgresql", "D3", ("postgres", "store-killed", 10), [
        (STORE + "connection.rs", "SET synchronous_commit = on;", "SET synchronous_commit = off;"),
    ]),
    Defect("swallows-faults-of-the-disk", "D5", ("sqlite", "failing-disk", 1), [
        (STORE + "writer/worker.rs", """                for (request, answer) in records.iter().zip(record_answers) {
""", """                for (request, answer) in records.iter().zip(record_answers) {
                    let taken = vec![super::record::Recorded::New(1); request.events.len()];
                    drop(answer.send(Ok(RecordAnswer(taken))));
                    continue;
                    #[allow(unreachable_code)]
"""),
        (STORE + "writer/worker.rs", "        if let StoreError::Broken(why) = error {\n",
         "        if let StoreError::Broken(why) = error\n            && why.is_empty()\n        {\n"),
    ]),
    Defect("takes-repeats-for-new", "D7", ("sqlite", "killed", 2), [
        (STORE + "writer/record.rs", "        event_id: event.event_id.as_str().to_owned(),\n        unit:",
         "        event_id: format!(\"{}.{}\", event.event_id.as_str(), request.received_at),\n        unit:"),
    ]),
    Defect("moves-people", "A1", ("sqlite", "killed", 2), [
        ("crates/app/src/frontline/placement.rs", "        let arm = usize::from(place.arm);\n",
         "        let arm = usize::from(place.arm) ^ (self.ambient.now_micros() / 3_000_000 & 1) as usize;\n"),
    ]),
    Defect("loses-one-in-a-thousand", "D17", ("sqlite", "killed", 2), [
        (STORE + "writer/record.rs", "    let inserted = insert_events(connection, rows)?;\n", """
        let lost = |row: &EventRow| row.sequence % 1000 == 0;
        let kept: Vec<EventRow> = rows.iter().filter(|row| !lost(row)).cloned().collect();
        let mut new = insert_events(connection, &kept)?.into_iter();
        let inserted: Vec<bool> = rows.iter().map(|row| lost(row) || new.next().unwrap_or(true)).collect();
"""),
    ]),
    Defect("folds-twice", "tallies", ("sqlite", "killed", 2), [
        ("crates/app/src/state/projections.rs", "        marks.events = last.sequence;\n        Ok(())\n",
         "        marks.events = last.sequence - 1;\n        Ok(())\n"),
    ]),
    Defect("forgets-what-waits", "L3", ("postgres", "cut-off-and-killed", 5), [
        (STORE + "spool/mod.rs", "        let waiting = segments(folder).map_err(failed)?;\n", """
        for (_, path) in segments(folder).map_err(failed)? {
            fs::remove_file(path).map_err(failed)?;
        }
        let waiting = segments(folder).map_err(failed)?;
"""),
    ]),
    Defect("draws-beside-another-server", "cap and blocks", ("postgres", "killed", 4, 2), [
        (STORE + "writer/assign.rs", "WHERE trial_id = $1 AND stratum = '*' FOR UPDATE", "WHERE trial_id = $1 AND stratum = '*'"),
        # Between reading and writing, long enough for the other server to do the same.
        (STORE + "writer/assign.rs", "        let (enrolled, margins) = row.unwrap_or_default();\n", """
        std::thread::sleep(std::time::Duration::from_millis(20));
        let (enrolled, margins) = row.unwrap_or_default();
"""),
    ]),
]


def output_of(*command, **more):
    return subprocess.run(command, cwd=TOP, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)


def run_story(soak, program, story, folder):
    """The judge's word on a program: status and what it said; none where the story cannot be run here."""
    where, name, *sizes = story
    sizes = [str(size) for size in sizes]
    if where == "sqlite":
        return output_of(soak, program, name, sizes[0], f"sqlite:{folder}/fairtrial.db", *sizes[1:])
    if where == "postgres":
        inner = ('url=${FAIRTRIAL_TEST_POSTGRES%/postgres}/soak; psql --no-psqlrc --quiet --command "CREATE DATABASE soak" '
                 '"$FAIRTRIAL_TEST_POSTGRES"; "$0" "$1" "$2" "$3" "$url" "${4:-1}"')
        return output_of("scripts/postgres", "--durable", "bash", "-euc", inner, soak, program, name, *sizes)
    if os.geteuid() != 0:
        return None
    image, mount = folder / "image", folder / "disk"
    mount.mkdir()
    with open(image, "wb") as file:
        file.truncate(512 << 20)
    if output_of("mkfs.ext4", "-q", str(image)).returncode or output_of("mount", "-o", "loop", str(image), str(mount)).returncode:
        return None
    try:
        return output_of(soak, program, name, sizes[0], f"sqlite:{mount}/fairtrial.db", str(image), str(mount))
    finally:
        if output_of("umount", str(mount)).returncode:
            output_of("umount", "--lazy", str(mount))


def check():
    for defect in DEFECTS:
        with tempfile.TemporaryDirectory() as folder:
            for file, _, _ in defect.changes:
                place = pathlib.Path(folder) / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(TOP / file, place)
            defect.put_in(pathlib.Path(folder))
    print(f"{len(DEFECTS)} defects fit the source")


def copy_source(folder):
    """The source as it stands. What is there already and the same keeps its time, what is not gets a new one: by that it is built."""
    listed = subprocess.run(("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), cwd=TOP, text=True,
                            stdout=subprocess.PIPE, check=True).stdout.split("\0")
    built = [str(path.relative_to(TOP)) for path in (TOP / "web/dist").rglob("*") if path.is_file()]
    names = {name for name in listed if (TOP / name).is_file()} | set(built)
    for path in [path for path in folder.rglob("*") if path.is_file() and str(path.relative_to(folder)) not in names]:
        path.unlink()
    for name in names:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_bytes() != (TOP / name).read_bytes():
            shutil.copy(TOP / name, place)


def verdict(story):
    """Whether the judge found broken promises, and what it said: its counts and what is broken, or why the story went wrong."""
    lines = [line.strip() for line in story.stdout.splitlines() if line.strip()]
    counts = [number for number, line in enumerate(lines) if "broken promises" in line]
    if counts:
        return story.returncode != 0, " / ".join([lines[counts[-1]].rsplit("; ", 1)[-1], *lines[counts[-1] + 1:]])
    # A caller that finds gone what it was promised does not wait for the judge.
    for line in lines:
        if any(word in line for word in NOTICED):
            return True, line
    wrong = [number for number, line in enumerate(lines) if "panicked at" in line]
    return False, " / ".join(lines[wrong[0]:wrong[0] + 3] if wrong else lines[-3:])


def run(soak, names):
    home = TOP / "target/defects"
    source = home / "source"
    unseen = []
    for defect in DEFECTS:
        if names and defect.name not in names:
            continue
        copy_source(source)
        defect.put_in(source)
        build = ("cargo", "build", "--package", "fairtrial-server", "--bin", "fairtrial", "--locked", "--quiet",
                 "--manifest-path", str(source / "Cargo.toml"), "--target-dir", str(home / "built"))
        built = output_of(*build)
        if built.returncode:
            sys.exit(f"{defect.name} does not build:\n{built.stdout}")
        with tempfile.TemporaryDirectory(prefix="fairtrial-defect.") as folder:
            story = run_story(soak, str(home / "built/debug/fairtrial"), defect.story, pathlib.Path(folder))
        if story is None:
            print(f"{defect.name} ({defect.breaks}): left out, as it needs root and leave to mount images", flush=True)
            continue
        found, said = verdict(story)
        print(f"{defect.name} ({defect.breaks}): {'found' if found else 'NOT FOUND'}: {said}", flush=True)
        if not found:
            unseen.append(defect.name)
    if unseen:
        sys.exit(f"not found: {', '.join(unseen)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        check()
    elif len(sys.argv) > 2 and sys.argv[1] == "run":
        run(str(pathlib.Path(sys.argv[2]).resolve()), sys.argv[3:])
    else:
        sys.exit(__doc__)
