//! Which sources the configuration lets an analysis have. Addresses are looked at where they are opened.

use crate::serve::api::model::Input;
use crate::serve::batch::fetch;
use crate::serve::config::Sources;
use crate::serve::problem::Problem;
use kinemotion_pipelines::live::UriAccess;
use url::Url;

/// Which addresses may be opened.
pub fn access(sources: &Sources) -> UriAccess {
    UriAccess {
        folders: sources.folders.clone(),
        private_hosts: sources.private_hosts,
        hosts: sources.hosts.clone(),
    }
}

/// Whether the configuration lets an analysis of a tenant have this source.
///
/// # Errors
/// A problem that names the key of the configuration that does not.
pub fn check(input: &Input, sources: &Sources, tenant: &str) -> Result<(), Problem> {
    let refused = |detail: &str, field: &str| Err(Problem::invalid(detail).field(field));
    match input {
        Input::Streaming(true) | Input::Uri(_) | Input::Upload(_) | Input::File(true) => Ok(()),
        Input::Streaming(false) => refused("give true, or another kind of input", "input.streaming"),
        Input::File(false) => refused("give true, or another kind of input", "input.file"),
        Input::VideoPath(uri) => video_path(uri, sources, tenant),
        Input::Demo(false) => refused("give true, or another kind of input", "input.demo"),
        Input::Demo(true) if sources.demo => Ok(()),
        Input::Demo(true) => refused("sources.demo is off in the configuration", "input.demo"),
        Input::Camera(_) if !sources.cameras => {
            refused("sources.cameras is off in the configuration", "input.camera")
        }
        Input::Camera(device) if is_camera(device) => Ok(()),
        Input::Camera(_) => refused("give a device like /dev/video0", "input.camera"),
    }
}

/// Whether a file may be fetched from an address. Names are looked up when it is.
fn video_path(uri: &str, sources: &Sources, tenant: &str) -> Result<(), Problem> {
    let refused = |detail: String| Err(Problem::invalid(detail).field("input.video_path"));
    match Url::parse(uri) {
        Ok(url) => fetch::check(&url, sources, tenant).or_else(refused),
        Err(error) => refused(format!("give an https:// or s3:// address: {error}")),
    }
}

fn is_camera(device: &str) -> bool {
    device
        .strip_prefix("/dev/video")
        .is_some_and(|number| (1..=3).contains(&number.len()) && number.bytes().all(|c| c.is_ascii_digit()))
}

/// An address as it may be shown: without user, password and query.
pub fn without_credentials(text: &str) -> String {
    let Ok(mut uri) = Url::parse(text) else {
        return String::new();
    };
    // Addresses without a host have no user either, and refuse to have one taken away.
    let _ = uri.set_username("");
    let _ = uri.set_password(None);
    uri.set_query(None);
    uri.set_fragment(None);
    uri.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_are_devices_of_this_machine() {
        let camera = |device: &str| check(&Input::Camera(device.into()), &Sources::default(), "club").is_ok();
        assert!(camera("/dev/video0") && camera("/dev/video12"));
        for other in ["/dev/video", "/dev/sda", "/dev/video0/../sda", "/etc/passwd", ""] {
            assert!(!camera(other), "{other}");
        }
    }

    #[test]
    fn what_is_off_is_refused_by_the_name_of_its_key() {
        let none = Sources {
            cameras: false,
            demo: false,
            ..Sources::default()
        };
        let refused = |input| check(&input, &none, "club").expect_err("refused").detail;
        assert!(refused(Input::Camera("/dev/video0".into())).contains("sources.cameras"));
        assert!(refused(Input::Demo(true)).contains("sources.demo"));
        assert!(check(&Input::Streaming(true), &none, "club").is_ok());
        assert!(check(&Input::Streaming(false), &Sources::default(), "club").is_err());
    }

    #[test]
    fn files_are_fetched_from_public_hosts_and_from_hosts_and_buckets_that_are_named() {
        let sources = Sources {
            hosts: vec!["videos.local".into(), "127.0.0.1".into()],
            buckets: vec!["videos/{tenant}".into()],
            ..Sources::default()
        };
        let video_path = |uri: &str| check(&Input::VideoPath(uri.into()), &sources, "club");
        for fine in [
            "https://a.example/x.mp4?signature=1",
            "http://videos.local/x.mp4",
            "http://127.0.0.1:9/x",
            "s3://videos/club/x.mp4",
        ] {
            assert!(video_path(fine).is_ok(), "{fine}");
        }
        for bad in [
            "http://a.example/x.mp4",
            "https://10.0.0.1/x",
            "file:///etc/passwd",
            "x.mp4",
            "s3://videos/team/x.mp4",
            "s3://bucket/x.mp4",
        ] {
            let problem = video_path(bad).expect_err(bad);
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (422, Some("input.video_path")),
                "{bad}"
            );
        }
        let detail = video_path("s3://b/x").expect_err("refused").detail;
        assert!(detail.contains("sources.buckets"), "{detail}");
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(
            without_credentials("rtsp://user:pw@camera.local/stream?token=x"),
            "rtsp://camera.local/stream"
        );
    }
}
