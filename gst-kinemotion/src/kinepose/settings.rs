//! What a user can set on `kinepose`.

use gst::glib;
use gst::prelude::*;
use kinemotion_models::{
    EngineConfig, EngineError, EstimatorConfig, ExecutionProvider, PersonSelection, Quality,
};
use std::sync::LazyLock;
use std::time::Duration;

/// Quality preset as a GObject enumeration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, glib::Enum)]
#[enum_type(name = "GstKinemotionQuality")]
#[repr(i32)]
pub enum PoseQuality {
    /// BlazePose lite.
    #[enum_value(name = "Lite landmark model: quickest", nick = "fast")]
    Fast,
    /// BlazePose full.
    #[default]
    #[enum_value(name = "Full landmark model", nick = "balanced")]
    Balanced,
    /// BlazePose heavy.
    #[enum_value(name = "Heavy landmark model: most exact", nick = "accurate")]
    Accurate,
}

impl From<PoseQuality> for Quality {
    fn from(quality: PoseQuality) -> Self {
        match quality {
            PoseQuality::Fast => Quality::Fast,
            PoseQuality::Balanced => Quality::Balanced,
            PoseQuality::Accurate => Quality::Accurate,
        }
    }
}

/// Latency added to a live pipeline: longer than one balanced inference on a laptop core.
pub(super) const DEFAULT_LATENCY_MS: u32 = 30;
const MAX_LATENCY_MS: u32 = 5_000;
const MAX_PERSONS: u32 = 16;
const MAX_THREADS: u32 = 256;
const MAX_BATCH_DELAY_MS: u32 = 1_000;
/// Nice values of Linux.
const NICE: (i32, i32) = (-20, 19);
const DEFAULT_PROVIDERS: &str = "cpu";
const MAX_POSE_RATE: f64 = 1_000.0;
const FASTEST_CAPTURE_FPS: f64 = 10_000.0;

/// Everything a user can set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub quality: PoseQuality,
    pub max_persons: u32,
    pub person: String,
    pub smooth: bool,
    pub detection_threshold: f32,
    pub presence_threshold: f32,
    pub pose_rate: f64,
    pub quality_limit: PoseQuality,
    pub pose_rate_limit: f64,
    pub capture_fps: f64,
    pub skip_late: bool,
    pub latency_ms: u32,
    pub workers: u32,
    pub threads: u32,
    pub providers: String,
    pub batch_delay_ms: u32,
    pub nice: i32,
    pub live_on_workers: bool,
    pub runtime: Option<String>,
    pub models: Option<String>,
    /// Counts changes, so that the streaming thread notices one without comparing.
    pub revision: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let estimator = EstimatorConfig::default();
        Self {
            quality: PoseQuality::default(),
            max_persons: estimator.max_persons as u32,
            person: "largest".into(),
            smooth: estimator.smooth,
            detection_threshold: estimator.detection_threshold,
            presence_threshold: estimator.presence_threshold,
            pose_rate: 0.0,
            quality_limit: PoseQuality::Accurate,
            pose_rate_limit: 0.0,
            capture_fps: 0.0,
            skip_late: true,
            latency_ms: DEFAULT_LATENCY_MS,
            workers: 0,
            threads: 0,
            providers: DEFAULT_PROVIDERS.into(),
            batch_delay_ms: 0,
            nice: 0,
            live_on_workers: false,
            runtime: None,
            models: None,
            revision: 0,
        }
    }
}

impl Settings {
    /// The estimator's part; an error names the property that is wrong.
    pub(super) fn estimator(&self) -> Result<EstimatorConfig, String> {
        Ok(EstimatorConfig {
            quality: self.quality.min(self.quality_limit).into(),
            max_persons: self.max_persons as usize,
            person: parse_person(&self.person)?,
            smooth: self.smooth,
            detection_threshold: self.detection_threshold,
            presence_threshold: self.presence_threshold,
        })
    }

    /// Measurements per second of media time after its limit; 0 is every frame.
    pub(super) fn permitted_pose_rate(&self) -> f64 {
        match (self.pose_rate > 0.0, self.pose_rate_limit > 0.0) {
            (true, true) => self.pose_rate.min(self.pose_rate_limit),
            (true, false) => self.pose_rate,
            (false, _) => self.pose_rate_limit,
        }
    }

    /// Whether a limit makes less of a stream of this many frames per second than is asked for.
    pub(super) fn is_degraded(&self, fps: f64) -> bool {
        let asked = if self.pose_rate > 0.0 {
            self.pose_rate.min(fps)
        } else {
            fps
        };
        self.quality > self.quality_limit || (self.pose_rate_limit > 0.0 && self.pose_rate_limit < asked)
    }

    /// The engine's part; an error names the property that is wrong.
    pub(super) fn engine(&self) -> Result<EngineConfig, String> {
        let providers = ExecutionProvider::parse_list(&self.providers)
            .map_err(|error| format!("providers=\"{}\": {error}", self.providers))?;
        Ok(EngineConfig {
            runtime: self.runtime.as_ref().map(Into::into),
            models: self.models.as_ref().map(Into::into),
            workers: self.workers as usize,
            threads_per_worker: self.threads as usize,
            providers,
            batch_delay: Duration::from_millis(self.batch_delay_ms.into()),
            nice: self.nice,
            live_on_workers: self.live_on_workers,
        })
    }

    /// Takes a property value; the type has been checked by GObject.
    pub(super) fn set(&mut self, name: &str, value: &glib::Value) {
        fn take<'a, T: glib::value::FromValue<'a>>(value: &'a glib::Value) -> T {
            value
                .get()
                .unwrap_or_else(|_| unreachable!("GObject checks the type of a property value"))
        }
        match name {
            "quality" => self.quality = take(value),
            "max-persons" => self.max_persons = take(value),
            "person" => self.person = take::<Option<String>>(value).unwrap_or_else(|| "largest".into()),
            "smooth" => self.smooth = take(value),
            "detection-threshold" => self.detection_threshold = take(value),
            "presence-threshold" => self.presence_threshold = take(value),
            "pose-rate" => self.pose_rate = take(value),
            "quality-limit" => self.quality_limit = take(value),
            "pose-rate-limit" => self.pose_rate_limit = take(value),
            "capture-fps" => self.capture_fps = take(value),
            "skip-late" => self.skip_late = take(value),
            "latency" => self.latency_ms = take(value),
            "workers" => self.workers = take(value),
            "threads" => self.threads = take(value),
            "providers" => {
                self.providers = take::<Option<String>>(value).unwrap_or_else(|| DEFAULT_PROVIDERS.into());
            }
            "batch-delay" => self.batch_delay_ms = take(value),
            "nice" => self.nice = take(value),
            "live-on-workers" => self.live_on_workers = take(value),
            "runtime" => self.runtime = take(value),
            "models" => self.models = take(value),
            other => unreachable!("no writable property {other} was installed"),
        }
        self.revision += 1;
    }

    /// Gives a property value.
    pub(super) fn get(&self, name: &str) -> glib::Value {
        match name {
            "quality" => self.quality.to_value(),
            "max-persons" => self.max_persons.to_value(),
            "person" => self.person.to_value(),
            "smooth" => self.smooth.to_value(),
            "detection-threshold" => self.detection_threshold.to_value(),
            "presence-threshold" => self.presence_threshold.to_value(),
            "pose-rate" => self.pose_rate.to_value(),
            "quality-limit" => self.quality_limit.to_value(),
            "pose-rate-limit" => self.pose_rate_limit.to_value(),
            "capture-fps" => self.capture_fps.to_value(),
            "skip-late" => self.skip_late.to_value(),
            "latency" => self.latency_ms.to_value(),
            "workers" => self.workers.to_value(),
            "threads" => self.threads.to_value(),
            "providers" => self.providers.to_value(),
            "batch-delay" => self.batch_delay_ms.to_value(),
            "nice" => self.nice.to_value(),
            "live-on-workers" => self.live_on_workers.to_value(),
            "runtime" => self.runtime.to_value(),
            "models" => self.models.to_value(),
            other => unreachable!("no property {other} was installed"),
        }
    }
}

/// Reads the `person` property.
pub(super) fn parse_person(text: &str) -> Result<PersonSelection, String> {
    match text.trim() {
        "largest" => Ok(PersonSelection::Largest),
        "nearest-centre" => Ok(PersonSelection::NearestCentre),
        "most-moving" => Ok(PersonSelection::MostMoving),
        other => other
            .strip_prefix("id=")
            .and_then(|id| id.parse().ok())
            .map(PersonSelection::Id)
            .ok_or_else(|| {
                format!("person=\"{other}\" is none of largest, nearest-centre, most-moving, id=NUMBER")
            }),
    }
}

/// What a user can do about an engine that does not work.
pub(super) fn cure(error: &EngineError) -> &'static str {
    match error {
        EngineError::Runtime(_) => {
            "install ONNX Runtime 1.17 or later and name its library in the runtime property or in KINEMOTION_ORT; \
             `kinemotion doctor` shows where it was looked for"
        }
        EngineError::Model { .. } => {
            "fetch the models with `kinemotion models pull`, or name their folder in the models property"
        }
        EngineError::Providers(_) => {
            "name one that works in the providers property, or put cpu at the end of the list; `kinemotion doctor` shows which \
             the ONNX Runtime in use has"
        }
        EngineError::Stopped => "set the pipeline to NULL and start it again",
        _ => "check the model files with `kinemotion models verify`",
    }
}

/// The property table.
pub(super) fn properties() -> &'static [glib::ParamSpec] {
    static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
        let mut all = measuring_properties();
        all.extend(running_properties());
        all.extend(engine_properties());
        all
    });
    &PROPERTIES
}

fn measuring_properties() -> Vec<glib::ParamSpec> {
    let default = Settings::default();
    vec![
        glib::ParamSpecEnum::builder_with_default("quality", default.quality)
            .nick("Quality")
            .blurb("Landmark model: more exact costs more time per frame")
            .mutable_playing()
            .build(),
        glib::ParamSpecUInt::builder("max-persons")
            .nick("Most persons")
            .blurb("People followed at once; each costs one more inference per frame")
            .minimum(1)
            .maximum(MAX_PERSONS)
            .default_value(default.max_persons)
            .mutable_playing()
            .build(),
        glib::ParamSpecString::builder("person")
            .nick("Person")
            .blurb("Whose numbers count: largest, nearest-centre, most-moving or id=NUMBER")
            .default_value(Some(default.person.as_str()))
            .mutable_playing()
            .build(),
        glib::ParamSpecBoolean::builder("smooth")
            .nick("Smooth")
            .blurb("Smooth landmarks for display; it lags and damps fast movement, so leave it off when measuring")
            .default_value(default.smooth)
            .mutable_playing()
            .build(),
        glib::ParamSpecFloat::builder("detection-threshold")
            .nick("Detection threshold")
            .blurb("Detections scored lower are ignored: raise it against phantom people, lower it for small ones")
            .minimum(0.0)
            .maximum(1.0)
            .default_value(default.detection_threshold)
            .mutable_playing()
            .build(),
        glib::ParamSpecFloat::builder("presence-threshold")
            .nick("Presence threshold")
            .blurb("A pose less certain than this is dropped and the person is searched again")
            .minimum(0.0)
            .maximum(1.0)
            .default_value(default.presence_threshold)
            .mutable_playing()
            .build(),
    ]
}

fn running_properties() -> Vec<glib::ParamSpec> {
    let default = Settings::default();
    vec![
        glib::ParamSpecDouble::builder("pose-rate")
            .nick("Pose rate")
            .blurb("Measurements per second of media time (0 = every frame); frames between get a predicted pose")
            .minimum(0.0)
            .maximum(MAX_POSE_RATE)
            .default_value(default.pose_rate)
            .mutable_playing()
            .build(),
        glib::ParamSpecDouble::builder("pose-rate-limit")
            .nick("Limit of the pose rate")
            .blurb("Most measurements per second that the machine has room for (0 = no limit); poses are marked as degraded")
            .minimum(0.0)
            .maximum(MAX_POSE_RATE)
            .default_value(default.pose_rate_limit)
            .mutable_playing()
            .build(),
        glib::ParamSpecEnum::builder_with_default("quality-limit", default.quality_limit)
            .nick("Limit of the quality")
            .blurb("Most exact landmark model that the machine has room for; a lighter one than asked for marks poses as degraded")
            .mutable_playing()
            .build(),
        glib::ParamSpecDouble::builder("capture-fps")
            .nick("Capture rate")
            .blurb("Frames per second at which a slow-motion file was filmed (0 = as stamped); the same as kinephase's")
            .minimum(0.0)
            .maximum(FASTEST_CAPTURE_FPS)
            .default_value(default.capture_fps)
            .mutable_ready()
            .build(),
        glib::ParamSpecBoolean::builder("skip-late")
            .nick("Skip late frames")
            .blurb("Live sources: predict instead of measure while the stream is behind. Files are never skipped")
            .default_value(default.skip_late)
            .mutable_playing()
            .build(),
        glib::ParamSpecUInt::builder("latency")
            .nick("Latency")
            .blurb("Milliseconds reported to a live pipeline for one inference; also the backlog permitted before skipping")
            .maximum(MAX_LATENCY_MS)
            .default_value(default.latency_ms)
            .mutable_playing()
            .build(),
        glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
            .nick("Statistics")
            .blurb("Counters since the stream began, see the documentation")
            .read_only()
            .build(),
    ]
}

/// Of the inference engine, which every element with the same settings shares.
fn engine_properties() -> Vec<glib::ParamSpec> {
    let default = Settings::default();
    let count = |name, nick, blurb, most| {
        glib::ParamSpecUInt::builder(name)
            .nick(nick)
            .blurb(blurb)
            .maximum(most)
            .mutable_ready()
            .build()
    };
    let path = |name, nick, blurb| {
        glib::ParamSpecString::builder(name)
            .nick(nick)
            .blurb(blurb)
            .mutable_ready()
            .build()
    };
    vec![
        count(
            "workers",
            "Workers",
            "Inferences of the process at the same time (0 = one per core, two where batches are taken)",
            MAX_THREADS,
        ),
        count("threads", "Threads", "Threads of each inference worker (0 = 1)", MAX_THREADS),
        glib::ParamSpecString::builder("providers")
            .nick("Execution providers")
            .blurb("What runs the networks: the first that works of cpu, cuda, tensorrt, openvino, coreml; stub measures nothing")
            .default_value(Some(default.providers.as_str()))
            .mutable_ready()
            .build(),
        count(
            "batch-delay",
            "Batch delay",
            "Milliseconds frames may wait to be run together with those of other streams, where a provider takes batches",
            MAX_BATCH_DELAY_MS,
        ),
        glib::ParamSpecInt::builder("nice")
            .nick("Nice value")
            .blurb("Nice value of the inference workers: more leaves the right of way to decoding")
            .minimum(NICE.0)
            .maximum(NICE.1)
            .default_value(default.nice)
            .mutable_ready()
            .build(),
        glib::ParamSpecBoolean::builder("live-on-workers")
            .nick("Live on workers")
            .blurb("Run inference of live streams on the workers only, never on the streaming thread")
            .default_value(default.live_on_workers)
            .mutable_ready()
            .build(),
        path("runtime", "Runtime", "Path of the ONNX Runtime library (unset = KINEMOTION_ORT, cache, system)"),
        path("models", "Models", "Folder of the converted pose models (unset = cache)"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_accepts_each_rule_and_an_id() {
        assert_eq!(parse_person("largest"), Ok(PersonSelection::Largest));
        assert_eq!(parse_person("nearest-centre"), Ok(PersonSelection::NearestCentre));
        assert_eq!(parse_person("most-moving"), Ok(PersonSelection::MostMoving));
        assert_eq!(parse_person("id=7"), Ok(PersonSelection::Id(7)));
    }

    #[test]
    fn a_provider_that_does_not_exist_is_named_with_its_property() {
        let settings = Settings {
            providers: "cuda,abacus".into(),
            ..Settings::default()
        };
        let error = settings.engine().expect_err("must be refused");
        assert!(
            error.contains("providers=") && error.contains("\"abacus\""),
            "{error}"
        );
        assert_eq!(Settings::default().engine(), Ok(EngineConfig::default()));
    }

    #[test]
    fn an_unknown_person_rule_is_named_in_the_error() {
        for wrong in ["", "tallest", "id=", "id=-1", "id=x"] {
            let error = parse_person(wrong).expect_err("must be refused");
            assert!(
                error.contains("person=") && error.contains("most-moving"),
                "{error}"
            );
        }
    }
}
