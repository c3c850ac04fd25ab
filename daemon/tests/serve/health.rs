//! `kinemotion health`, as the health check of a container runs it.

use crate::daemon::Daemon;
use serde_json::json;
use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Output};

fn health(url: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinemotion"))
        .args(["health", "--url", url])
        .args(more)
        .output()
        .expect("the program runs")
}

/// Exit code, and what was said.
fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_takes_work_is_healthy_and_one_that_does_not_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("SESSIONS__MOST", "1")]);
    let url = format!("http://{}", daemon.admin.0);
    assert_eq!(said(&health(&url, &[])), (Some(0), "ready\n".into()));
    daemon.make(&json!({ "input": { "streaming": true } })).await;
    let (code, text) = said(&health(&url, &[]));
    assert_eq!(code, Some(1));
    assert_eq!(text, "error: the daemon is not ready: all places are taken\n");
}

#[test]
fn where_nobody_listens_or_nobody_answers_the_address_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let silent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("it is asked");
        // Until whoever asks has gone.
        let mut asked = Vec::new();
        let _ = stream.read_to_end(&mut asked);
        asked
    });
    let (code, text) = said(&health(&url, &["--timeout", "1"]));
    assert_eq!(code, Some(1));
    assert!(
        text.contains(&url) && text.contains("no answer in time"),
        "{text}"
    );
    let asked = silent.join().expect("it was asked");
    assert!(asked.starts_with(b"GET /readyz HTTP/1.1\r\n"), "{asked:?}");
    // The listener is gone.
    let (code, text) = said(&health(&url, &[]));
    assert_eq!(code, Some(1));
    assert!(text.contains(&url) && text.contains("refused"), "{text}");
}

#[test]
fn an_address_that_makes_no_sense_is_a_mistake_of_the_command_line() {
    for (url, more) in [
        ("https://127.0.0.1:1", &[][..]),
        ("nonsense", &[]),
        ("http://127.0.0.1:1", &["--timeout", "0"]),
    ] {
        let (code, text) = said(&health(url, more));
        assert_eq!(code, Some(2), "{url}: {text}");
    }
}
