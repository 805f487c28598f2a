//! Sending alerts to receivers, beside everything else: each exchange has a thread of its own, and nothing that answers people or
//! frontline apps waits for one.
//!
//! **Architecture invariant:** a receiver has one exchange at a time on each server, and there is a most for all together. Each is over
//! within seconds whatever the other side does, so one that is slow holds up no other for longer.

mod exchange;
mod network;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use fairtrial_app::{
    App, AppError,
    alerts::{Outgoing, Tried},
};
use tokio::{sync::oneshot, task::JoinSet};

pub use exchange::{Authorities, Exchange, LookUp, SystemLookUp};
pub use network::{Network, Networks};

/// Exchanges at once, with all receivers together.
const AT_ONCE: usize = 8;

/// How often it is asked what is to be sent.
const ASK: Duration = Duration::from_millis(500);

/// How long to wait after the database did not answer.
const WAIT: Duration = Duration::from_secs(5);

/// Sends what is to be sent.
pub struct Sender {
    app: Arc<App>,
    exchange: Arc<Exchange>,
    site: String,
    busy: BTreeSet<String>,
    turns: Turns,
    under_way: JoinSet<(String, Result<(), AppError>)>,
}

impl Sender {
    /// A sender; `site` is the address under which people find our pages.
    #[must_use]
    pub fn new(app: Arc<App>, exchange: Exchange, site: String) -> Self {
        Self {
            app,
            exchange: Arc::new(exchange),
            site,
            busy: BTreeSet::new(),
            turns: Turns::default(),
            under_way: JoinSet::new(),
        }
    }

    /// Sends until told to stop; then what is under way comes to its end, which takes seconds. What is cut off before that goes out
    /// again later, from here or from another server.
    pub async fn run(mut self, stopping: impl Fn() -> bool) {
        while !stopping() {
            let pause = match self.begin().await {
                Ok(_) => ASK,
                Err(error) => {
                    tracing::warn!(%error, "alerts cannot be sent now; trying again");
                    WAIT
                }
            };
            if self.under_way.is_empty() {
                tokio::time::sleep(pause).await;
            } else {
                // An exchange that ends makes room for the next.
                let _ = tokio::time::timeout(pause, self.finish_one()).await;
            }
        }
        while self.finish_one().await {}
    }

    /// Sends everything whose time has come, until there is nothing more. Returns how many exchanges there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send_all(&mut self) -> Result<usize, AppError> {
        let mut sent = 0;
        loop {
            match self.send_round().await? {
                0 => return Ok(sent),
                begun => sent += begun,
            }
        }
    }

    /// Sends one alert to each receiver whose time has come, as far as there is room. Returns how many exchanges there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send_round(&mut self) -> Result<usize, AppError> {
        let begun = self.begin().await?;
        while self.finish_one().await {}
        Ok(begun)
    }

    /// Begins as many exchanges as there is room for. Returns how many.
    async fn begin(&mut self) -> Result<usize, AppError> {
        if self.under_way.len() >= AT_ONCE {
            return Ok(0);
        }
        let mut begun = 0;
        for (receiver, sequence) in self.turns.in_turn(self.app.due_sendings().await?) {
            if self.under_way.len() >= AT_ONCE {
                break;
            }
            if self.busy.contains(&receiver) {
                continue;
            }
            let outgoing = match self.app.take_sending(&receiver, sequence, &self.site).await {
                Ok(Some(outgoing)) => outgoing,
                Ok(None) => continue,
                Err(error) => {
                    // What is wrong with one alert holds up no other.
                    tracing::warn!(%error, receiver, sequence, "an alert cannot be made ready; trying again");
                    continue;
                }
            };
            self.busy.insert(receiver.clone());
            self.turns.had(&receiver);
            let (app, exchange) = (Arc::clone(&self.app), Arc::clone(&self.exchange));
            self.under_way.spawn(async move {
                let outgoing = Arc::new(outgoing);
                let tried = on_its_thread(exchange, Arc::clone(&outgoing)).await;
                (receiver, app.settle_sending(&outgoing, tried).await)
            });
            begun += 1;
        }
        Ok(begun)
    }

    /// Waits for the end of an exchange; false when none is under way.
    async fn finish_one(&mut self) -> bool {
        match self.under_way.join_next().await {
            None => false,
            Some(Ok((receiver, settled))) => {
                self.busy.remove(&receiver);
                if let Err(error) = settled {
                    tracing::warn!(%error, receiver, "what came of an alert could not be kept; it will be sent again");
                }
                true
            }
            Some(Err(error)) => {
                tracing::error!(%error, "an exchange with a receiver ended early");
                // Whose it was is not told; what is held stays held until its time is over.
                self.busy.clear();
                true
            }
        }
    }
}

/// Who was served when, so that those who have waited longest come first, however many alerts wait for the others.
#[derive(Debug, Default)]
struct Turns {
    served: u64,
    last: BTreeMap<String, u64>,
}

impl Turns {
    /// The receivers that were served least lately first. Who has nothing to be sent is forgotten.
    fn in_turn(&mut self, mut due: Vec<(String, i64)>) -> Vec<(String, i64)> {
        self.last.retain(|receiver, _| due.iter().any(|(name, _)| name == receiver));
        due.sort_by_key(|(receiver, sequence)| (self.last.get(receiver).copied(), *sequence));
        due
    }

    fn had(&mut self, receiver: &str) {
        self.served += 1;
        self.last.insert(receiver.to_owned(), self.served);
    }
}

/// One exchange, on a thread that may wait.
async fn on_its_thread(exchange: Arc<Exchange>, outgoing: Arc<Outgoing>) -> Tried {
    let (tell, told) = oneshot::channel();
    let started = std::thread::Builder::new().name("alert".into()).spawn(move || {
        // Nobody listens any more when the server ends.
        let _ = tell.send(exchange.send(&outgoing));
    });
    if let Err(error) = started {
        return Tried::Failed(format!("this server could not begin: {error}"));
    }
    told.await.unwrap_or_else(|_| Tried::Failed("this server failed while it sent".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_waited_longest_comes_first_however_much_waits_for_others() {
        let mut turns = Turns::default();
        // Twenty receivers for whom alerts without an end wait, two places, and one that comes late with a single alert.
        let slow: Vec<(String, i64)> = (0..20).map(|n| (format!("a-{n:02}"), n)).collect();
        let mut served = Vec::new();
        for round in 0..20 {
            let late = (round >= 3 && !served.contains(&"z".to_owned())).then(|| ("z".to_owned(), 1_000));
            for (receiver, _) in turns.in_turn(slow.iter().cloned().chain(late).collect()).into_iter().take(2) {
                turns.had(&receiver);
                served.push(receiver);
            }
        }
        let place = served.iter().position(|receiver| receiver == "z");
        assert!(place.is_some_and(|place| place <= 20), "before anybody is served twice: {place:?}");
        for (receiver, _) in slow.iter().take(19) {
            assert!(served.contains(receiver), "{receiver}");
        }
    }
}
