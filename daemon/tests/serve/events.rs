//! Events of the demo athlete on every transport.

use crate::client::{is, is_state};
use crate::daemon::{Daemon, folders};
use serde_json::{Value, json};

fn sequence(event: &Value) -> u64 {
    event["sequence"].as_u64().expect("a number")
}

/// Events that are never dropped, without what is said to one reader alone.
fn kept(events: &[Value]) -> Vec<Value> {
    let types = ["repetition", "analysis_complete", "error", "state"];
    let kept = events
        .iter()
        .filter(|event| types.iter().any(|kind| event["type"] == *kind));
    let own = |event: &Value| {
        let mut event = event.clone();
        event.as_object_mut().expect("an object").remove("dropped");
        event
    };
    kept.map(own).collect()
}

fn dropped(events: &[Value]) -> u64 {
    events.iter().filter_map(|event| event["dropped"].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transport_says_the_same_and_a_reader_that_does_not_read_slows_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("SESSIONS__RECENT_POSES", "5")]);
    let id = daemon.make_demo().await;
    let path = format!("/api/v1/analyses/{id}/stream");
    let asleep = daemon.public.lines(&path).await;
    let web_socket = tokio::spawn({
        let (client, path) = (daemon.public.clone(), path.clone());
        async move { client.web_socket(&path).await }
    });
    let server_sent = tokio::spawn({
        let (client, path) = (daemon.public.clone(), path.clone());
        async move { client.server_sent(&path, &[]).await }
    });
    let mut lines = daemon.public.lines(&path).await;
    let mut seen = Vec::new();
    while seen
        .last()
        .is_none_or(|event: &Value| event["type"] != "repetition")
    {
        seen.push(lines.next().await.expect("a repetition before the end"));
    }
    assert_eq!(
        daemon
            .public
            .delete(&format!("/api/v1/analyses/{id}"))
            .await
            .status,
        204
    );
    seen.extend(lines.rest().await);

    // NDJSON: numbers rise, and what is missing was dropped
    assert!(
        seen.windows(2)
            .all(|pair| sequence(&pair[0]) < sequence(&pair[1]))
    );
    let last = seen.last().expect("events");
    assert_eq!(
        last["data"],
        json!({ "state": "done", "reason": "ended by DELETE" }),
        "{last}"
    );
    assert_eq!(seen.len() as u64 + dropped(&seen), sequence(last) + 1);
    assert!(seen.iter().all(|event| event["analysis_id"] == id.as_str()));
    for kind in ["pose", "phase", "repetition", "state", "analysis_complete"] {
        assert!(seen.iter().any(is(kind)), "no {kind}");
    }

    // the others
    let (messages, code) = web_socket.await.expect("no panic");
    assert_eq!(code, 1000);
    assert_eq!(kept(&messages), kept(&seen));
    let server_sent = server_sent.await.expect("no panic");
    assert!(server_sent.iter().all(|(id, event)| *id == sequence(event)));
    let server_sent: Vec<Value> = server_sent.into_iter().map(|(_, event)| event).collect();
    assert_eq!(kept(&server_sent), kept(&seen));
    let late = asleep.rest().await;
    assert_eq!(kept(&late), kept(&seen));
    assert_eq!(late.len() as u64 + dropped(&late), sequence(last) + 1);

    // what was said is what the API knows
    let analysis = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    assert_eq!(
        (&analysis["state"], &analysis["status"]),
        (&"done".into(), &"completed".into())
    );
    let said: Vec<&Value> = seen
        .iter()
        .filter(|event| is("repetition")(event))
        .map(|event| &event["data"])
        .collect();
    let known: Vec<&Value> = analysis["results"].as_array().expect("a list").iter().collect();
    assert_eq!(said, known);
    let results = daemon
        .public
        .get(&format!("/api/v1/analyses/{id}/results.json"))
        .await
        .json();
    assert_eq!(results["repetitions"], analysis["results"]);
    let table = daemon
        .public
        .get(&format!("/api/v1/analyses/{id}/results.csv"))
        .await
        .text();
    assert_eq!(table.lines().count(), known.len() + 1);
    assert!(
        table.lines().nth(1).is_some_and(|line| line.starts_with(&id)),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_resumes_where_it_was_and_gets_what_it_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let path = format!("/api/v1/analyses/{id}/stream");
    let mut lines = daemon
        .public
        .lines(&format!("{path}?types=state,repetition"))
        .await;
    let repetition = lines.until(is("repetition")).await;
    assert_eq!(
        daemon
            .public
            .delete(&format!("/api/v1/analyses/{id}"))
            .await
            .status,
        204
    );
    let rest = lines.rest().await;
    assert!(
        rest.iter()
            .all(|event| is("state")(event) || is("repetition")(event))
    );
    let at = sequence(&repetition);

    let whole = daemon
        .public
        .lines(&format!("{path}?types=state,repetition"))
        .await
        .rest()
        .await;
    let behind: Vec<&Value> = whole.iter().filter(|event| sequence(event) > at).collect();
    let resumed = daemon
        .public
        .lines(&format!("{path}?types=state,repetition&from_sequence={}", at + 1))
        .await;
    assert_eq!(resumed.rest().await.iter().collect::<Vec<_>>(), behind);
    let headers = [("last-event-id", at.to_string())];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let resumed = daemon
        .public
        .server_sent(&format!("{path}?types=state,repetition"), &headers)
        .await;
    assert_eq!(resumed.iter().map(|(_, event)| event).collect::<Vec<_>>(), behind);
    let (nothing, code) = daemon
        .public
        .web_socket(&format!("{path}?from_sequence=999999999"))
        .await;
    assert_eq!((nothing.len(), code), (0, 1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_movement_can_be_changed_while_it_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let path = format!("/api/v1/analyses/{id}");
    daemon
        .public
        .lines(&format!("{path}/stream"))
        .await
        .until(is_state("live"))
        .await;
    let headers = [("content-type", "application/json")];
    let change = |body: &'static str| {
        daemon
            .public
            .send(hyper::Method::PATCH, &path, &headers, body.as_bytes())
    };
    let changed = change(r#"{"sport_type":"squat","overlay":false}"#).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["sport_type"], "squat");
    assert_eq!(
        change(r#"{"sport_type":"flying"}"#).await.problem(422)["field"],
        "sport_type"
    );
    assert!(
        change(r#"{"speed":1}"#).await.problem(422)["detail"]
            .to_string()
            .contains("speed")
    );
    daemon.public.delete(&path).await;
    daemon
        .public
        .lines(&format!("{path}/stream"))
        .await
        .until(is_state("done"))
        .await;
    change(r#"{"overlay":true}"#).await.problem(409);
    assert_eq!(daemon.public.delete(&path).await.status, 204);
    daemon.public.get(&path).await.problem(404);
    assert!(folders(folder.path()).is_empty());
}
