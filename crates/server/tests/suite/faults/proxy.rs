//! Something between the program and its database that can break.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Passes connections on, until it is cut.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    cut: Arc<AtomicBool>,
    under_way: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(crate) fn before(database: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (cut, under_way) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (is_cut, held) = (Arc::clone(&cut), Arc::clone(&under_way));
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
                pass(near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
                pass(far, near);
            }
        });
        Self { address, cut, under_way }
    }

    /// Breaks every connection and lets no new one through.
    pub(crate) fn cut(&self) {
        let mut held = self.under_way.lock().unwrap();
        self.cut.store(true, Ordering::SeqCst);
        held.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    pub(crate) fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        drop(io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Both));
    });
}
