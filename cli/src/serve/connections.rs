//! The connections of the server.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// How long the head of a request may take, and the next piece of its body. Also how long a connection may be idle.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections at a time, far fewer than a program may have open files.
const MOST_CONNECTIONS: usize = 256;
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
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            () = &mut ended => break,
        };
        let Ok((stream, _)) = accepted else {
            sleep(MOMENT).await;
            continue;
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
