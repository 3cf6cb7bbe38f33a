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
use axum::response::Response;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::api::failure;

/// How long the head of a request may take, and its body. Also how long a connection may be idle.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest request body, in bytes.
const BODY_LIMIT: usize = 1 << 20;
/// Most connections at a time, fewer than a program may have open files.
const MOST_CONNECTIONS: usize = 128;
/// When the system gives no more connections, how long to wait before the next.
const MOMENT: Duration = Duration::from_secs(1);
/// After the end, how long open answers have to be finished.
const PATIENCE: Duration = Duration::from_secs(3);

/// Answers requests until `ended`.
pub async fn serve(listener: TcpListener, routes: Router, ended: impl Future<Output = ()>) {
    // Without `http1_only` the first bytes would tell the version of HTTP, and they may take as long as they like.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(REQUEST_TIMEOUT);
    let (connections, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MOST_CONNECTIONS)));
    let mut ended = pin!(ended);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (accept(&listener).await, place)
        };
        let (stream, place) = tokio::select! {
            next = next => next,
            () = &mut ended => break,
        };
        let service = TowerToHyperService::new(routes.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A client that goes away or sends something else than HTTP is its own affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // A client that does not finish its request, or does not read its answer, is not waited for.
    tokio::select! {
        () = connections.shutdown() => {}
        () = sleep(PATIENCE) => {}
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
            Err(_) => sleep(MOMENT).await,
        }
    }
}

/// Hands a request on when its body is there; one that is too long, or takes too long, is answered here.
pub async fn whole_request(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match timeout(REQUEST_TIMEOUT, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(head, body.into())).await,
        Ok(Err(_)) => {
            let reason = format!("bad request: its body breaks off, or is above the limit of {BODY_LIMIT} bytes");
            failure(StatusCode::PAYLOAD_TOO_LARGE, reason)
        }
        Err(_) => failure(StatusCode::REQUEST_TIMEOUT, "bad request: its body did not come in time"),
    }
}
