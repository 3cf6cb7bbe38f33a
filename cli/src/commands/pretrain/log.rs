//! The log of a run: one JSON object per line.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ch05_pretrain::Evaluation;
use serde::{Deserialize, Serialize};
use shared::data;

use crate::run_lock::lock_log;
use crate::terminal::tr;

/// A line of the log.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum LogLine<'a> {
    Step {
        step: usize,
        loss: f32,
        /// In runs in which it changes.
        #[serde(skip_serializing_if = "Option::is_none")]
        learning_rate: Option<f64>,
    },
    Eval {
        #[serde(flatten)]
        evaluation: &'a Evaluation,
    },
    Sample {
        ids: &'a [u32],
        text: &'a str,
    },
}

/// The log at a checkpoint. Later lines are removed and written again when the run continues from there.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct LogState {
    bytes: u64,
    /// SHA-256 of these bytes; `None` without a log.
    sha256: Option<String>,
}

/// The log file, or nothing.
pub struct Log {
    file: Option<(File, PathBuf)>,
    /// Bytes in the file.
    length: u64,
}

impl Log {
    /// Begins a log in place of what is in the file.
    pub fn create(path: Option<&Path>) -> Result<Self> {
        let create = |path: &Path| {
            let cannot_write = || format!("cannot write the log {}", path.display());
            // Emptied only once it is locked. Every line is appended: whatever happens to the file, there is no gap in it.
            let file = OpenOptions::new().create(true).append(true).open(path).with_context(cannot_write)?;
            if file.metadata().with_context(cannot_write)?.is_file() {
                lock_log(&file, path)?;
                file.set_len(0).with_context(cannot_write)?;
            }
            anyhow::Ok((file, path.to_path_buf()))
        };
        Ok(Self { file: path.map(create).transpose()?, length: 0 })
    }

    /// Opens the log of an interrupted run and removes what was written after the checkpoint.
    pub fn reopen(path: Option<&Path>, state: &LogState) -> Result<Self> {
        let Some(path) = path else { return Ok(Self { file: None, length: 0 }) };
        let length = state.bytes;
        let file = OpenOptions::new().append(true).open(path).with_context(|| {
            tr!(
                "cannot continue the log {}; if it was moved, name it with --log",
                "无法继续写日志 {}；如果移动过它，请用 --log 指定",
                path.display()
            )
        })?;
        lock_log(&file, path)?;
        let found = file.metadata()?.len();
        ensure!(
            found >= length,
            "the log {} is not that of this run: it has {found} bytes, but had {length} at the checkpoint",
            path.display()
        );
        ensure!(
            state.sha256 == Some(sha256_of_start(path, length)?),
            "the log {} is not that of this run: its first {length} bytes are different",
            path.display()
        );
        file.set_len(length)?;
        Ok(Self { file: Some((file, path.to_path_buf())), length })
    }

    pub fn is_on(&self) -> bool {
        self.file.is_some()
    }

    /// What a checkpoint keeps of the log as it is now.
    pub fn state(&self) -> Result<LogState> {
        let sha256 = self.file.as_ref().map(|(_, path)| sha256_of_start(path, self.length)).transpose()?;
        Ok(LogState { bytes: self.length, sha256 })
    }

    /// Appends one line and hands it to the system at once.
    pub fn write(&mut self, line: &LogLine) -> Result<()> {
        let Some((file, path)) = &mut self.file else { return Ok(()) };
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        file.write_all(text.as_bytes()).with_context(|| format!("cannot write the log {}", path.display()))?;
        self.length += text.len() as u64;
        Ok(())
    }
}

/// SHA-256 of the first `length` bytes of a log.
fn sha256_of_start(path: &Path, length: u64) -> Result<String> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(length).read_to_end(&mut start))
        .with_context(|| format!("cannot read the log {}", path.display()))?;
    Ok(data::sha256(&start))
}
