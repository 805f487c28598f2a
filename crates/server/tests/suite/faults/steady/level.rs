//! Whether a server that is asked the same all day long stays as it is: what its minutes say.

use super::{
    super::load::Kind,
    minutes::{KINDS, Minute},
};

const MB: f64 = 1e6;

/// Resident memory may grow by so many megabytes an hour. After the first eighth hardly anybody new comes, so that what people take by
/// design is no part of it, and nothing is subtracted.
const MEMORY: f64 = 1.0;

/// Descriptors or threads there may be more at the end: a connection to the database's file comes with two of them, and one that had
/// to be opened for once may be there for half an hour. A leak of one an hour is three times as many in a night.
const MORE: u64 = 2;

/// As large the log beside the database's file may become: twice what it is cut to.
const LOG: u64 = 128 << 20;

/// By so much of themselves, and by so many milliseconds besides, 99 in 100 answers may become slower: the machine does other work, too.
const SLOWER: f64 = 0.2;
const MILLISECONDS: f64 = 5.0;

/// As far behind the tallies may be: an operator is told to call somebody from here on.
const BEHIND: f64 = 10.0;

/// Seconds after the first eighth below which memory, descriptors, threads and times tell nothing: caches and pools still fill.
const LONG_ENOUGH: f64 = 1_800.0;

/// What was looked at, and how it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    Level(String),
    Wrong(String),
    /// It was measured, and the run was too short for it to mean anything.
    TooShort(String),
}

impl Finding {
    fn of(is_level: bool, words: String) -> Self {
        if is_level { Self::Level(words) } else { Self::Wrong(words) }
    }

    fn when(can_be_told: bool, is_level: bool, words: String) -> Self {
        if can_be_told { Self::of(is_level, words) } else { Self::TooShort(words) }
    }
}

/// Whether anything is wrong.
pub(crate) fn is_level(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| matches!(finding, Finding::Wrong(_)))
}

/// All findings about the minutes of a run.
pub(crate) fn findings(minutes: &[Minute]) -> Vec<Finding> {
    let Some(end) = minutes.last().map(|minute| minute.at) else {
        return vec![Finding::Wrong("nothing was measured".into())];
    };
    let within = |from: f64, to: f64| -> Vec<&Minute> {
        minutes.iter().filter(|minute| minute.at > from * end && minute.at <= to * end).collect()
    };
    let (after, second, last) = (within(0.125, 1.0), within(0.25, 0.5), within(0.75, 1.0));
    if second.len() < 3 || last.len() < 3 {
        return vec![Finding::Wrong(format!("{} minutes are too few", minutes.len()))];
    }
    let is_long = end * 0.875 >= LONG_ENOUGH;
    let mut findings = vec![memory(&after, is_long)];
    let floor = |what, count: fn(&Minute) -> u64| floor(what, (&second, &last), count, is_long);
    findings.push(floor("open descriptors", |minute| minute.process.descriptors));
    findings.push(floor("threads", |minute| minute.process.threads));
    findings.push(log(&after));
    findings.push(behind(minutes));
    let loads = format!(
        "load average of the machine {:.1} and {:.1}",
        median(&second, |m| Some(m.load)),
        median(&last, |m| Some(m.load))
    );
    for (kind, name) in KINDS {
        // Of few answers a minute the hundredth is chance.
        let p99 = |minute: &Minute| minute.took.get(&kind).filter(|took| took.answers >= 20).map(|took| took.p99);
        let (before, now) = (median(&second, p99), median(&last, p99));
        if before.is_nan() || now.is_nan() {
            continue;
        }
        let is_level = now <= before * (1.0 + SLOWER) + MILLISECONDS;
        let words = format!(
            "{name}: 99 in 100 answers within {before:.1} ms in the usual minute of the second quarter and {now:.1} ms of the last \
             (allowed {:.0} % and {MILLISECONDS:.0} ms more; {loads})",
            SLOWER * 100.0
        );
        findings.push(Finding::when(is_long, is_level, words));
    }
    findings
}

fn memory(after: &[&Minute], is_long: bool) -> Finding {
    let hours: Vec<f64> = after.iter().map(|minute| minute.at / 3_600.0).collect();
    let slope_of = |size: &dyn Fn(&Minute) -> u64| {
        slope(&hours, &after.iter().map(|minute| size(minute) as f64 / MB).collect::<Vec<_>>())
    };
    let (resident, error) = slope_of(&|minute| minute.process.resident);
    let (anonymous, _) = slope_of(&|minute| minute.process.anonymous);
    let size = |minute: Option<&&Minute>| minute.map_or(0.0, |minute| minute.process.resident as f64 / MB);
    let people = |minute: Option<&&Minute>| minute.map_or(0, |minute| minute.known);
    let words = format!(
        "resident memory: {resident:+.2} MB an hour after the first eighth (standard error {error:.2}; what is of no file {anonymous:+.2}), \
         from {:.1} to {:.1} MB, with {} people at first and {} in the end (allowed {MEMORY:.1} MB an hour)",
        size(after.first()),
        size(after.last()),
        people(after.first()),
        people(after.last()),
    );
    Finding::when(is_long, resident <= MEMORY, words)
}

/// What is there at the very least: what comes and goes says nothing, what stays raises it.
fn floor(
    what: &str,
    (second, last): (&[&Minute], &[&Minute]),
    count: impl Fn(&Minute) -> u64,
    is_long: bool,
) -> Finding {
    let least = |minutes: &[&Minute]| minutes.iter().map(|minute| count(minute)).min().unwrap_or(0);
    let (before, now) = (least(second), least(last));
    let words = format!("{what}: at least {before} in the second quarter and {now} in the last (allowed {MORE} more)");
    Finding::when(is_long, now <= before + MORE, words)
}

fn log(after: &[&Minute]) -> Finding {
    let most = after.iter().map(|minute| minute.log).max().unwrap_or(0);
    let words = format!("log beside the file: at most {:.1} MB (allowed {:.1} MB)", most as f64 / MB, LOG as f64 / MB);
    Finding::of(most <= LOG, words)
}

fn behind(minutes: &[Minute]) -> Finding {
    let most = minutes.iter().map(|minute| minute.behind).fold(0.0, f64::max);
    let words = format!("tallies: seen at most {most:.2} s behind (allowed {BEHIND:.0} s)");
    Finding::of(most <= BEHIND, words)
}

/// Whether as much was asked as should be: places and events a second, so many events in a batch.
pub(crate) fn pace(minutes: &[Minute], (places, events): (f64, f64), batch: usize) -> Finding {
    let seconds = minutes.last().map_or(f64::NAN, |minute| minute.at);
    let answers = |kind: Kind| -> f64 {
        minutes.iter().filter_map(|minute| minute.took.get(&kind)).map(|took| took.answers as f64).sum::<f64>()
    };
    let is_places = (answers(Kind::Known) + answers(Kind::New)) / seconds;
    let is_events = (answers(Kind::Event) + answers(Kind::Events) * batch as f64) / seconds;
    let refused: u64 = minutes.iter().map(|minute| minute.refused + minute.broken_off).sum();
    let words = format!(
        "pace: {is_places:.0} calls for a place and {is_events:.0} events a second were answered, {refused} calls refused or broken off \
         (wanted {places:.0} and {events:.0}, none refused)"
    );
    Finding::of(is_places >= 0.95 * places && is_events >= 0.95 * events && refused == 0, words)
}

/// Whether the stream of an app stayed open.
pub(crate) fn stream(losses: u32) -> Finding {
    Finding::of(losses == 0, format!("stream of changes: lost {losses} times (allowed none)"))
}

/// Whether all copies were made, by the seconds that each took.
pub(crate) fn copies(times: &[f64], wanted: usize) -> Finding {
    let longest = times.iter().copied().fold(0.0, f64::max);
    Finding::of(times.len() == wanted, format!("copies: {} of {wanted}, the longest in {longest:.1} s", times.len()))
}

/// The median of what there is; not a number when there is nothing.
fn median(minutes: &[&Minute], value: impl Fn(&Minute) -> Option<f64>) -> f64 {
    let mut values: Vec<f64> = minutes.iter().filter_map(|minute| value(minute)).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Slope of the line of least squares, and its standard error as if the distances from it were chance.
fn slope(x: &[f64], y: &[f64]) -> (f64, f64) {
    let many = x.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / many;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let spread: f64 = x.iter().map(|x| (x - mean_x).powi(2)).sum();
    let slope = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / spread;
    let left: f64 = x.iter().zip(y).map(|(x, y)| (y - mean_y - slope * (x - mean_x)).powi(2)).sum();
    (slope, (left / (many - 2.0) / spread).sqrt())
}
