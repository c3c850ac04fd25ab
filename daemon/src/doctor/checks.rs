//! What the doctor looks at.

use super::Check;
use kinemotion_models::store::{self, State};
use kinemotion_models::{
    ColorMatrix, ColorRange, Engine, EngineConfig, EngineError, EstimatorConfig, ExecutionProvider,
    FrameView, PixelFormat, Plane, PoseEstimator, Quality,
};
use kinemotion_pipelines::elements::{self, LIVE_REQUIREMENTS, OWN_ELEMENTS, REQUIREMENTS, Requirement};
use std::sync::Arc;

/// Oldest GStreamer that works.
const OLDEST_GSTREAMER: (u32, u32) = (1, 22);
const PULL: &str = "kinemotion models pull";

/// Every check, in the order in which a person would fix things; with `live`, of what `serve` needs too.
pub(super) fn all(providers: &[ExecutionProvider], live: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    match elements::init() {
        Ok(()) => {
            checks.push(gstreamer_version());
            checks.extend(required_elements(live));
            checks.push(own_elements());
            checks.push(decoders());
        }
        Err(error) => checks.push(Check::bad(
            "GStreamer",
            error.to_string(),
            "sudo apt-get install libgstreamer1.0-0 gstreamer1.0-plugins-base",
        )),
    }
    checks.extend(model_files());
    checks.extend(inference(providers));
    checks
}

fn gstreamer_version() -> Check {
    let (major, minor, micro) = elements::gstreamer_version();
    let text = format!("{major}.{minor}.{micro}");
    if (major, minor) >= OLDEST_GSTREAMER {
        return Check::good("GStreamer", text);
    }
    let (major, minor) = OLDEST_GSTREAMER;
    Check::bad(
        "GStreamer",
        text,
        format!("{major}.{minor} or later is needed, as in Debian 12"),
    )
}

/// One check per Debian package, so that one command fixes all of its elements.
fn required_elements(live: bool) -> Vec<Check> {
    let more = if live { LIVE_REQUIREMENTS } else { &[] };
    let required: Vec<&Requirement> = REQUIREMENTS.iter().chain(more).collect();
    let mut packages: Vec<&str> = Vec::new();
    for requirement in &required {
        if !packages.contains(&requirement.package) {
            packages.push(requirement.package);
        }
    }
    packages
        .into_iter()
        .map(|package| package_check(package, &required, elements::is_available))
        .collect()
}

fn package_check(package: &str, required: &[&Requirement], is_available: impl Fn(&str) -> bool) -> Check {
    let of_package = || {
        required
            .iter()
            .filter(|requirement| requirement.package == package)
    };
    let missing: Vec<_> = of_package()
        .filter(|requirement| !is_available(requirement.element))
        .collect();
    if missing.is_empty() {
        let names: Vec<&str> = of_package().map(|requirement| requirement.element).collect();
        return Check::good(package, names.join(", "));
    }
    let names: Vec<String> = missing
        .iter()
        .map(|r| format!("{} ({})", r.element, r.purpose))
        .collect();
    Check::bad(
        package,
        format!("missing: {}", names.join(", ")),
        format!(
            "sudo apt-get install {package}; if it is installed, remove ~/.cache/gstreamer-1.0 and look again"
        ),
    )
}

fn own_elements() -> Check {
    let missing: Vec<&str> = OWN_ELEMENTS
        .iter()
        .copied()
        .filter(|name| !elements::is_available(name))
        .collect();
    if missing.is_empty() {
        return Check::good("kinemotion elements", OWN_ELEMENTS.join(", "));
    }
    Check::bad(
        "kinemotion elements",
        format!("missing: {}", missing.join(", ")),
        "build kinemotion again: make build",
    )
}

fn decoders() -> Check {
    let decoders = elements::video_decoders();
    let names = |hardware: bool| -> Vec<&str> {
        decoders
            .iter()
            .filter(|decoder| decoder.hardware == hardware)
            .map(|decoder| decoder.element.as_str())
            .collect()
    };
    let hardware = names(true);
    let software = names(false).len();
    if decoders.is_empty() {
        return Check::bad(
            "video decoders",
            "none",
            "sudo apt-get install gstreamer1.0-libav",
        );
    }
    if hardware.is_empty() {
        return Check::note(
            "video decoders",
            format!("{software} in software, none in hardware: decoding uses the CPU"),
        );
    }
    Check::good(
        "video decoders",
        format!("hardware: {}; {software} in software", hardware.join(", ")),
    )
}

fn model_files() -> Vec<Check> {
    let artifacts = match store::verify() {
        Ok(artifacts) => artifacts,
        Err(error) => return vec![Check::bad("models", error.to_string(), PULL)],
    };
    let check = |artifact: &store::Artifact| match artifact.state {
        State::Ready => Check::good(&artifact.name, artifact.path.display().to_string()),
        State::Missing => Check::bad(&artifact.name, "missing", PULL),
        State::Corrupt => Check::bad(
            &artifact.name,
            format!("{} is damaged", artifact.path.display()),
            PULL,
        ),
    };
    artifacts.iter().map(check).collect()
}

/// Loads ONNX Runtime and looks at one empty picture with the first of `providers` that works.
fn inference(providers: &[ExecutionProvider]) -> Vec<Check> {
    let engine = Engine::shared(&EngineConfig {
        workers: 1,
        providers: providers.to_vec(),
        ..EngineConfig::default()
    });
    let mut checks = Vec::new();
    if let Some(path) = Engine::runtime_library() {
        checks.push(Check::good("ONNX Runtime", format!("{} loads", path.display())));
        let built_in: Vec<&str> = ExecutionProvider::built_in()
            .map(ExecutionProvider::name)
            .collect();
        checks.push(Check::good(PROVIDERS, format!("it has {}", built_in.join(", "))));
    }
    match engine {
        Ok(engine) => {
            checks.push(blank_frame(&engine));
            checks.extend(
                engine
                    .notices()
                    .into_iter()
                    .map(|notice| Check::note(PROVIDERS, notice)),
            );
        }
        Err(error @ EngineError::Providers(_)) => {
            let cure = "name another with --provider; cpu always works";
            checks.push(Check::bad(PROVIDERS, error.to_string(), cure));
        }
        Err(error) => checks.push(Check::bad("ONNX Runtime", error.to_string(), PULL)),
    }
    checks
}

const PROVIDERS: &str = "execution providers";

fn blank_frame(engine: &Arc<Engine>) -> Check {
    const SUBJECT: &str = "inference";
    const WIDTH: usize = 320;
    const HEIGHT: usize = 240;
    let pixels = vec![0; 3 * WIDTH * HEIGHT];
    let planes = [
        Plane {
            data: &pixels,
            stride: 3 * WIDTH,
        },
        Plane::default(),
        Plane::default(),
    ];
    let frame = FrameView::new(
        PixelFormat::Rgb,
        WIDTH,
        HEIGHT,
        planes,
        ColorMatrix::Bt601,
        ColorRange::Full,
    );
    let config = EstimatorConfig {
        quality: Quality::Fast,
        ..EstimatorConfig::default()
    };
    let mut estimator = PoseEstimator::new(engine.clone(), config);
    let result = match &frame {
        Ok(frame) => estimator
            .process(frame, 0.0)
            .map(<[_]>::len)
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match result {
        Ok(0) => Check::good(
            SUBJECT,
            format!(
                "{} looked at an empty picture: it holds nobody",
                engine.provider()
            ),
        ),
        Ok(_) => Check::bad(
            SUBJECT,
            "somebody was seen in an empty picture",
            "kinemotion models verify",
        ),
        Err(error) => Check::bad(SUBJECT, error, PULL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_element_names_its_package_and_its_purpose() {
        let required: Vec<&Requirement> = REQUIREMENTS.iter().collect();
        let check = package_check("gstreamer1.0-plugins-ugly", &required, |element| {
            element != "x264enc"
        });
        assert!(check.is_bad());
        assert!(
            check.finding.contains("x264enc (encode the overlay video)"),
            "{}",
            check.finding
        );
        let text = super::super::report(&[check]);
        assert!(
            text.contains("apt-get install gstreamer1.0-plugins-ugly"),
            "{text}"
        );
    }

    #[test]
    fn each_package_is_checked_once() {
        elements::init().expect("GStreamer starts");
        let checks = required_elements(true);
        let mut packages: Vec<&str> = checks.iter().map(|check| check.subject.as_str()).collect();
        packages.sort_unstable();
        let count = packages.len();
        packages.dedup();
        assert_eq!(packages.len(), count, "{packages:?}");
    }
}
