//! The connections of the server.

use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::refusal::Refusal;

/// Time limit for the head of a request, and for its body. Also for an idle connection.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum length of a request body, in bytes.
const BODY_LIMIT: usize = 1 << 20;
/// Maximum number of connections at a time, fewer than a program may have open files.
const MAX_CONNECTIONS: usize = 128;
/// Time between two attempts when the system has no more connections.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Time for open answers to finish after the server was asked to end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// Answers requests until `ended`.
pub async fn serve(listener: TcpListener, routes: Router, ended: impl Future<Output = ()>) {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(REQUEST_TIMEOUT);
    let (connections, permits) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MAX_CONNECTIONS)));
    let mut ended = pin!(ended);
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (accept(&listener).await, permit)
        };
        let (stream, permit) = tokio::select! {
            next = next => next,
            () = &mut ended => break,
        };
        let service = TowerToHyperService::new(routes.clone());
        let connection = connections.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // The connection of a client that goes away, or does not speak HTTP, just ends.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    // A client that does not finish its request, or does not read its answer, is not waited for.
    tokio::select! {
        () = connections.shutdown() => {}
        () = sleep(SHUTDOWN_TIMEOUT) => {}
    }
}

/// The next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The other side has gone away already.
            Err(e) if matches!(e.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(_) => sleep(RETRY_AFTER).await,
        }
    }
}

/// Passes a request on when its body is complete; one that is too long, or takes too long, is refused.
pub async fn whole_request(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match timeout(REQUEST_TIMEOUT, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(head, body.into())).await,
        Ok(Err(_)) => {
            let reason = format!("bad request: its body breaks off, or is above the limit of {BODY_LIMIT} bytes");
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason).into_response()
        }
        Err(_) => {
            Refusal::new(StatusCode::REQUEST_TIMEOUT, "bad request: its body did not come in time").into_response()
        }
    }
}
