use super::*;
use crate::plan::Haproxy;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixListener;

/// As haproxy 2.6 writes it, without most of its columns.
const STATES: &str =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n";

/// An admin socket that does what it is told as haproxy does, and keeps what that was.
struct Fake {
    servers: Vec<(String, Server)>,
    told: Vec<String>,
}

impl Fake {
    fn answer(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        match words[..] {
            ["show", "servers", "state", "kinemotion"] => {
                let line = |(n, (name, server)): (usize, &(String, Server))| {
                    let Server { state, admin, weight } = server;
                    format!("3 kinemotion {n} {name} 127.0.0.1 {state} {admin} {weight} 1\n")
                };
                let lines: String = self.servers.iter().enumerate().map(line).collect();
                format!("{STATES}{lines}\n")
            }
            ["show", ..] => "Can't find backend.\n\n".into(),
            ["set", "server", name, what, value] => {
                self.told.push(words[2..].join(" "));
                let name = name.strip_prefix("kinemotion/").expect("the backend");
                let server = self.servers.iter_mut().find(|(other, _)| other == name);
                let Some((_, server)) = server else {
                    return "No such server.\n\n".into();
                };
                match (what, value) {
                    ("weight", weight) => server.weight = weight.parse().expect("a number"),
                    ("state", "ready") => server.admin = 0,
                    ("state", "drain") => server.admin = 8,
                    ("state", "maint") => (server.admin, server.state) = (1, 0),
                    other => panic!("{other:?}"),
                }
                "\n".into()
            }
            _ => panic!("{command}"),
        }
    }
}

fn server(name: &str, state: u32, admin: u32, weight: u32) -> (String, Server) {
    (name.into(), Server { state, admin, weight })
}

/// A back end with `old` and `new`, which asks a fake with these servers.
fn fake(
    old: &[&str],
    new: &[&str],
    servers: Vec<(String, Server)>,
) -> (Socket, Arc<Mutex<Fake>>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("admin.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let fake = Arc::new(Mutex::new(Fake {
        servers,
        told: Vec::new(),
    }));
    let answering = fake.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut command = String::new();
            BufReader::new(&mut stream)
                .read_line(&mut command)
                .await
                .expect("a command");
            let answer = answering.lock().expect("no panic").answer(command.trim_end());
            stream.write_all(answer.as_bytes()).await.expect("it is read");
        }
    });
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let plan = Plan {
        old: names(old),
        new: names(new),
        haproxy: Some(Haproxy {
            socket: path,
            ..Haproxy::default()
        }),
        ..Plan::default()
    };
    (Socket::of(&plan).expect("haproxy"), fake, folder)
}

#[tokio::test]
async fn a_share_is_set_and_found_again_and_nobody_is_without_a_server_meanwhile() {
    let servers = vec![server("blue", 2, 0, 100), server("green", 2, 8, 0)];
    let (socket, fake, _folder) = fake(&["blue"], &["green"], servers);
    assert_eq!(
        socket.look().await.expect("looks"),
        Sight {
            share: 0,
            trouble: None
        }
    );
    for share in [10, 50, 100, 0] {
        fake.lock().expect("no panic").told.clear();
        assert_eq!(socket.give(share).await.expect("is given"), share);
        let told = fake.lock().expect("no panic").told.clone();
        let expected = match share {
            100 => [
                "kinemotion/green weight 100",
                "kinemotion/green state ready",
                "kinemotion/blue weight 0",
                "kinemotion/blue state drain",
            ],
            0 => [
                "kinemotion/blue weight 100",
                "kinemotion/blue state ready",
                "kinemotion/green weight 0",
                "kinemotion/green state drain",
            ],
            10 => [
                "kinemotion/blue weight 90",
                "kinemotion/blue state ready",
                "kinemotion/green weight 10",
                "kinemotion/green state ready",
            ],
            _ => [
                "kinemotion/blue weight 50",
                "kinemotion/blue state ready",
                "kinemotion/green weight 50",
                "kinemotion/green state ready",
            ],
        };
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_version_is_ready_when_every_server_of_it_passes_its_checks() {
    for (servers, trouble) in [
        (vec![server("b", 2, 0, 1), server("c", 2, 0, 1)], None),
        (vec![server("b", 2, 8, 1), server("c", 2, 0, 1)], None),
        (
            vec![server("b", 0, 0, 1), server("c", 2, 0, 1)],
            Some("b does not pass its checks"),
        ),
        (
            vec![server("b", 3, 0, 1), server("c", 0, 1, 1)],
            Some("b does not pass its checks, c is in maintenance"),
        ),
    ] {
        let all = [vec![server("a", 2, 0, 1)], servers].concat();
        let (socket, _fake, _folder) = fake(&["a"], &["b", "c"], all);
        assert_eq!(socket.look().await.expect("looks").trouble.as_deref(), trouble);
    }
}

#[tokio::test]
async fn what_is_in_maintenance_or_drains_has_no_share() {
    for (admin, share) in [(0, 50), (1, 0), (8, 0), (32, 0)] {
        let servers = vec![server("a", 2, 0, 50), server("b", 2, admin, 50)];
        let (socket, _fake, _folder) = fake(&["a"], &["b"], servers);
        assert_eq!(socket.look().await.expect("looks").share, share);
    }
}

#[tokio::test]
async fn a_version_that_is_put_away_is_in_maintenance_and_comes_back_to_be_checked() {
    let servers = vec![server("a", 2, 0, 100), server("b", 2, 8, 0)];
    let (socket, _fake, _folder) = fake(&["a"], &["b"], servers);
    socket.make(Change::PutAway).await.expect("is made");
    let sight = socket.look().await.expect("looks");
    assert_eq!(sight.trouble.as_deref(), Some("b is in maintenance"));
    socket.give(0).await.expect("is given");
    let sight = socket.look().await.expect("looks");
    assert_eq!(sight.trouble.as_deref(), Some("b does not pass its checks"));
}

#[tokio::test]
async fn errors_name_what_is_missing() {
    let (socket, _fake, folder) = fake(&["a"], &["b"], vec![server("a", 2, 0, 1)]);
    let error = socket.give(10).await.expect_err("there is no b");
    assert!(format!("{error:#}").contains("No such server."), "{error:#}");
    let error = socket.look().await.expect_err("there is no b");
    assert!(format!("{error:#}").contains("has no server b"), "{error:#}");
    let other = Socket {
        backend: "nix".into(),
        ..socket
    };
    let error = other.look().await.expect_err("there is no nix");
    assert!(format!("{error:#}").contains("Can't find backend."), "{error:#}");
    let away = Socket {
        path: folder.path().join("none"),
        ..other
    };
    let error = away.look().await.expect_err("nobody is there");
    assert!(format!("{error:#}").contains("none"), "{error:#}");
}

#[test]
fn weights_of_many_servers_make_about_the_share_that_is_wanted() {
    for (old, new) in [(1, 1), (3, 1), (1, 3), (5, 4), (20, 3)] {
        for share in [0, 1, 10, 33, 50, 90, 99, 100] {
            let (of_old, of_new) = weights(share, old, new);
            assert!(of_old <= MOST && of_new <= MOST);
            let made = percent(of_new * new, of_old * old + of_new * new);
            assert!(
                made.abs_diff(share) <= 2,
                "{share} % of {old} and {new}: {made} %"
            );
        }
    }
}
