//! Two worker processes, each with half of a batch, give the gradients of the whole batch:
//! `cargo test -p appendix-burn-intro --features remote --test remote`

mod common;

use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use burn::remote::RemoteHost;
use burn::tensor::Device;
use common::check_averaging;

/// A worker process, ended with the test.
struct Worker {
    process: Child,
    device: Device,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start() -> Worker {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = Command::new(env!("CARGO_BIN_EXE_worker")).arg(port.to_string()).spawn().unwrap();
    let host = RemoteHost::websocket(&format!("ws://127.0.0.1:{port}"));
    let begin = Instant::now();
    loop {
        match Device::remote_options(&host).device_index(0).init() {
            Ok(device) => return Worker { process, device },
            Err(e) => assert!(begin.elapsed() < Duration::from_secs(20), "{e}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn two_processes_give_the_gradients_of_the_whole_batch() {
    let workers = [start(), start()];
    check_averaging(workers.each_ref().map(|worker| &worker.device));
}
