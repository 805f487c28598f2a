//! Notes: each once, in one order.

use fairtrial_domain::note::NoteKind;
use fairtrial_store::notes::{self, NewNote, Noted};
use fairtrial_testkit::on_both_databases;

use super::installation::{Installation, NOW, note, request};

on_both_databases! {
    fn a_note_is_kept_once_and_another_of_its_name_is_a_conflict(database) {
        let installation = Installation::new(database);
        let (trial, other) = (installation.simple("a", 100).trial_id, installation.simple("b", 100).trial_id);
        let first = note(installation.agency, trial, "d-1", 1);
        let add = |note: &NewNote| {
            let note = note.clone();
            installation.write(move |c| notes::add(c, &note)).unwrap()
        };
        assert_eq!(add(&first), Noted::New);
        // What the server adds by itself makes no other note of it.
        assert_eq!(add(&NewNote { received_at: NOW + 9, key_id: Some(7), late: true, ..first.clone() }), Noted::Duplicate);
        for changed in [
            NewNote { code: "seen".into(), ..first.clone() },
            NewNote { at: NOW + 1, ..first.clone() },
            NewNote { trial_id: other, ..first.clone() },
            NewNote { kind: NoteKind::Harm, severity: Some(2), ..first.clone() },
            note(installation.agency, trial, "d-1", 2),
        ] {
            assert_eq!(add(&changed), Noted::Conflict, "{changed:?}");
        }
        assert_eq!(add(&note(installation.agency, trial, "d-2", 1)), Noted::New);
        let rows = installation.store.read_blocking(|c| notes::after(c, 0, 10)).unwrap();
        assert_eq!(rows.iter().map(|row| row.sequence).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(installation.store.read_blocking(|c| notes::after(c, 1, 10)).unwrap(), rows[1..]);
    }

    fn grave_harms_are_counted_by_arm(database) {
        let installation = Installation::new(database);
        let drawing = installation.simple("a", 100);
        installation.assign(request(&drawing, 1));
        for (n, (severity, arm)) in [(3, Some(0)), (3, Some(1)), (3, Some(1)), (2, Some(1)), (3, None)].into_iter().enumerate() {
            let harm = NewNote {
                kind: NoteKind::Harm,
                severity: Some(severity),
                arm,
                ..note(installation.agency, drawing.trial_id, &format!("h-{n}"), 1)
            };
            installation.write(move |c| notes::add(c, &harm)).unwrap();
        }
        let trial = drawing.trial_id;
        assert_eq!(installation.store.read_blocking(move |c| notes::grave_harms(c, trial, 2)).unwrap(), [1, 2]);
        assert_eq!(installation.store.read_blocking(move |c| notes::grave_harms(c, trial + 1, 2)).unwrap(), [0, 0]);
    }
}
