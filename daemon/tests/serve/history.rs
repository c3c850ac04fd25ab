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

    let mut values = Vec::new();
    let mut query = "sort=-value&limit=1".to_owned();
    loop {
        let path = format!("{ATHLETES}/roster-17/metrics/jump_height_m?{query}");
        let answer = daemon.public.get(&path).await.json();
        values.extend(answer["values"].as_array().expect("a list").clone());
        match answer["next_cursor"].as_str() {
            Some(cursor) => query = format!("sort=-value&limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(values.len(), found.len());
    let number = |value: &Value| value["value"].as_f64().expect("a number");
    assert!(values.is_sorted_by(|higher, lower| number(higher) >= number(lower)));
    for value in &values {
        let of = |one: &&Value| one["repetition_id"] == value["repetition_id"];
        let measured = &found.iter().find(of).expect("it is one of them")["data"];
        assert_eq!(value["value"], measured["metrics"]["jump_height_m"]);
        assert_eq!(value["uncertainty"], measured["uncertainty"]["jump_height_m"]);
        assert_eq!(value["method"], measured["methods"]["jump_height_m"]);
        assert_eq!(value["unit"], "m");
    }
    let unknown = format!("{ATHLETES}/roster-17/metrics/beauty");
    daemon.public.get(&unknown).await.problem(404);
    let running = format!("{ATHLETES}/roster-17/metrics/jump_height_m?sport_type=running");
    assert_eq!(daemon.public.get(&running).await.json()["values"], json!([]));

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
    let taken = put(&daemon, &format!("{ATHLETES}/1"), &json!({ "external_id": "2" }))
        .await
        .problem(409);
    assert_eq!(taken["field"], "external_id");
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

/// Whether a file in a folder has these bytes.
fn holds(folder: &std::path::Path, wanted: &[u8]) -> bool {
    std::fs::read_dir(folder).expect("readable").any(|entry| {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            return holds(&path, wanted);
        }
        let bytes = std::fs::read(&path).expect("readable");
        bytes.windows(wanted.len()).any(|window| window == wanted)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_athlete_gets_everything_and_then_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("WEBHOOKS__PRIVATE_HOSTS", "true")]);
    let robin = json!({ "external_id": "17", "name": "Robin-of-the-test" });
    let athlete = daemon.public.post_json(ATHLETES, &robin).await.json();
    let athlete = athlete["athlete_id"].as_str().expect("a name").to_owned();
    // Nobody listens there, so what is to be told about them waits.
    let hook = json!({ "url": "http://127.0.0.1:9/", "events": ["repetition"] });
    assert_eq!(
        daemon
            .public
            .post_json("/api/v1/webhooks/register", &hook)
            .await
            .status,
        201
    );
    let session = json!({ "name": "Robin trains", "athlete": "17", "at": "2026-11-24T17:00:00Z" });
    let session = daemon
        .public
        .post_json("/api/v1/training-sessions", &session)
        .await
        .json();
    let session = session["training_session_id"]
        .as_str()
        .expect("a name")
        .to_owned();
    let order = json!({
        "sport_type": "cmj", "quality": "fast", "input": { "demo": true }, "record": true,
        "training_session_id": session,
    });
    let id = daemon.make(&order).await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    lines.until(is("repetition")).await;
    daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    lines.rest().await;

    let of_session = daemon
        .public
        .get(&format!("/api/v1/repetitions?training_session_id={session}"))
        .await
        .json();
    let repetitions = of_session["repetitions"].as_array().expect("a list").len();
    assert!(repetitions > 0);
    assert_eq!(
        of_session["repetitions"][0]["athlete_id"],
        athlete.as_str(),
        "whoever trains in it"
    );
    let whole = daemon.public.get(&format!("{ATHLETES}/17/export.zip")).await;
    assert_eq!(
        whole.header("content-type"),
        "application/zip",
        "{:?}",
        whole.headers
    );
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(whole.body)).expect("an archive");
    let mut read = |name: &str| {
        let mut content = Vec::new();
        let mut file = archive
            .by_name(name)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        std::io::copy(&mut file, &mut content).expect("readable");
        content
    };
    let json_of = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).expect("JSON");
    assert_eq!(json_of(read("athlete.json"))["name"], "Robin-of-the-test");
    assert_eq!(json_of(read("training_sessions.json"))[0]["name"], "Robin trains");
    let table = String::from_utf8(read("repetitions.csv")).expect("text");
    assert_eq!(table.lines().count(), repetitions + 1);
    assert_eq!(
        json_of(read(&format!("analyses/{id}/order.json")))["athlete_id"],
        athlete.as_str()
    );
    assert!(!read(&format!("analyses/{id}/events.ndjson")).is_empty());
    let recording = daemon
        .public
        .get(&format!("/api/v1/analyses/{id}/recording.mp4"))
        .await
        .body;
    assert_eq!(read(&format!("analyses/{id}/recording.mp4")), recording);

    let theirs: [&[u8]; 2] = [b"Robin-of-the-test", b"Robin trains"];
    assert!(theirs.iter().all(|name| holds(folder.path(), name)));
    assert_eq!(daemon.public.delete(&format!("{ATHLETES}/17")).await.status, 204);
    for gone in theirs {
        assert!(!holds(folder.path(), gone), "{}", String::from_utf8_lossy(gone));
    }
    daemon
        .public
        .get(&format!("/api/v1/analyses/{id}"))
        .await
        .problem(404);
    let hooks = daemon.public.get("/api/v1/webhooks").await.json();
    let hook = hooks["webhooks"][0]["webhook_id"].as_str().expect("a name");
    let untold = daemon
        .public
        .get(&format!("/api/v1/webhooks/{hook}/deliveries"))
        .await
        .json();
    assert_eq!(untold["deliveries"], json!([]));
    assert!(!folder.path().join(&id).exists());
    daemon
        .public
        .get(&format!("/api/v1/training-sessions/{session}"))
        .await
        .problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn training_sessions_are_entered_listed_changed_and_removed() {
    const SESSIONS: &str = "/api/v1/training-sessions";
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    daemon
        .public
        .post_json(ATHLETES, &json!({ "external_id": "17" }))
        .await;
    for day in [23, 25, 24] {
        let session = json!({ "name": format!("day {day}"), "at": format!("2026-11-{day}T17:00:00Z") });
        assert_eq!(daemon.public.post_json(SESSIONS, &session).await.status, 201);
    }
    let first = daemon.public.get(&format!("{SESSIONS}?limit=2")).await.json();
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = daemon
        .public
        .get(&format!("{SESSIONS}?limit=2&cursor={cursor}"))
        .await
        .json();
    let names = |page: &Value| -> Vec<String> {
        let sessions = page["training_sessions"].as_array().expect("a list").iter();
        sessions
            .map(|session| session["name"].as_str().expect("text").into())
            .collect()
    };
    assert_eq!(
        [names(&first), names(&second)].concat(),
        ["day 25", "day 24", "day 23"]
    );

    let id = second["training_sessions"][0]["training_session_id"]
        .as_str()
        .expect("a name");
    let path = format!("{SESSIONS}/{id}");
    let changed = put(&daemon, &path, &json!({ "name": "jumps", "athlete": "17" }))
        .await
        .json();
    assert_eq!(changed["at"], "2026-11-23T17:00:00.000Z", "{changed}");
    let of_athlete = daemon.public.get(&format!("{SESSIONS}?athlete=17")).await.json();
    assert_eq!(names(&of_athlete), ["jumps"]);
    for (body, field) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x", "athlete": "nobody" }), "athlete"),
        (json!({ "name": "x", "at": "tomorrow" }), "at"),
    ] {
        let answer = put(&daemon, &path, &body).await;
        assert_eq!(answer.json()["field"], field, "{answer:?}");
    }
    assert_eq!(daemon.public.delete(&path).await.status, 204);
    daemon.public.delete(&path).await.problem(404);
    let unknown = json!({ "input": { "demo": true }, "training_session_id": id });
    let problem = daemon
        .public
        .post_json("/api/v1/analyses", &unknown)
        .await
        .problem(422);
    assert_eq!(problem["field"], "training_session_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn repetitions_are_sorted_by_a_number_and_exported() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    for _ in 0..3 {
        lines.until(is("repetition")).await;
    }
    daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    lines.rest().await;
    let all = daemon.public.get("/api/v1/repetitions").await.json()["repetitions"]
        .as_array()
        .expect("a list")
        .len();

    for (sort, highest_first) in [("-jump_height_m", true), ("jump_height_m", false)] {
        let mut heights = Vec::new();
        let mut query = format!("sort={sort}&limit=2");
        loop {
            let page = daemon
                .public
                .get(&format!("/api/v1/repetitions?{query}"))
                .await
                .json();
            let found = page["repetitions"].as_array().expect("a list").iter();
            heights.extend(found.map(|one| {
                one["data"]["metrics"]["jump_height_m"]
                    .as_f64()
                    .expect("a number")
            }));
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("sort={sort}&limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert!(heights.len() >= 3, "{heights:?}");
        let in_order = |pair: &[f64]| {
            if highest_first {
                pair[0] >= pair[1]
            } else {
                pair[0] <= pair[1]
            }
        };
        assert!(heights.windows(2).all(in_order), "{sort}: {heights:?}");
    }

    let table = daemon
        .public
        .get(&format!("/api/v1/exports/repetitions.csv?analysis_id={id}"))
        .await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(table.text().lines().count(), all + 1);
    assert!(
        table.text().starts_with("repetition_id,analysis_id,sequence,"),
        "{}",
        table.text()
    );
    let parquet = daemon
        .public
        .get("/api/v1/exports/repetitions.parquet?sport_type=cmj")
        .await
        .body;
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let variables = daemon
        .public
        .get(&format!("/api/v1/analyses/{id}/results.mat"))
        .await
        .body;
    assert!(variables.starts_with(b"MATLAB 5.0"));
    for query in ["sort=height", "from=yesterday", "colour=red"] {
        let problem = daemon
            .public
            .get(&format!("/api/v1/repetitions?{query}"))
            .await
            .problem(422);
        assert_eq!(
            problem["field"],
            query.split('=').next().expect("a name"),
            "{problem}"
        );
    }
    daemon
        .public
        .get("/api/v1/exports/repetitions.csv?limit=5")
        .await
        .problem(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn analyses_are_listed_in_pages_by_athlete_movement_state_and_time() {
    let folder = tempfile::tempdir().expect("a folder");
    // All but one are read from the database.
    let settings = [("STORAGE__REMEMBERED", "1")];
    let daemon = Daemon::start(folder.path(), &settings);
    daemon
        .public
        .post_json(ATHLETES, &json!({ "external_id": "17" }))
        .await;
    let mut made = Vec::new();
    for (sport, athlete) in [("cmj", Some("17")), ("squat", Some("17")), ("cmj", None)] {
        let order = json!({ "sport_type": sport, "input": { "streaming": true }, "athlete_id": athlete });
        let id = daemon.make(&order).await;
        daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
        daemon
            .public
            .lines(&format!("/api/v1/analyses/{id}/stream"))
            .await
            .rest()
            .await;
        made.push(id);
    }
    let waiting = daemon.make(&json!({ "input": { "streaming": true } })).await;
    let list = |query: String| {
        let client = daemon.public.clone();
        async move {
            let list = client.get(&format!("/api/v1/analyses?{query}")).await.json();
            let ids = list["analyses"]
                .as_array()
                .unwrap_or_else(|| panic!("{query}: {list}"))
                .iter();
            let ids: Vec<String> = ids
                .map(|one| one["analysis_id"].as_str().expect("a name").into())
                .collect();
            (ids, list["next_cursor"].as_str().map(str::to_owned))
        }
    };
    let (first, cursor) = list("limit=3".into()).await;
    let (second, end) = list(format!("limit=3&cursor={}", cursor.expect("more"))).await;
    assert_eq!(
        [first, second].concat(),
        [&waiting, &made[2], &made[1], &made[0]].map(String::clone)
    );
    assert_eq!(end, None);
    for (query, wanted) in [
        ("athlete=17", vec![&made[1], &made[0]]),
        ("athlete=17&sport_type=cmj", vec![&made[0]]),
        ("status=queued", vec![&waiting]),
        ("state=waiting", vec![&waiting]),
        ("until=2020-01-01T00:00:00Z", vec![]),
        ("from=2020-01-01T00:00:00Z&sport_type=squat", vec![&made[1]]),
    ] {
        assert_eq!(
            list(query.into()).await.0.iter().collect::<Vec<_>>(),
            wanted,
            "{query}"
        );
    }
    for query in [
        "state=asleep",
        "status=queued&state=live",
        "athlete=nobody",
        "cursor=x",
    ] {
        let answer = daemon.public.get(&format!("/api/v1/analyses?{query}")).await;
        assert!([404, 422].contains(&answer.status), "{query}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_name_is_one_athletes() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let (robin, kim) = (json!({ "external_id": "robin" }), json!({ "external_id": "kim" }));
    for athlete in [&robin, &kim] {
        let entered = daemon.public.post_json(ATHLETES, athlete).await;
        assert_eq!(entered.status, 201, "{entered:?}");
    }
    let again = daemon.public.post_json(ATHLETES, &kim).await;
    assert_eq!(again.problem(409)["field"], "external_id");
    let path = format!("{ATHLETES}/robin");
    let taken = put(&daemon, &path, &kim).await;
    assert_eq!(taken.problem(409)["field"], "external_id");
    assert_eq!(put(&daemon, &path, &robin).await.status, 200);
}
