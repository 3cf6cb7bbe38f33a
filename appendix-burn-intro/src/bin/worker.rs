//! A process that lends its CPU to others (section A.9.3), until it is ended:
//! `cargo run -p appendix-burn-intro --features remote --bin worker -- 3001`
//!
//! Traffic is not encrypted, and whoever reaches the port can use it: for one machine or a network that you trust.

use std::process::ExitCode;

use burn::server::{RemoteServer, WebSocketTransport};
use burn::tensor::Device;

fn main() -> ExitCode {
    let Some(port) = std::env::args().nth(1).and_then(|port| port.parse::<u16>().ok()) else {
        eprintln!("error: give a port to listen on, for example 3001");
        return ExitCode::from(2);
    };
    match RemoteServer::new([Device::flex()]).serve(WebSocketTransport::new(port)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: cannot serve on port {port}: {e}");
            ExitCode::FAILURE
        }
    }
}
