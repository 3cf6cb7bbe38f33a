//! Downloads from a server inside the test.

mod http_server;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use http_server::{Reply, Request, Server, closed_address};
use shared::data::{CATALOGUE, sha256};
use tempfile::{TempDir, tempdir};
use workshop::data_download;
use workshop::download::{Download, DownloadError, DownloadProblem, Downloader, Outcome, Patience};

/// Longer than one piece that is written to the disk.
const LENGTH: usize = 1_000_000;

fn story() -> Vec<u8> {
    (0..LENGTH).map(|i| (i * 31 % 251) as u8).collect()
}

/// Waits are short here, so that the tests are.
fn downloader(tries: u32) -> Downloader {
    Downloader::new(Patience {
        tries,
        first_wait: Duration::from_millis(10),
        connect: Duration::from_secs(5),
        silence: Duration::from_millis(300),
    })
}

/// A download of `/NAME` into a folder that is not there yet.
fn download(base: &str, folder: &TempDir, name: &str) -> Download {
    let path = folder.path().join("sub").join(name);
    Download { url: format!("{base}/{name}"), path, sha256: None, member: None, mirror: "SOME_MIRROR" }
}

fn with_sha256(mut download: Download, bytes: &[u8]) -> Download {
    download.sha256 = Some(sha256(bytes));
    download
}

/// All files below a folder, by name.
fn files(folder: &Path) -> Vec<String> {
    let mut names = vec![];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path().is_dir() {
            true => names.extend(files(&entry.path())),
            false => names.push(entry.file_name().into_string().unwrap()),
        }
    }
    names.sort();
    names
}

#[track_caller]
fn assert_mentions(error: &DownloadError, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "more than one line: {text}");
    for part in parts {
        assert!(text.contains(part), "'{part}' is missing in: {text}");
    }
}

/// A safetensors file with one tensor of 4 numbers.
fn weights() -> Vec<u8> {
    let header = br#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    [&(header.len() as u64).to_le_bytes()[..], header, &[1; 16]].concat()
}

#[test]
fn a_whole_file_comes_in_one_request_and_nothing_else_stays() {
    let server = Server::start(|request| Reply::file(request, &story(), "v1"));
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&server.url, &folder, "story.txt"), &story());
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), story());
    assert_eq!(files(folder.path()), ["story.txt"]);
    let requests = server.requests();
    assert_eq!((requests.len(), requests[0].path.as_str(), requests[0].range), (1, "/story.txt", None));
}

#[test]
fn a_file_with_the_right_checksum_is_not_asked_for_again() {
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&closed_address(), &folder, "story.txt"), b"whole");
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(&wanted.path, "whole").unwrap();
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::AlreadyThere);
}

#[test]
fn a_file_with_a_wrong_checksum_is_fetched_again() {
    let server = Server::start(|request| Reply::file(request, b"whole", "v1"));
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&server.url, &folder, "story.txt"), b"whole");
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(&wanted.path, "half").unwrap();
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), b"whole");
}

#[test]
fn a_broken_connection_is_continued_where_it_broke() {
    let server = Server::start(|request| {
        let reply = Reply::file(request, &story(), "v1");
        if request.number == 0 { reply.cut_after(600_000) } else { reply }
    });
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&server.url, &folder, "story.txt"), &story());
    assert_eq!(downloader(2).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), story());
    assert_eq!(server.ranges(), [None, Some(600_000)]);
}

/// Only tries without a new byte count: a bad line that always carries a little further reaches the end.
#[test]
fn a_connection_that_breaks_again_and_again_reaches_the_end() {
    let server = Server::start(|request| {
        let reply = Reply::file(request, &story(), "v1");
        if request.number < 9 { reply.cut_after(100_000) } else { reply }
    });
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&server.url, &folder, "story.txt"), &story());
    assert_eq!(downloader(2).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn the_next_call_goes_on_where_the_last_one_gave_up() {
    let server = Server::start(|request| {
        let reply = Reply::file(request, &story(), "v1");
        if request.number == 0 { reply.cut_after(600_000) } else { reply }
    });
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "story.txt");
    let error = downloader(1).fetch(&wanted).unwrap_err();
    assert_mentions(&error, &[&wanted.url, "the connection broke", "600000 bytes are kept in", "story.txt.part"]);
    assert_eq!(files(folder.path()), ["story.txt.part", "story.txt.part.json"]);

    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), story());
    assert_eq!(files(folder.path()), ["story.txt"]);
    assert_eq!(server.ranges(), [None, Some(600_000)]);
}

#[test]
fn a_silent_connection_counts_as_broken() {
    let server = Server::start(|request| {
        let reply = Reply::file(request, &story(), "v1");
        if request.number == 0 { reply.cut_after(500_000).then_silent_for(Duration::from_secs(2)) } else { reply }
    });
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&server.url, &folder, "story.txt"), &story());
    assert_eq!(downloader(2).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(server.ranges(), [None, Some(500_000)]);
}

#[test]
fn a_server_without_ranges_sends_everything_again() {
    let server = Server::start(|request| {
        let reply = Reply::new(200, story()).header("ETag: \"v1\"");
        if request.number == 0 { reply.cut_after(600_000) } else { reply }
    });
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&server.url, &folder, "story.txt"), &story());
    assert_eq!(downloader(2).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), story());
    assert_eq!(server.ranges(), [None, Some(600_000)]);
}

/// Such a server sends the same bytes each time; that is no progress.
#[test]
fn a_server_that_always_breaks_at_the_same_byte_is_given_up() {
    let server = Server::start(|_| Reply::new(200, story()).cut_after(600_000));
    let folder = tempdir().unwrap();
    let error = downloader(3).fetch(&download(&server.url, &folder, "story.txt")).unwrap_err();
    assert_mentions(&error, &["the connection broke"]);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_file_that_has_changed_is_fetched_from_its_beginning() {
    let changed: Vec<u8> = story().iter().map(|byte| byte ^ 1).collect();
    let server = Server::start({
        let changed = changed.clone();
        move |request| match request.number {
            0 => Reply::file(request, &story(), "v1").cut_after(600_000),
            _ => Reply::file(request, &changed, "v2"),
        }
    });
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "story.txt");
    assert_eq!(downloader(2).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), changed);
    assert_eq!(server.ranges(), [None, Some(600_000), None]);
}

#[test]
fn a_file_that_has_become_shorter_is_fetched_from_its_beginning() {
    let server = Server::start(|request| match request.number {
        0 => Reply::file(request, &story(), "v1").cut_after(600_000),
        _ => Reply::file(request, b"short", "v2"),
    });
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "story.txt");
    assert_eq!(downloader(2).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), b"short");
    assert_eq!(server.ranges(), [None, Some(600_000), None]);
}

/// Without an `ETag` or a date a later call cannot know whether the file is still the same.
#[test]
fn a_part_without_a_version_is_not_continued_by_a_later_call() {
    let server = Server::start(|request| match request.number {
        0 => Reply::new(200, story()).cut_after(600_000),
        _ => Reply::new(200, story()),
    });
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "story.txt");
    downloader(1).fetch(&wanted).unwrap_err();
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), story());
    assert_eq!(server.ranges(), [None, None]);
}

#[test]
fn a_part_that_is_whole_only_needs_its_name() {
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&closed_address(), &folder, "story.txt"), b"whole");
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/story.txt.part"), "whole").unwrap();
    let stamp = r#"{"size":5,"version":"\"v1\"","sha256":null}"#;
    fs::write(folder.path().join("sub/story.txt.part.json"), stamp).unwrap();
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(files(folder.path()), ["story.txt"]);
}

#[test]
fn a_wrong_checksum_deletes_what_came_and_leaves_the_old_file() {
    let server = Server::start(|request| Reply::file(request, b"other", "v1"));
    let folder = tempdir().unwrap();
    let wanted = with_sha256(download(&server.url, &folder, "story.txt"), b"right");
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(&wanted.path, "old").unwrap();
    let error = downloader(3).fetch(&wanted).unwrap_err();
    assert!(matches!(error, DownloadError::Checksum { .. }));
    assert_mentions(&error, &[&wanted.url, &sha256(b"other"), &sha256(b"right"), "deleted"]);
    assert_eq!(files(folder.path()), ["story.txt"]);
    assert_eq!(fs::read(&wanted.path).unwrap(), b"old");
    assert_eq!(server.requests().len(), 1, "a wrong file is not asked for again");
}

#[test]
fn an_answer_that_is_no_file_is_told_with_its_status() {
    for (status, text) in [(404, "404 Not Found"), (403, "403 Forbidden"), (401, "401 Unauthorized"), (304, "304")] {
        let server = Server::start(move |_| Reply::new(status, "a page"));
        let folder = tempdir().unwrap();
        let wanted = download(&server.url, &folder, "model.safetensors");
        let error = downloader(3).fetch(&wanted).unwrap_err();
        let path = wanted.path.display().to_string();
        assert_mentions(&error, &[&wanted.url, text, "browser", &path, "SOME_MIRROR"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(server.requests().len(), 1, "{status} does not pass by waiting");
    }
}

#[test]
fn a_busy_server_is_asked_again() {
    for status in [429, 500, 502, 503, 504] {
        let server = Server::start(move |request| match request.number {
            0 | 1 => Reply::new(status, "busy"),
            _ => Reply::file(request, b"whole", "v1"),
        });
        let folder = tempdir().unwrap();
        let wanted = with_sha256(download(&server.url, &folder, "story.txt"), b"whole");
        assert_eq!(downloader(3).fetch(&wanted).unwrap(), Outcome::Fetched, "{status}");
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let server = Server::start(|_| Reply::new(503, "busy"));
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "story.txt");
    assert_mentions(&downloader(3).fetch(&wanted).unwrap_err(), &[&wanted.url, "503 Service Unavailable"]);
    assert_eq!(server.requests().len(), 3);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_server_may_say_how_long_to_wait() {
    let server = Server::start(|request| match request.number {
        0 => Reply::new(429, "slow down").header("Retry-After: 1"),
        _ => Reply::file(request, b"whole", "v1"),
    });
    let folder = tempdir().unwrap();
    let start = Instant::now();
    downloader(2).fetch(&download(&server.url, &folder, "story.txt")).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn redirects_are_followed_and_the_hub_s_checksum_counts() {
    let redirecting = |bytes: &'static [u8]| {
        Server::start(move |request| match request.path.as_str() {
            // The hub tells the checksum in the redirect; the file behind it has another tag.
            "/model.bin" => Reply::new(302, "")
                .header("Location: /cache/model.bin?key=1")
                .header(&format!("X-Linked-ETag: \"{}\"", sha256(&story())))
                .header(&format!("X-Linked-Size: {LENGTH}")),
            "/cache/model.bin?key=1" => Reply::new(307, "").header("Location: ../store/1"),
            _ => Reply::file(request, bytes, &"ab".repeat(32)),
        })
    };
    let right = redirecting(story().leak());
    let folder = tempdir().unwrap();
    let wanted = download(&right.url, &folder, "model.bin");
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), story());
    assert_eq!(right.requests().len(), 3);

    let wrong = redirecting(b"other");
    let folder = tempdir().unwrap();
    let error = downloader(1).fetch(&download(&wrong.url, &folder, "model.bin")).unwrap_err();
    assert_mentions(&error, &[&sha256(b"other"), &sha256(&story())]);
    assert!(files(folder.path()).is_empty());
}

#[test]
fn redirects_in_a_circle_end() {
    let server = Server::start(|_| Reply::new(302, "").header("Location: /again"));
    let folder = tempdir().unwrap();
    let error = downloader(3).fetch(&download(&server.url, &folder, "story.txt")).unwrap_err();
    assert_mentions(&error, &["more than 10 redirects"]);
}

#[test]
fn without_a_server_the_message_tells_the_way_by_hand() {
    let folder = tempdir().unwrap();
    let mut wanted = download(&closed_address(), &folder, "story.txt");
    let path = wanted.path.display().to_string();
    let error = downloader(5).fetch(&wanted).unwrap_err();
    assert!(matches!(error, DownloadError::Server { problem: DownloadProblem::Unreachable(_), .. }));
    assert_mentions(&error, &[&wanted.url, "cannot be reached", "refused", "browser", &path, "SOME_MIRROR"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    wanted.member = Some("Inside");
    assert_mentions(&downloader(5).fetch(&wanted).unwrap_err(), &["unpack Inside from it", &path]);
}

#[test]
fn an_address_that_is_none_is_told() {
    let folder = tempdir().unwrap();
    for base in ["", "no address", "ftp://127.0.0.1"] {
        let wanted = download(base, &folder, "story.txt");
        assert_mentions(&downloader(1).fetch(&wanted).unwrap_err(), &["cannot fetch", &wanted.url, "SOME_MIRROR"]);
    }
}

#[test]
fn a_model_s_file_is_compared_by_its_length() {
    let server = Server::start(|request| Reply::file(request, &weights(), "v1"));
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "model.safetensors");
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::AlreadyThere);
    assert_eq!(server.requests()[1].range, Some((0, Some(0))), "one byte is enough to learn the length");

    // A copy that someone has broken is replaced.
    fs::write(&wanted.path, &weights()[..40]).unwrap();
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), weights());
}

#[test]
fn another_model_in_the_folder_is_not_overwritten() {
    let server = Server::start(|request| Reply::file(request, br#"{"n_embd": 768}"#, "v1"));
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "config.json");
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(&wanted.path, r#"{"mine": true, "weeks_of_training": 3}"#).unwrap();
    let error = downloader(1).fetch(&wanted).unwrap_err();
    assert_mentions(&error, &[&wanted.path.display().to_string(), &wanted.url, "38 bytes", "15", "another"]);
    assert!(fs::read_to_string(&wanted.path).unwrap().contains("mine"));
}

#[test]
fn a_sound_file_is_enough_where_the_server_cannot_be_asked() {
    let folder = tempdir().unwrap();
    let wanted = download(&closed_address(), &folder, "model.safetensors");
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(&wanted.path, weights()).unwrap();
    let outcome = downloader(1).fetch(&wanted).unwrap();
    assert!(matches!(&outcome, Outcome::NotCompared(reason) if reason.contains("refused")), "{outcome:?}");

    fs::write(&wanted.path, &weights()[..40]).unwrap();
    assert_mentions(&downloader(1).fetch(&wanted).unwrap_err(), &["cannot be reached"]);
}

#[test]
fn a_file_of_the_wrong_kind_is_deleted() {
    let two_tensors = |header: &str| [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[1; 16]].concat();
    let gap = r#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}"#;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("model.safetensors", weights()[..weights().len() - 1].to_vec(), "its tensors end at byte 79, but it has 78"),
        ("model.safetensors", [weights(), vec![0]].concat(), "its tensors end at byte 79, but it has 80"),
        ("model.safetensors", b"short".to_vec(), "5 bytes"),
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1".to_vec(), "no safetensors file"),
        ("model.safetensors", two_tensors("no header"), "header"),
        ("model.safetensors", two_tensors(gap), "header"),
        ("config.json", b"{\"n_embd\": 768".to_vec(), "not JSON"),
    ];
    for (name, bytes, flaw) in cases {
        let server = Server::start(move |request| Reply::file(request, &bytes, "v1"));
        let folder = tempdir().unwrap();
        let wanted = download(&server.url, &folder, name);
        assert_mentions(&downloader(1).fetch(&wanted).unwrap_err(), &[&wanted.url, "deleted", flaw]);
        assert!(files(folder.path()).is_empty(), "{flaw}");
    }
}

#[test]
fn a_log_in_page_is_no_model() {
    let page = |_: &Request| Reply::new(200, "<html>Welcome to our hotel").header("Content-Type: text/html");
    let server = Server::start(page);
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "vocab.bpe");
    assert_mentions(&downloader(3).fetch(&wanted).unwrap_err(), &[&wanted.url, "a web page comes instead"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(server.requests().len(), 1);
}

/// A zip archive with one file, deflated.
fn archive(name: &str, contents: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    let deflated = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file(name, deflated).unwrap();
    writer.write_all(contents).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_file_comes_out_of_an_archive() {
    let zipped = archive("Collection", &story());
    assert!(zipped.len() < LENGTH / 2, "the archive is compressed");
    // Such archives come from servers that tell neither length nor version.
    let server = Server::start(move |_| Reply::new(200, zipped.clone()).without_length());
    let folder = tempdir().unwrap();
    let mut wanted = with_sha256(download(&server.url, &folder, "collection.tsv"), &story());
    wanted.member = Some("Collection");
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
    assert_eq!(fs::read(&wanted.path).unwrap(), story());
    assert_eq!(files(folder.path()), ["collection.tsv"]);
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::AlreadyThere);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_wrong_archive_leaves_nothing() {
    let cases = [
        (archive("Collection", b"other"), "SHA-256"),
        (archive("Readme", b"right"), "Collection cannot be unpacked"),
        (b"no archive at all".to_vec(), "Collection cannot be unpacked"),
    ];
    for (bytes, flaw) in cases {
        let server = Server::start(move |request| Reply::file(request, &bytes, "v1"));
        let folder = tempdir().unwrap();
        let mut wanted = with_sha256(download(&server.url, &folder, "collection.tsv"), b"right");
        wanted.member = Some("Collection");
        assert_mentions(&downloader(1).fetch(&wanted).unwrap_err(), &[&wanted.url, "deleted", flaw]);
        assert!(files(folder.path()).is_empty(), "{flaw}");
    }
}

#[test]
fn two_programs_do_not_write_to_one_file() {
    let server = Server::start(|request| Reply::file(request, b"whole", "v1"));
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "story.txt");
    fs::create_dir(folder.path().join("sub")).unwrap();
    let other = File::create(folder.path().join("sub/story.txt.part")).unwrap();
    other.lock().unwrap();
    let error = downloader(1).fetch(&wanted).unwrap_err();
    assert_mentions(&error, &["another program is fetching", "story.txt right now"]);
    drop(other);
    assert_eq!(downloader(1).fetch(&wanted).unwrap(), Outcome::Fetched);
}

#[test]
fn an_error_of_the_disk_names_the_file() {
    let server = Server::start(|request| Reply::file(request, b"whole", "v1"));
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("sub"), "a file where a folder should be").unwrap();
    let error = downloader(1).fetch(&download(&server.url, &folder, "story.txt")).unwrap_err();
    assert!(matches!(error, DownloadError::Disk(_)));
    assert_mentions(&error, &["cannot write", "story.txt.part"]);

    // A folder in the place of the file.
    let folder = tempdir().unwrap();
    let wanted = download(&server.url, &folder, "story.txt");
    fs::create_dir_all(&wanted.path).unwrap();
    let error = downloader(1).fetch(&wanted).unwrap_err();
    assert_mentions(&error, &["story.txt"]);
}

#[test]
fn every_data_set_can_be_fetched_or_is_embedded() {
    for set in CATALOGUE {
        assert_eq!(set.origin.is_some(), set.embedded.is_none(), "{}", set.name);
        let Some(download) = data_download(set, Path::new("data")) else { continue };
        assert!(download.url.starts_with("https://"), "{}", download.url);
        assert_eq!(download.path, PathBuf::from("data").join(set.file));
        assert_eq!(download.sha256.as_deref(), Some(set.sha256));
    }
}
