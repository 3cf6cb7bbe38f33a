//! Damaged and made-up files: thousands of changes to golden ones. Whatever is in a file, opening it gives a model or an
//! error that names the file. It never panics, and it never takes much more memory than the files are long.

#![expect(unsafe_code, reason = "an allocator that counts is the only way to see what was allocated")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use model_files::CheckpointError;
use tempfile::TempDir;

/// Bytes in use, and their maximum since it was last set.
static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// The counters are the whole process's, so the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: usize) {
    PEAK.fetch_max(IN_USE.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// A generator of numbers that are the same in every run (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A place in `bytes`, often near an end: there are headers and footers.
    pub fn place(&mut self, bytes: &[u8]) -> usize {
        let near = self.below(64).min(bytes.len().saturating_sub(1));
        match self.below(4) {
            0 => near,
            1 => bytes.len().saturating_sub(1 + near),
            _ => self.below(bytes.len()),
        }
    }
}

/// Numbers at which calculations with sizes go wrong.
const NUMBERS: [u64; 12] =
    [0, 1, 2, 0x7f, 0x80, 0xffff, 1 << 31, u32::MAX as u64, 1 << 32, 1 << 62, i64::MAX as u64, u64::MAX];

/// Damage of any file.
pub fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    match dice.below(6) {
        0 => bytes.truncate(dice.place(bytes)),
        1 => {
            for _ in 0..1 + dice.below(20) {
                bytes.push(dice.next() as u8);
            }
        }
        2 => {
            let from = dice.place(bytes);
            let to = (from + dice.below(40)).min(bytes.len());
            bytes.drain(from..to);
        }
        _ => overwrite(bytes, dice),
    }
}

/// Damage that keeps the length.
pub fn overwrite(bytes: &mut [u8], dice: &mut Dice) {
    for _ in 0..1 + dice.below(4) {
        let at = dice.place(bytes);
        let rest = &mut bytes[at..];
        match dice.below(4) {
            0 => rest.iter_mut().take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
            1 => rest.iter_mut().take(1).for_each(|byte| *byte = dice.next() as u8),
            2 => {
                let number = dice.pick(&NUMBERS).to_le_bytes();
                rest.iter_mut().zip(&number[..dice.pick(&[1, 2, 4, 8])]).for_each(|(byte, new)| *byte = *new);
            }
            _ => {
                let (count, with) = (dice.below(16), dice.pick(&[0, 0x7f, 0x80, 0xff]));
                rest.iter_mut().take(count).for_each(|byte| *byte = with);
            }
        }
    }
}

/// Replaces one of the numbers in a text.
pub fn change_number(text: &mut Vec<u8>, dice: &mut Dice) {
    let mut numbers: Vec<Range<usize>> = Vec::new();
    for at in (0..text.len()).filter(|at| text[*at].is_ascii_digit()) {
        match numbers.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => numbers.push(at..at + 1),
        }
    }
    if numbers.is_empty() {
        return;
    }
    let range = numbers[dice.below(numbers.len())].clone();
    let old: u64 = std::str::from_utf8(&text[range.clone()]).unwrap().parse().unwrap_or(0);
    let new = match dice.below(8) {
        0 => "-1".to_string(),
        1 => "1e300".to_string(),
        2 => format!("{old}0000000"),
        3 => old.wrapping_add(1).to_string(),
        4 => old.wrapping_sub(1).to_string(),
        5 => old.wrapping_mul(1 + dice.next() % 5).to_string(),
        _ => dice.pick(&NUMBERS).to_string(),
    };
    text.splice(range, new.into_bytes());
}

/// A change of a safetensors file: its header of JSON stays as long as it says, unless that is what is changed.
pub fn change_safetensors(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let header = 8..8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut text = bytes[header.clone()].to_vec();
    match dice.below(4) {
        0 => return damage(bytes, dice),
        1 => overwrite(&mut text, dice),
        // Two numbers, sometimes more: shape and place of a tensor may fit one another again.
        _ => (0..1 + dice.below(3)).for_each(|_| change_number(&mut text, dice)),
    }
    bytes[..8].copy_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.splice(header, text);
}

pub fn change_text(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if dice.below(2) == 0 { damage(bytes, dice) } else { change_number(bytes, dice) }
}

/// Writes over a file. Emptying it first, as `fs::write` does, makes some file systems wait for the disk.
fn overwrite_file(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

/// A way to change a file, and how often of 20 times it is this file's turn.
pub type Change = (&'static str, fn(&mut Vec<u8>, &mut Dice), usize);

/// Opens a golden folder again and again, each time with another change.
pub fn fuzz(name: &str, changes: &[Change], times: usize, open: impl Fn(&Path) -> Result<(), CheckpointError>) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let folder = tempfile::tempdir().unwrap();
    let copy = |folder: &TempDir, file: &str| {
        let bytes = fs::read(golden.join(file)).unwrap();
        fs::write(folder.path().join(file), &bytes).unwrap();
        bytes
    };
    let files: BTreeMap<&str, Vec<u8>> = changes.iter().map(|(file, ..)| (*file, copy(&folder, file))).collect();
    let limit = 8 * files.values().map(Vec::len).sum::<usize>() + (4 << 20);
    open(folder.path()).unwrap();

    let turns: Vec<&Change> = changes.iter().flat_map(|change| vec![change; change.2]).collect();
    let mut dice = Dice(777);
    let (mut opened, mut refused) = (0, 0);
    for time in 0..times {
        let (file, change, _) = dice.pick(&turns);
        let mut bytes = files[file].clone();
        change(&mut bytes, &mut dice);
        let path = folder.path().join(file);
        overwrite_file(&path, &bytes);
        let limit = limit + 8 * bytes.len().saturating_sub(files[file].len());

        let before = IN_USE.load(Relaxed);
        PEAK.store(before, Relaxed);
        let result = catch_unwind(AssertUnwindSafe(|| open(folder.path())));
        let taken = PEAK.load(Relaxed) - before;

        let said = match result {
            Ok(Ok(_)) => {
                opened += 1;
                String::new()
            }
            Ok(Err(error)) => {
                refused += 1;
                let text = error.to_string();
                let names_a_file =
                    changes.iter().any(|(file, ..)| text.contains(file)) || text.contains("holds no model");
                assert!(names_a_file, "change {time} of {file}: {text}");
                text
            }
            Err(_) => panic!("change {time} of {file} made it panic"),
        };
        assert!(taken <= limit, "change {time} of {file} took {taken} bytes, more than {limit}: {said}");
        overwrite_file(&path, &files[file]);
    }
    println!("{name}: {opened} opened, {refused} refused");
    // Neither everything nor nothing gets through: the changes reach the depths of the files.
    assert!(opened > times / 50 && refused > times / 2, "{opened} opened, {refused} refused");
}
