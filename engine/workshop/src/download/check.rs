//! Whether a file is what it should be.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use safetensors::tensor::Metadata;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use shared::text;
use zip::ZipArchive;

use super::naming;

/// The largest header that the format allows.
const LARGEST_HEADER: u64 = 100_000_000;

/// More than any data set has; what claims to unpack to more is no data set.
const LARGEST_MEMBER: u64 = 256 * 1024 * 1024;

/// SHA-256 of a file in hexadecimal.
pub(super) fn file_sha256(path: &Path) -> io::Result<String> {
    let attempt = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let (mut hash, mut chunk) = (Sha256::new(), vec![0; super::CHUNK]);
        loop {
            match file.read(&mut chunk)? {
                0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
                count => hash.update(&chunk[..count]),
            }
        }
    };
    attempt().map_err(|e| naming("read", path, &e))
}

/// Whether files of this name have a format that [`flaw`] knows.
pub(super) fn has_format(name: &Path) -> bool {
    name.extension().is_some_and(|kind| kind == "safetensors" || kind == "json")
}

/// What is wrong with the format of a file that shall be called `name`.
pub(super) fn flaw(path: &Path, name: &Path) -> io::Result<Option<String>> {
    let check = match name.extension().and_then(|kind| kind.to_str()) {
        Some("safetensors") => safetensors,
        Some("json") => json,
        _ => return Ok(None),
    };
    File::open(path).and_then(check).map_err(|e| naming("read", path, &e))
}

/// The header must parse, and its tensors must fill the file.
fn safetensors(mut file: File) -> io::Result<Option<String>> {
    let length = file.metadata()?.len();
    if length < 8 {
        return Ok(Some(format!("it has {length} bytes, no safetensors file is that short")));
    }
    let mut size = [0; 8];
    file.read_exact(&mut size)?;
    let size = u64::from_le_bytes(size);
    if size > LARGEST_HEADER.min(length - 8) {
        return Ok(Some(format!("it is no safetensors file: its header would have {size} bytes")));
    }
    let mut header = Vec::new();
    file.take(size).read_to_end(&mut header)?;
    Ok(match serde_json::from_slice::<Metadata>(&header) {
        Err(error) => Some(format!("the header of the safetensors file is not readable: {error}")),
        Ok(tensors) => {
            let expected = 8 + size + tensors.data_len() as u64;
            (expected != length).then(|| format!("its tensors end at byte {expected}, but it has {length} bytes"))
        }
    })
}

fn json(mut file: File) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(match text::decode(bytes) {
        Err(error) => Some(format!("it is {error}")),
        Ok(json) => serde_json::from_str::<IgnoredAny>(&json).err().map(|error| format!("it is not JSON: {error}")),
    })
}

/// Unpacks one file of a zip archive; the inner error says what is wrong with the archive.
pub(super) fn member(archive: &Path, name: &str) -> io::Result<Result<Vec<u8>, String>> {
    let file = File::open(archive).map_err(|e| naming("read", archive, &e))?;
    let unpack = || -> zip::result::ZipResult<Vec<u8>> {
        let mut archive = ZipArchive::new(BufReader::new(file))?;
        let mut bytes = Vec::new();
        archive.by_name(name)?.take(LARGEST_MEMBER).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    Ok(unpack().map_err(|error| format!("{name} cannot be unpacked from it: {error}")))
}
