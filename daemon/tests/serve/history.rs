//! Athletes, their repetitions, and what their numbers do over time.

use crate::client::is;
use crate::daemon::Daemon;
use hyper::Method;
use serde_json::{Value, json};

const ATHLETES: &str = "/api/v1/athletes";

async fn put(daemon: &Daemon, path: &str, body: &Value) -> crate::client::Answer {
    let headers = [("content-type", "application/json")];
    daemon
        .public
        .send(Method::PUT, path, &headers, body.to_string().as_bytes())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn repetitions_of_an_athlete_are_found_summed_up_and_erased() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let robin = json!({ "external_id": "roster-17", "name": "Robin", "height_m": 1.8, "mass_kg": 75.0 });
    let entered = daemon.public.post_json(ATHLETES, &robin).await;
    assert_eq!(entered.status, 201, "{entered:?}");
    let athlete = entered.json()["athlete_id"].as_str().expect("a name").to_owned();
    let order = json!({
        "sport_type": "cmj", "quality": "fast", "input": { "demo": true }, "athlete_id": "roster-17",
    });
    let id = daemon.make(&order).await;
    let looked_at = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    assert_eq!(
        looked_at["athlete"]["mass_kg"], 75.0,
        "it is known of the athlete"
    );

    let stream = format!("/api/v1/analyses/{id}/stream");
    let mut lines = daemon.public.lines(&stream).await;
    let told = [
        lines.until(is("repetition")).await,
        lines.until(is("repetition")).await,
    ];
    daemon
        .public
        .delete(&format!("{ATHLETES}/{athlete}"))
        .await
        .problem(409);
    daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    lines.rest().await;

    let page = |query: &str| {
        let (client, path) = (daemon.public.clone(), format!("/api/v1/repetitions?{query}"));
        async move { client.get(&path).await }
    };
    let mut found = Vec::new();
    let mut query = "athlete=roster-17&limit=1".to_owned();
    loop {
        let answer = page(&query).await.json();
        let repetitions = answer["repetitions"].as_array().expect("a list").clone();
        assert_eq!(repetitions.len(), 1, "{answer}");
        found.extend(repetitions);
        match answer["next_cursor"].as_str() {
            Some(cursor) => query = format!("athlete=roster-17&limit=1&cursor={cursor}"),
            None => break,
        }
    }
    found.reverse();
    assert!(found.len() >= told.len());
    for (found, told) in found.iter().zip(&told) {
        assert_eq!(found["sequence"], told["sequence"]);
        assert_eq!(found["data"], told["data"]);
        assert_eq!(found["athlete_id"], athlete.as_str());
    }
    for (query, count) in [
        ("sport_type=cmj&grade=A&until=2020-01-01T00:00:00Z", 0),
        ("sport_type=running", 0),
        (&format!("analysis_id={id}"), found.len()),
    ] {
        let answer = page(query).await.json();
        assert_eq!(
            answer["repetitions"].as_array().map(Vec::len),
            Some(count),
            "{query}: {answer}"
        );
    }

    let trends = format!("{ATHLETES}/roster-17/trends?sport_type=cmj&metrics=jump_height_m");
    let trends = daemon.public.get(&trends).await.json();
    let trend = &trends["trends"][0];
    assert_eq!(trend["metric"], "jump_height_m", "{trends}");
    assert_eq!(trend["count"], found.len());
    let mean = trend["mean"]["value"].as_f64().expect("a number");
    assert!((0.1..0.6).contains(&mean), "{trends}");

    let erased = daemon.public.delete(&format!("{ATHLETES}/{athlete}")).await;
    assert_eq!(erased.status, 204, "{erased:?}");
    assert_eq!(page("").await.json()["repetitions"], json!([]));
    daemon
        .public
        .get(&format!("/api/v1/analyses/{id}"))
        .await
        .problem(404);
    daemon
        .public
        .get(&format!("{ATHLETES}/{athlete}"))
        .await
        .problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn athletes_are_entered_listed_and_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    for n in 0..3 {
        let entered = daemon
            .public
            .post_json(ATHLETES, &json!({ "external_id": format!("{n}") }))
            .await;
        assert_eq!(entered.status, 201, "{entered:?}");
    }
    let twice = daemon
        .public
        .post_json(ATHLETES, &json!({ "external_id": "1" }))
        .await
        .problem(409);
    assert_eq!(twice["field"], "external_id");
    let first = daemon.public.get(&format!("{ATHLETES}?limit=2")).await.json();
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = daemon
        .public
        .get(&format!("{ATHLETES}?limit=2&cursor={cursor}"))
        .await
        .json();
    let names = |page: &Value| -> Vec<String> {
        let athletes = page["athletes"].as_array().expect("a list").iter();
        athletes
            .map(|athlete| athlete["external_id"].as_str().expect("text").into())
            .collect()
    };
    assert_eq!([names(&first), names(&second)].concat(), ["2", "1", "0"]);
    assert_eq!(second["next_cursor"], Value::Null);

    let changed = put(
        &daemon,
        &format!("{ATHLETES}/1"),
        &json!({ "external_id": "1", "mass_kg": 80.0 }),
    )
    .await;
    assert_eq!(changed.json()["mass_kg"], 80.0, "{changed:?}");
    let wrong = put(&daemon, &format!("{ATHLETES}/1"), &json!({ "mass_kg": 8000.0 }))
        .await
        .problem(422);
    assert_eq!(wrong["field"], "mass_kg");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_make_no_sense_are_refused_with_the_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    for (query, field) in [
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
        ("sport_type=flying", "sport_type"),
        ("grade=E", "grade"),
        ("from=yesterday", "from"),
    ] {
        let problem = daemon
            .public
            .get(&format!("/api/v1/repetitions?{query}"))
            .await
            .problem(422);
        assert_eq!(problem["field"], field, "{problem}");
    }
    let unknown = json!({ "input": { "demo": true }, "athlete_id": "nobody" });
    let problem = daemon
        .public
        .post_json("/api/v1/analyses", &unknown)
        .await
        .problem(422);
    assert_eq!(problem["field"], "athlete_id");
}
