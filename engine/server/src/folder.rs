//! A folder of web pages, such as the built book.

use std::io;
use std::net::TcpListener;
use std::path::Path;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{Redirect, Response};
use axum::routing::get;
use tower_http::services::ServeDir;

use crate::until_ctrl_c;

/// Answers requests for the files in `folder` until Ctrl-C. A folder in it is answered with its `index.html`.
///
/// # Errors
/// If the system refuses threads or the listener.
pub fn serve_folder(listener: TcpListener, folder: &Path) -> io::Result<()> {
    until_ctrl_c(listener, Router::new().fallback_service(ServeDir::new(folder)), || ())
}

/// The built book below `/book/`, if there is one.
pub fn book<S: Clone + Send + Sync + 'static>(folder: Option<&Path>) -> Router<S> {
    let Some(folder) = folder else { return Router::new() };
    Router::new()
        .nest_service("/book/", ServeDir::new(folder))
        .layer(map_response(from_the_book))
        // Without the slash, the links of the page would lead elsewhere.
        .route("/book", get(|| async { Redirect::permanent("/book/") }))
}

/// The service of the folder does not know that it stands below `/book`.
async fn from_the_book(mut response: Response) -> Response {
    let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    let below = location.filter(|location| location.starts_with('/')).map(|location| format!("/book{location}"));
    if let Some(location) = below.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
