//! The tables as diesel sees them. Times are microseconds since 1970.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! { agencies (id) {
    id -> BigInt, key -> Text, name -> Text, sealed_pseudonym_key -> Binary, created_at -> BigInt,
} }

table! { people (id) {
    id -> BigInt, agency_id -> BigInt, email -> Text, name -> Text, roles -> Text, password_hash -> Text, disabled -> Bool,
    failed_sign_ins -> Integer, locked_until -> Nullable<BigInt>, created_at -> BigInt,
} }

table! { sessions (token_hash) {
    token_hash -> Binary, person_id -> BigInt, csrf_token -> Text, created_at -> BigInt, last_seen_at -> BigInt,
    expires_at -> BigInt,
} }

table! { api_keys (id) {
    id -> BigInt, public_id -> Text, agency_id -> BigInt, person_id -> Nullable<BigInt>, name -> Text, environment -> Text,
    scopes -> Text, secret_hash -> Binary, created_at -> BigInt, last_used_at -> Nullable<BigInt>,
    revoked_at -> Nullable<BigInt>,
} }

table! { trials (id) {
    id -> BigInt, key -> Text, agency_id -> BigInt, state -> Text, protocol_id -> Text, reverted -> Bool,
    algo_version -> Integer, sealed_secret -> Nullable<Binary>, secret_commitment -> Nullable<Text>, created_at -> BigInt,
    started_at -> Nullable<BigInt>, ended_at -> Nullable<BigInt>, locked_at -> Nullable<BigInt>, locked_sequence -> Nullable<BigInt>,
    state_reason -> Nullable<Text>, halted -> Bool, started_sequence -> Nullable<BigInt>,
} }

table! { looks (trial_id, look) {
    trial_id -> BigInt, look -> BigInt, protocol_id -> Text, due_at -> BigInt, held_at -> BigInt, assignments_cut -> BigInt,
    notes_cut -> BigInt, data_cut -> BigInt, decision -> Text, arm -> Nullable<Text>, evidence -> Text, engine -> Text,
} }

table! { harm_crossings (trial_id, outcome, arm) {
    trial_id -> BigInt, outcome -> Text, arm -> Text, crossed_at -> BigInt, data_cut -> BigInt, counts -> Text,
} }

table! { red_checks (trial_id, gate) { trial_id -> BigInt, gate -> Text, since -> BigInt, } }

table! { alerts (sequence) {
    sequence -> BigInt, id -> Text, agency_id -> BigInt, matter -> Text, subject -> Text, at -> BigInt,
} }

table! { receivers (id) {
    id -> Text, agency_id -> BigInt, name -> Text, address -> Text, kinds -> Text, sealed_secret -> Binary, person_id -> BigInt,
    created_at -> BigInt, closed_at -> Nullable<BigInt>, failing_since -> Nullable<BigInt>, taken_at -> Nullable<BigInt>,
} }

table! { sendings (receiver_id, sequence) {
    receiver_id -> Text, sequence -> BigInt, state -> Text, tries -> BigInt, next_at -> BigInt, held_until -> BigInt,
    tried_at -> Nullable<BigInt>, answer -> Nullable<Text>,
} }

table! { reminders (trial_id, matter, since) { trial_id -> BigInt, matter -> Text, since -> BigInt, } }

table! { protocols (trial_id, protocol_id, author_id) {
    trial_id -> BigInt, protocol_id -> Text, canonical -> Text, author_id -> BigInt, created_at -> BigInt,
} }

table! { signatures (id) {
    id -> BigInt, trial_id -> BigInt, person_id -> BigInt, role -> Text, protocol_id -> Text, note -> Text, signed_at -> BigInt,
    kind -> Text,
} }

table! { agreements (trial_id, verb, person_id) {
    trial_id -> BigInt, verb -> Text, person_id -> BigInt, about -> Text, reason -> Text, asked_at -> BigInt,
    owner -> Nullable<Text>, due_on -> Nullable<Text>,
} }

table! { amendments (trial_id, version) {
    trial_id -> BigInt, version -> BigInt, protocol_id -> Text, replaces -> Text, class -> Text, data_seen -> Text, views -> BigInt, reason -> Text,
    person_id -> BigInt, proposed_at -> BigInt,
} }

table! { amendment_ends (trial_id, version) {
    trial_id -> BigInt, version -> BigInt, outcome -> Text, person_id -> BigInt, reason -> Text, ended_at -> BigInt,
} }

table! { decisions (trial_id) {
    trial_id -> BigInt, decision -> Text, verdict -> Text, by_the_rule -> Bool, reason -> Text, person_id -> BigInt,
    second_person_id -> Nullable<BigInt>, decided_at -> BigInt, owner -> Nullable<Text>, due_on -> Nullable<Text>,
} }

table! { adoptions (trial_id, step) {
    trial_id -> BigInt, step -> BigInt, status -> Text, reason -> Text, person_id -> BigInt, reported_at -> BigInt,
} }

table! { unmaskings (trial_id, person_id) { trial_id -> BigInt, person_id -> BigInt, unmasked_at -> BigInt, } }

table! { origins (trial_id) { trial_id -> BigInt, from_trial_id -> BigInt, protocol_id -> Text, } }

table! { comments (trial_id, number) {
    trial_id -> BigInt, number -> BigInt, protocol_id -> Text, place -> Text, remark -> Text, person_id -> BigInt,
    made_at -> BigInt, question -> Nullable<Text>,
} }

table! { comment_answers (trial_id, number, step) {
    trial_id -> BigInt, number -> BigInt, step -> BigInt, resolves -> Bool, remark -> Text, person_id -> BigInt, made_at -> BigInt,
} }

table! { frozen_reports (trial_id) {
    trial_id -> BigInt, protocol_id -> Text, data_cut -> BigInt, engine -> Text, not_enrolled -> Text, report -> Text,
    digest -> Text, frozen_at -> BigInt, declared -> Text,
} }

table! { deletions (trial_id) {
    trial_id -> BigInt, due_at -> BigInt, begun_at -> BigInt, people -> BigInt, event_place -> BigInt, assignments -> BigInt, notes -> BigInt,
    events -> BigInt, lists -> BigInt, finished_at -> Nullable<BigInt>,
} }

table! { publications (trial_id) { trial_id -> BigInt, person_id -> BigInt, published_at -> BigInt, } }

table! { agency_rules (agency_id) { agency_id -> BigInt, least_tier -> Integer, } }

table! { enrolments (trial_id, stratum) {
    trial_id -> BigInt, stratum -> Text, enrolled -> BigInt, block -> BigInt, taken -> BigInt, margins -> Nullable<Text>,
} }

table! { touches (trial_id, outcome) { trial_id -> BigInt, outcome -> Text, requests -> BigInt, } }

table! { assignments (bucket, trial_id, unit) {
    sequence -> BigInt, bucket -> SmallInt, trial_id -> BigInt, unit -> Binary, arm -> SmallInt, stratum -> Text,
    attributes -> Nullable<Text>, assigned_at -> BigInt, event_place -> BigInt,
} }

table! { batches (trial_id, id) {
    trial_id -> BigInt, id -> Text, protocol_id -> Text, uploaded_by -> Nullable<BigInt>, uploaded_key -> Nullable<BigInt>,
    uploaded_at -> BigInt, accepted -> BigInt, refused -> Text, balance -> Text, units -> Text,
    committed_by -> Nullable<BigInt>, committed_at -> Nullable<BigInt>, file -> Nullable<Text>, checksum -> Nullable<Text>,
} }

table! { outcome_files (id) {
    id -> BigInt, trial_id -> BigInt, person_id -> BigInt, taken_at -> BigInt, digest -> Text, read_as -> Text,
    new_rows -> BigInt, known_rows -> BigInt, other_rows -> BigInt, refused_rows -> BigInt,
} }

table! { outcome_file_ends (file_id) {
    file_id -> BigInt, person_id -> BigInt, taken_back_at -> BigInt, events -> BigInt, corrected -> BigInt,
} }

joinable!(outcome_file_ends -> outcome_files (file_id));

table! { event_kinds (id) { id -> BigInt, agency_id -> BigInt, name -> Text, } }

table! { events (bucket, agency_id, event_id) {
    sequence -> BigInt, bucket -> SmallInt, agency_id -> BigInt, event_id -> Text, unit -> Binary, kind_id -> BigInt,
    value -> Nullable<BigInt>, occurred_at -> BigInt, received_at -> BigInt, fingerprint -> Binary, key_id -> BigInt,
    source -> Nullable<Text>, attributes -> Nullable<Text>,
} }

table! { event_conflicts (bucket, agency_id, event_id, fingerprint) {
    bucket -> SmallInt, agency_id -> BigInt, event_id -> Text, fingerprint -> Binary, key_id -> BigInt, received_at -> BigInt,
} }

table! { receipts (key_id, day) {
    key_id -> BigInt, day -> BigInt, accepted -> BigInt, duplicate -> BigInt, conflict -> BigInt, rejected -> BigInt,
    digest_1 -> BigInt, digest_2 -> BigInt, digest_3 -> BigInt, digest_4 -> BigInt,
} }

table! { link_receipts (key_id, link_id, day) {
    key_id -> BigInt, link_id -> Text, day -> BigInt, accepted -> BigInt, digest_1 -> Nullable<BigInt>,
    digest_2 -> Nullable<BigInt>, digest_3 -> Nullable<BigInt>, digest_4 -> Nullable<BigInt>,
} }

table! { declarations (key_id, trial_id, link_id, first_day, last_day) {
    key_id -> BigInt, trial_id -> BigInt, link_id -> Text, first_day -> BigInt, last_day -> BigInt, sent -> BigInt,
    digest -> Nullable<Text>, declared_at -> BigInt,
} }

table! { replies (key_id, name) {
    key_id -> BigInt, name -> Text, fingerprint -> Binary, status -> BigInt, body -> Text, at -> BigInt,
} }

table! { audit (sequence) {
    sequence -> BigInt, at -> BigInt, agency_id -> Nullable<BigInt>, person_id -> Nullable<BigInt>, key_id -> Nullable<BigInt>,
    action -> Text, subject -> Text, detail -> Text, previous_hash -> Binary, hash -> Binary,
} }

table! { layers (trial_id) { trial_id -> BigInt, agency_id -> BigInt, layer -> Text, } }

table! { burden_caps (agency_id) { agency_id -> BigInt, trials -> BigInt, days -> BigInt, } }

table! { opt_outs (bucket, agency_id, unit, kind, trial_id) {
    bucket -> SmallInt, agency_id -> BigInt, unit -> Binary, kind -> Text, trial_id -> BigInt, reference -> Text, since -> BigInt,
    ended -> Nullable<BigInt>,
} }

table! { notes (agency_id, event_id, trial_id, bucket) {
    sequence -> BigInt, bucket -> SmallInt, agency_id -> BigInt, event_id -> Text, trial_id -> BigInt, unit -> Binary,
    kind -> Text, code -> Text, arm -> Nullable<SmallInt>, severity -> Nullable<SmallInt>, remark -> Nullable<Text>,
    late -> Bool, at -> BigInt, received_at -> BigInt, fingerprint -> Binary, key_id -> Nullable<BigInt>,
    person_id -> Nullable<BigInt>, other -> Nullable<Binary>, event_place -> Nullable<BigInt>,
} }

table! { identities (bucket, agency_id, unit) { bucket -> SmallInt, agency_id -> BigInt, unit -> Binary, person -> Binary, } }

table! { links (id) {
    id -> Text, trial_id -> BigInt, partner_id -> BigInt, events -> Text, authority -> Text, reference -> Text, expires_at -> BigInt,
    person_id -> BigInt, proposed_at -> BigInt,
} }

table! { link_steps (link_id, step) { link_id -> Text, step -> Text, person_id -> BigInt, at -> BigInt, } }

table! { messages (trial_id, number) {
    trial_id -> BigInt, number -> BigInt, reference -> Text, kind -> Text, words -> Text, sent_at -> BigInt,
} }

table! { message_answers (trial_id, number) {
    trial_id -> BigInt, number -> BigInt, words -> Text, person_id -> BigInt, answered_at -> BigInt,
} }

table! { message_removals (trial_id, number) { trial_id -> BigInt, number -> BigInt, removed_at -> BigInt, } }

table! { corrections (sequence) {
    sequence -> BigInt, bucket -> SmallInt, agency_id -> BigInt, replaces -> Text, root -> BigInt, retracts -> Bool,
    before_retracted -> Bool, before_value -> Nullable<BigInt>, before_occurred_at -> BigInt,
} }

table! { waiting_corrections (agency_id, event_id, bucket) {
    bucket -> SmallInt, agency_id -> BigInt, event_id -> Text, replaces -> Text, fingerprint -> Binary, received_at -> BigInt,
    body -> Binary,
} }

table! { logs (name) { name -> Text, next_sequence -> BigInt, waiting -> BigInt, } }

table! { directory_version (id) { id -> BigInt, version -> BigInt, } }

allow_tables_to_appear_in_same_query!(
    agencies,
    people,
    sessions,
    api_keys,
    trials,
    protocols,
    signatures,
    amendments,
    amendment_ends
);

allow_tables_to_appear_in_same_query!(messages, message_answers);

allow_tables_to_appear_in_same_query!(outcome_files, outcome_file_ends);

allow_tables_to_appear_in_same_query!(alerts, receivers, sendings);
