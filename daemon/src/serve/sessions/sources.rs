//! Which sources the configuration lets an analysis have. Addresses are looked at where they are opened.

use crate::serve::api::model::Input;
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

/// Whether the configuration lets an analysis have this source.
///
/// # Errors
/// A problem that names the key of the configuration that does not.
pub fn check(input: &Input, sources: &Sources) -> Result<(), Problem> {
    let refused = |detail: &str, field: &str| Err(Problem::invalid(detail).field(field));
    match input {
        Input::Streaming(true) | Input::Uri(_) => Ok(()),
        Input::Streaming(false) => refused("give true, or another kind of input", "input.streaming"),
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
        let camera = |device: &str| check(&Input::Camera(device.into()), &Sources::default()).is_ok();
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
        let refused = |input| check(&input, &none).expect_err("refused").detail;
        assert!(refused(Input::Camera("/dev/video0".into())).contains("sources.cameras"));
        assert!(refused(Input::Demo(true)).contains("sources.demo"));
        assert!(check(&Input::Streaming(true), &none).is_ok());
        assert!(check(&Input::Streaming(false), &Sources::default()).is_err());
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(
            without_credentials("rtsp://user:pw@camera.local/stream?token=x"),
            "rtsp://camera.local/stream"
        );
    }
}
