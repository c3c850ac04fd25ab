use super::*;
use std::fs;
use std::path::Path;

/// A `kubectl` that writes down what it is told beside itself, and answers with files that are there.
const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/backend/fake-kubectl");

/// A route like the shipped one, with a rule before that is none of ours.
fn route(old: u32, new: Option<u32>) -> String {
    let new = match new {
        Some(weight) => json!({"name": "green", "port": 8080, "weight": weight}),
        None => json!({"name": "green", "port": 8080}),
    };
    let other = json!({"backendRefs": [{"name": "studio", "port": 80}]});
    let ours = json!({"backendRefs": [new, {"name": "blue", "port": 8080, "weight": old}]});
    json!({"kind": "HTTPRoute", "spec": {"rules": [other, {}, ours]}}).to_string()
}

fn deployment(replicas: u32, updated: u32, ready: u32, observed: u64) -> String {
    let status = json!({"observedGeneration": observed, "updatedReplicas": updated, "readyReplicas": ready});
    json!({"metadata": {"generation": 3}, "spec": {"replicas": replicas}, "status": status}).to_string()
}

fn fake() -> (Program, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("kubectl");
    std::os::unix::fs::symlink(FAKE, &program).expect("a link");
    write(folder.path(), "route.json", &route(100, Some(0)));
    write(folder.path(), "deployment.json", &deployment(2, 2, 2, 3));
    let plan = Plan {
        old: vec!["blue".into()],
        new: vec!["green".into()],
        kubectl: Some(Kubectl {
            program,
            namespace: "sports".into(),
            ..Kubectl::default()
        }),
        ..Plan::default()
    };
    (Program::of(&plan).expect("kubectl"), folder)
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("is written");
}

#[tokio::test]
async fn a_share_is_one_patch_that_names_both_versions() {
    let (program, folder) = fake();
    write(folder.path(), "patched.json", &route(90, Some(10)));
    assert_eq!(program.give(10).await.expect("is given"), 10);
    let calls = fs::read_to_string(folder.path().join("calls")).expect("calls");
    let patches: Vec<_> = calls.lines().filter(|call| call.contains("patch")).collect();
    let [patch] = patches[..] else { panic!("{calls}") };
    let (command, patch) = patch.split_once("--patch ").expect("a patch");
    assert_eq!(
        command,
        "--namespace=sports patch httproute kinemotion --type=json "
    );
    let patch: serde_json::Value = serde_json::from_str(patch).expect("JSON");
    let expected = json!([
        {"op": "test", "path": "/spec/rules/2/backendRefs/1/name", "value": "blue"},
        {"op": "add", "path": "/spec/rules/2/backendRefs/1/weight", "value": 90},
        {"op": "test", "path": "/spec/rules/2/backendRefs/0/name", "value": "green"},
        {"op": "add", "path": "/spec/rules/2/backendRefs/0/weight", "value": 10},
    ]);
    assert_eq!(patch, expected);
}

#[tokio::test]
async fn a_patch_that_has_no_effect_is_an_error() {
    let (program, folder) = fake();
    write(folder.path(), "patched.json", &route(100, Some(0)));
    let error = program.give(10).await.expect_err("nothing has changed");
    assert_eq!(error.to_string(), "the new version was given 10 % and has 0 %");
}

#[tokio::test]
async fn a_version_is_ready_when_every_replica_is_new_and_ready() {
    let (program, folder) = fake();
    for (text, trouble) in [
        (deployment(2, 2, 2, 3), None),
        (
            deployment(2, 2, 2, 2),
            Some("the last change of Deployment green has not been taken up"),
        ),
        (deployment(0, 0, 0, 3), Some("Deployment green has no replicas")),
        (
            deployment(2, 1, 2, 3),
            Some("of 2 replicas of Deployment green 1 are new and 2 are ready"),
        ),
        (
            deployment(2, 2, 0, 3),
            Some("of 2 replicas of Deployment green 2 are new and 0 are ready"),
        ),
    ] {
        write(folder.path(), "deployment.json", &text);
        assert_eq!(program.look().await.expect("looks").trouble.as_deref(), trouble);
    }
}

#[tokio::test]
async fn a_weight_that_is_not_said_is_one() {
    let (program, folder) = fake();
    write(folder.path(), "route.json", &route(1, None));
    assert_eq!(program.look().await.expect("looks").share, 50);
}

#[tokio::test]
async fn a_version_that_is_put_away_has_no_replicas() {
    let (program, folder) = fake();
    program.make(Change::PutAway).await.expect("is made");
    let calls = fs::read_to_string(folder.path().join("calls")).expect("calls");
    assert_eq!(calls, "--namespace=sports scale deployment green --replicas=0\n");
}

#[tokio::test]
async fn errors_name_what_is_missing() {
    let (program, folder) = fake();
    write(
        folder.path(),
        "route.json",
        &json!({"spec": {"rules": [{}]}}).to_string(),
    );
    let error = program.look().await.expect_err("no such rule");
    assert_eq!(
        error.to_string(),
        "no rule of HTTPRoute kinemotion has backendRefs blue and green"
    );
    let error = program
        .send(&program.order(&["explode", "everything"]))
        .await
        .expect_err("no such command");
    assert!(error.to_string().ends_with("error: unknown command"), "{error}");
    fs::remove_file(folder.path().join("kubectl")).expect("is removed");
    let error = program.look().await.expect_err("no program");
    assert!(format!("{error:#}").starts_with("cannot run"), "{error:#}");
}
