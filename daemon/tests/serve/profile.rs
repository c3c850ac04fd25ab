//! Profiles at the operators' listener.

use crate::client::is_state;
use crate::daemon::Daemon;
use flate2::read::GzDecoder;
use std::io::Read;
use std::time::{Duration, Instant};

const PROFILE: &str = "/debug/pprof/profile";

#[tokio::test(flavor = "multi_thread")]
async fn what_the_processor_does_is_a_file_for_pprof_or_a_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    lines.until(is_state("live")).await;
    let file = daemon.admin.get(&format!("{PROFILE}?seconds=2")).await;
    assert_eq!(file.status, 200, "{}", file.text());
    assert_eq!(file.header("content-type"), "application/octet-stream");
    let mut profile = Vec::new();
    GzDecoder::new(&*file.body)
        .read_to_end(&mut profile)
        .expect("gzip");
    // Texts stand in it as they are.
    let holds = |text: &[u8]| profile.windows(text.len()).any(|window| window == text);
    assert!(holds(b"nanoseconds") && holds(b"samples") && holds(b"thread"));
    let picture = daemon.admin.get(&format!("{PROFILE}?seconds=1&format=svg")).await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    let picture = picture.text();
    assert!(
        picture.starts_with("<svg ") && picture.ends_with("</svg>\n"),
        "{picture}"
    );
    // Poses are measured meanwhile, which somebody is seen at.
    assert!(picture.matches("<rect ").count() > 2, "{picture}");
    for (query, field) in [
        ("seconds=0", "seconds"),
        ("seconds=61", "seconds"),
        ("format=png", "format"),
    ] {
        let refused = daemon.admin.get(&format!("{PROFILE}?{query}")).await.problem(422);
        assert_eq!(refused["field"], field, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_profile_at_a_time_and_who_goes_ends_theirs() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let long = {
        let admin = daemon.admin.clone();
        let path = format!("{PROFILE}?seconds=60");
        // One of those below may be the first to come.
        tokio::spawn(async move { while admin.get(&path).await.status == 409 {} })
    };
    let until = async |status: u16| {
        let deadline = Instant::now() + crate::PATIENCE / 2;
        loop {
            let answer = daemon.admin.get(&format!("{PROFILE}?seconds=1")).await;
            if answer.status == status {
                return answer;
            }
            assert!(Instant::now() < deadline, "{answer:?}");
            // Nobody says when a request has come, or when a client is found to have gone.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    until(409).await.problem(409);
    long.abort();
    until(200).await;
}

#[cfg(not(feature = "heap-profile"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_heap_profiles_says_how_to_get_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let problem = daemon.admin.get("/debug/pprof/heap").await.problem(501);
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.contains("--features heap-profile"), "{problem}");
}

#[cfg(feature = "heap-profile")]
#[tokio::test(flavor = "multi_thread")]
async fn a_heap_profile_is_one_that_pprof_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let answer = daemon.admin.get("/debug/pprof/heap").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = answer.text();
    assert!(
        text.starts_with("heap_v2/") && text.contains("MAPPED_LIBRARIES:"),
        "{text}"
    );
}
