//! The description is whole: every route is in it, and every reference leads somewhere.

use super::*;
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(&*DOCUMENT).expect("JSON")
}

fn visit(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                see(name, member);
                visit(member, see);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| visit(element, see)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("an item").iter();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation.clone()))
    });
    operations.collect()
}

#[test]
fn it_is_openapi_3_1_of_this_version() {
    let document = document();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_path_of_the_interface_is_described() {
    let document = document();
    let mut described: Vec<String> = operations(&document)
        .into_iter()
        .map(|(path, method, _)| format!("{method} {path}"))
        .collect();
    described.sort();
    let mut expected = vec![
        "delete /api/v1/analyses/{id}",
        "delete /api/v1/athletes/{id}",
        "delete /api/v1/keys/{id}",
        "delete /api/v1/training-sessions/{id}",
        "delete /api/v1/uploads/{id}",
        "delete /api/v1/webhooks/{id}",
        "delete /whep/{id}/{viewer}",
        "delete /whip/{id}",
        "get /api/v1/analyses",
        "get /api/v1/analyses/{id}",
        "get /api/v1/analyses/{id}/curves.mat",
        "get /api/v1/analyses/{id}/curves_phase.parquet",
        "get /api/v1/analyses/{id}/curves_time.parquet",
        "get /api/v1/analyses/{id}/diagnostics",
        "get /api/v1/analyses/{id}/diagnostics/pipeline.dot",
        "get /api/v1/analyses/{id}/events.ndjson",
        "get /api/v1/analyses/{id}/overlay.mp4",
        "get /api/v1/analyses/{id}/report.html",
        "get /api/v1/analyses/{id}/recording.mp4",
        "get /api/v1/analyses/{id}/results.csv",
        "get /api/v1/analyses/{id}/results.json",
        "get /api/v1/analyses/{id}/results.mat",
        "get /api/v1/analyses/{id}/snapshot.jpg",
        "get /api/v1/analyses/{id}/stream",
        "get /api/v1/athletes",
        "get /api/v1/athletes/{id}",
        "get /api/v1/athletes/{id}/export.zip",
        "get /api/v1/athletes/{id}/metrics/{metric}",
        "get /api/v1/athletes/{id}/trends",
        "get /api/v1/audit",
        "get /api/v1/exports/repetitions.csv",
        "get /api/v1/exports/repetitions.parquet",
        "get /api/v1/keys",
        "get /api/v1/repetitions",
        "get /api/v1/sports",
        "get /api/v1/training-sessions",
        "get /api/v1/training-sessions/{id}",
        "get /api/v1/usage",
        "get /api/v1/webhooks",
        "get /api/v1/webhooks/{id}",
        "get /api/v1/webhooks/{id}/deliveries",
        "get /hls/{id}/{file}",
        "head /api/v1/uploads/{id}",
        "patch /api/v1/analyses/{id}",
        "patch /api/v1/uploads/{id}",
        "patch /whip/{id}",
        "post /api/v1/analyses",
        "post /api/v1/athletes",
        "post /api/v1/keys",
        "post /api/v1/keys/{id}/rotate",
        "post /api/v1/tokens",
        "post /api/v1/training-sessions",
        "post /api/v1/uploads",
        "post /api/v1/webhooks/register",
        "post /api/v1/webhooks/{id}/deliveries/{delivery}/resend",
        "post /api/v1/webhooks/{id}/enable",
        "post /api/v1/webhooks/{id}/test",
        "post /whep/{id}",
        "post /whip",
        "post /whip/{id}",
        "put /api/v1/athletes/{id}",
        "put /api/v1/training-sessions/{id}",
    ];
    expected.sort_unstable();
    assert_eq!(described, expected);
}

#[test]
fn every_reference_leads_to_a_schema() {
    let document = document();
    let mut references = 0;
    visit(&document, &mut |name, member| {
        if name == "$ref" {
            let target = member.as_str().expect("a text").trim_start_matches('#');
            assert!(document.pointer(target).is_some(), "{target}");
            references += 1;
        }
    });
    assert!(references > 10);
}

#[test]
fn every_operation_is_explained_tagged_named_once_and_may_fail() {
    let document = document();
    let tags: Vec<&Value> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut names = std::collections::BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{at} has no summary");
        assert!(tags.contains(&&operation["tags"][0]), "{at} has an unknown tag");
        assert!(
            names.insert(operation["operationId"].to_string()),
            "{at} has another's name"
        );
        assert!(
            operation["responses"]["default"]["content"][PROBLEM_JSON].is_object(),
            "{at}"
        );
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for part in path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            let described = |parameter: &Value| parameter["in"] == "path" && parameter["name"] == part;
            assert!(parameters.iter().any(described), "{at} does not describe {part}");
        }
    }
}
