//! What an operator does at the command line.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program with the database in this folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinemotion"))
        .args(arguments)
        .env("KINEMOTION_SERVE__STORAGE__FOLDER", folder)
        .output()
        .expect("the program runs")
}

/// A new key of a tenant that may do this. A daemon that runs knows it within some seconds, one that starts at once.
pub fn key(folder: &Path, tenant: &str, tier: &str, scopes: &str) -> String {
    let arguments = [
        "keys", "create", "--tenant", tenant, "--tier", tier, "--scopes", scopes,
    ];
    let output = run(folder, &arguments);
    assert!(output.status.success(), "{output:?}");
    let key = String::from_utf8(output.stdout).expect("text");
    key.trim_end().to_owned()
}

/// Every scope.
pub const ALL: [&str; 8] = [
    "analyses:read",
    "analyses:write",
    "publish",
    "watch",
    "history:read",
    "history:write",
    "webhooks",
    "keys",
];

#[test]
fn tenants_and_keys_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = key(folder.path(), "club", "pro", "watch keys");
    assert!(secret.starts_with("km_"));
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(said(&["tenants", "list"]), "club  pro\nlocal  unlimited\n");
    said(&["tenants", "set", "club", "--tier", "free"]);
    assert!(said(&["tenants", "list"]).starts_with("club  free\n"));
    let listed = said(&["keys", "list", "--tenant", "club"]);
    assert!(
        listed.contains("good") && listed.contains("[watch keys]"),
        "{listed}"
    );
    assert!(!listed.contains(&secret), "it is shown once");
    let name = listed.split_whitespace().next().expect("its name");
    said(&["keys", "revoke", "--tenant", "club", name]);
    assert!(said(&["keys", "list"]).contains("ended"));
    for (wrong, named) in [
        (["tenants", "set", "club", "--tier", "gold"], "gold"),
        (["tenants", "set", "a club", "--tier", "pro"], "a club"),
        (["keys", "create", "--scopes", "fly", "--name=x"], "fly"),
    ] {
        let output = run(folder.path(), &wrong);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(named),
            "{output:?}"
        );
    }
}
