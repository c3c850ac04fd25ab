//! Big files in pieces, by the protocol tus 1.0.

use crate::batch::{ended, name};
use crate::client::Answer;
use crate::clips;
use crate::daemon::Daemon;
use crate::keys::{OTHERS, enter_another_tenant};
use hyper::Method;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const UPLOADS: &str = "/api/v1/uploads";
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const PIECE: (&str, &str) = ("content-type", "application/offset+octet-stream");

/// Begins an upload.
async fn begin(daemon: &Daemon, length: usize) -> Answer {
    let length = length.to_string();
    let headers = [
        TUS,
        ("upload-length", length.as_str()),
        ("upload-metadata", "filename anVtcC5tcDQ="),
    ];
    daemon.public.send(Method::POST, UPLOADS, &headers, b"").await
}

/// The address of an upload that was begun.
fn address(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    assert!(answer.header("upload-expires").ends_with("GMT"), "{answer:?}");
    answer.header("location").to_owned()
}

async fn append(daemon: &Daemon, path: &str, offset: usize, piece: &[u8]) -> Answer {
    let offset = offset.to_string();
    let headers = [TUS, PIECE, ("upload-offset", offset.as_str())];
    daemon.public.send(Method::PATCH, path, &headers, piece).await
}

async fn look(daemon: &Daemon, path: &str) -> Answer {
    daemon.public.send(Method::HEAD, path, &[TUS], b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_goes_on_and_is_used_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let clip = clips::jump();
    let path = address(&begin(&daemon, clip.len()).await);
    let half = clip.len() / 2;

    // Announces all of it and goes away in the middle.
    let mut stream = TcpStream::connect(&daemon.public.0).await.expect("it listens");
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: {}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: {}\r\n\r\n",
        daemon.public.0,
        clip.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&clip[..half]).await.expect("sent");
    stream.shutdown().await.expect("no more comes");
    // The daemon closes when it has understood; whether it says something is its affair.
    let _ = stream.read_to_end(&mut Vec::new()).await;

    let here = loop {
        let looked = look(&daemon, &path).await;
        assert_eq!((looked.status, looked.header("cache-control")), (200, "no-store"));
        assert_eq!(looked.header("upload-length"), clip.len().to_string());
        let here: usize = looked.header("upload-offset").parse().expect("a number");
        if here > 0 {
            break here;
        }
        // Nobody says when what arrived is noted.
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(here <= half, "{here} of {half}");
    append(&daemon, &path, here + 1, b"x").await.problem(409);
    let id = path.rsplit('/').next().expect("a name");
    let order =
        json!({ "sport_type": "cmj", "quality": "fast", "overlay": false, "input": { "upload": id } });
    let early = daemon
        .public
        .post_json("/api/v1/analyses", &order)
        .await
        .problem(422);
    assert_eq!(early["field"], "input.upload");

    let rest = append(&daemon, &path, here, &clip[here..]).await;
    assert_eq!(
        (rest.status, rest.header("upload-offset")),
        (204, clip.len().to_string().as_str())
    );
    let analysis = name(&daemon.public.post_json("/api/v1/analyses", &order).await);
    assert_eq!(look(&daemon, &path).await.status, 404, "it is used up");
    daemon
        .public
        .post_json("/api/v1/analyses", &order)
        .await
        .problem(422);
    let view = ended(&daemon, &analysis).await;
    assert_eq!(view["status"], "completed", "{view}");
    assert_eq!(view["results"].as_array().map(Vec::len), Some(1), "{view}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_of_the_protocol_is_spoken_is_answered_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("BATCH__UPLOAD_MB", "3")]);
    let ask = async |path: &str| daemon.public.send(Method::OPTIONS, path, &[], b"").await;
    for path in [
        UPLOADS,
        &format!("{UPLOADS}/0199d4c0-0000-7000-8000-000000000001"),
    ] {
        let answer = ask(path).await;
        assert!(matches!(answer.status, 200 | 204), "{answer:?}");
        for (name, value) in [
            ("tus-resumable", "1.0.0"),
            ("tus-version", "1.0.0"),
            ("tus-extension", "creation,expiration,termination"),
            ("tus-max-size", "3000000"),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {answer:?}");
        }
    }
    assert_eq!(ask("/api/v1/analyses").await.header("tus-version"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_bounded_removed_and_ones_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(
        folder.path(),
        &[("BATCH__UPLOAD_MB", "1"), ("BATCH__UPLOADS", "2")],
    );
    let too_long = begin(&daemon, 1_000_001).await.problem(413);
    assert_eq!(too_long["field"], "Upload-Length");
    let path = address(&begin(&daemon, 3).await);
    append(&daemon, &path, 0, b"0123").await.problem(413);
    let without_version = daemon.public.send(Method::HEAD, &path, &[], b"").await;
    assert_eq!(
        (without_version.status, without_version.header("tus-version")),
        (412, "1.0.0")
    );
    let text = [TUS, ("content-type", "text/plain"), ("upload-offset", "0")];
    daemon
        .public
        .send(Method::PATCH, &path, &text, b"012")
        .await
        .problem(415);
    let other = address(&begin(&daemon, 3).await);
    let too_many = begin(&daemon, 3).await.problem(429);
    assert_eq!(too_many["reason"], "uploads");
    assert_eq!(
        daemon
            .public
            .send(Method::DELETE, &other, &[TUS], b"")
            .await
            .status,
        204
    );
    assert_eq!(look(&daemon, &other).await.status, 404);
    address(&begin(&daemon, 3).await);

    enter_another_tenant(folder.path()).await;
    // That there is a key by now is known some seconds later.
    while look(&daemon, &path).await.status != 401 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let bearer = format!("Bearer {OTHERS}");
    let theirs = [
        TUS,
        PIECE,
        ("upload-offset", "0"),
        ("authorization", bearer.as_str()),
    ];
    for method in [Method::HEAD, Method::PATCH, Method::DELETE] {
        let answer = daemon.public.send(method.clone(), &path, &theirs, b"012").await;
        assert_eq!(answer.status, 404, "{method} {answer:?}");
    }
    assert!(
        folder
            .path()
            .join("uploads")
            .join(path.rsplit('/').next().expect("a name"))
            .exists()
    );
}
