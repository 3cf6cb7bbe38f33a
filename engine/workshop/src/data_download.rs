//! What to fetch for a data set of the catalogue.

use std::path::Path;

use shared::data::DataSet;

use crate::download::{Download, mirror};

/// Environment variable with the address of a mirror of the data sets: a folder with the catalogue's files.
pub const DATA_ENDPOINT_VAR: &str = "LLM_DATA_ENDPOINT";

/// What to fetch so that [`DataSet::locate`] finds this data set in `folder`, from the mirror that
/// [`DATA_ENDPOINT_VAR`] names or else from its origin; `None` for an embedded sample.
pub fn data_download(set: &'static DataSet, folder: &Path) -> Option<Download> {
    let origin = set.origin.as_ref()?;
    let (url, member) = match mirror(DATA_ENDPOINT_VAR) {
        Some(endpoint) => (format!("{endpoint}/{}", set.file), None),
        None => (format!("{}/{}", origin.folder, origin.path), origin.member),
    };
    let (path, sha256) = (folder.join(set.file), Some(set.sha256.to_string()));
    Some(Download { url, path, sha256, member, mirror: DATA_ENDPOINT_VAR })
}
