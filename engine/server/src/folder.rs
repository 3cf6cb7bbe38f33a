//! A folder of web pages, such as the built book.

use std::io;
use std::net::TcpListener;
use std::path::Path;

use axum::Router;
use tower_http::services::ServeDir;

use crate::until_ctrl_c;

/// Answers requests for the files in `folder` until Ctrl-C. A folder in it is answered with its `index.html`.
///
/// # Errors
/// If the system refuses threads or the listener.
pub fn serve_folder(listener: TcpListener, folder: &Path) -> io::Result<()> {
    until_ctrl_c(listener, Router::new().fallback_service(ServeDir::new(folder)), || ())
}
