//! Something between the program and its database that can break.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Whether anything is passed on at the moment.
#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn set(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }

    fn wait(&self) {
        drop(self.opened.wait_while(self.shut.lock().unwrap(), |shut| *shut).unwrap());
    }
}

/// Passes connections on, until it is cut.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    cut: Arc<AtomicBool>,
    gate: Arc<Gate>,
    under_way: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(crate) fn before(database: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (cut, under_way) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let gate = Arc::new(Gate::default());
        let (is_cut, held, way) = (Arc::clone(&cut), Arc::clone(&under_way), Arc::clone(&gate));
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let mut held: std::sync::MutexGuard<'_, Vec<TcpStream>> = held.lock().unwrap();
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(database) else { continue };
                for stream in [&near, &far] {
                    drop(stream.set_nodelay(true));
                    held.push(stream.try_clone().expect("a handle"));
                }
                pass(near.try_clone().expect("a handle"), far.try_clone().expect("a handle"), Arc::clone(&way));
                pass(far, near, Arc::clone(&way));
            }
        });
        Self { address, cut, gate, under_way }
    }

    /// Breaks every connection and lets no new one through.
    pub(crate) fn cut(&self) {
        let mut held = self.under_way.lock().unwrap();
        self.cut.store(true, Ordering::SeqCst);
        held.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    /// Keeps every connection, and passes nothing on: as a database that hangs.
    pub(crate) fn silence(&self) {
        self.gate.set(true);
    }

    pub(crate) fn mend(&self) {
        self.gate.set(false);
        self.cut.store(false, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, gate: Arc<Gate>) {
    thread::spawn(move || {
        let mut some = [0; 16_384];
        while let Ok(read @ 1..) = from.read(&mut some) {
            gate.wait();
            if to.write_all(&some[..read]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Both));
    });
}
