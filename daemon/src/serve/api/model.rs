//! What clients send to have something analysed.

use crate::measuring::{BOX_M, CAMERA_DEG, CAPTURE_FPS, MASS_KG, STATURE_M};
use crate::serve::problem::Problem;
use kinemotion_motion::{Athlete, MovementChoice, Setup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An analysis to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "sport_type": "cmj", "input": { "demo": true }, "quality": "fast", "athlete": { "height_m": 1.8, "mass_kg": 75.0 }
}))]
pub struct CreateAnalysis {
    /// Name of a movement as listed by `/api/v1/sports`, or `auto` to recognise it.
    #[serde(default = "auto")]
    #[schema(example = "cmj", default = "auto")]
    pub sport_type: String,
    /// Where pictures come from.
    pub input: Input,
    /// Which landmark model runs: more exact costs more time.
    #[serde(default)]
    pub quality: Quality,
    /// What is known about the athlete.
    #[serde(default)]
    pub athlete: AthleteInfo,
    /// Whose repetitions they are: `athlete_id` or `external_id` of an athlete.
    pub athlete_id: Option<String>,
    /// The training session it belongs to. Its athlete did it, unless another is named where it has none.
    pub training_session_id: Option<String>,
    /// How the camera stands.
    #[serde(default)]
    pub camera: Camera,
    /// Height of the box of drop jumps, metres; measured when absent.
    #[schema(minimum = 0.05, maximum = 2.0)]
    pub box_height_m: Option<f64>,
    /// People followed at once. With one, it is the largest in the picture; with more, everybody is measured.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 16, default = 1)]
    pub max_persons: u32,
    /// Whether the video that leaves carries skeleton, phase and numbers. Of a file, whether such a video is made.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub overlay: bool,
    /// Whether the video is recorded to an MP4 file; not of a file.
    #[serde(default)]
    pub record: bool,
    /// Where the video is sent while the analysis runs; not of a file.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub outputs: Vec<Output>,
    /// Whether a page is made of it, with pictures of the key instants, curves and every number with its interval; only of a file. The
    /// video with graphics, which the pictures are taken from, then carries the skeleton alone.
    #[serde(default)]
    #[schema(default = false)]
    pub report: bool,
    /// What else the measurement may be told. An entry that is not known is an error that names it.
    #[serde(default)]
    pub config: AnalysisConfig,
    /// Where this analysis alone is told of: `repetition`, `analysis_complete` and `error`, as to webhooks that are registered and by
    /// the same rules. `webhook_secret` of the answer is what signs. It goes with the analysis, and the tier does not count it; whoever
    /// orders it must be allowed to read the analysis (`analyses:read`).
    #[schema(example = "https://coach.example/hooks/roster-17")]
    pub webhook_url: Option<String>,
}

/// What else the measurement may be told.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisConfig {
    /// Frames per second at which a slow-motion file was filmed; not of a live analysis.
    #[schema(minimum = 1, maximum = 10000, example = 240)]
    pub capture_fps: Option<f64>,
    /// Whose movement is measured, of the `max_persons` that are followed; nobody else's is then.
    pub person: Option<Person>,
}

/// One of several people in the picture.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// Who takes up most of it.
    Largest,
    /// Who is nearest to its centre.
    NearestCentre,
    /// Who moves most.
    MostMoving,
}

/// Where pictures come from: one of these.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// A browser, OBS or an encoder publishes by WHIP to the `whip_url` of the answer. Always true.
    Streaming(bool),
    /// An address: `rtsp(s)://`, `srt://`, `http(s)://`, `file://`. `[sources]` of the configuration says which.
    #[schema(example = "rtsp://camera.local/stream")]
    Uri(String),
    /// A camera of the machine the daemon runs on.
    #[schema(example = "/dev/video0")]
    Camera(String),
    /// The rendered demo athlete, endlessly. Always true.
    Demo(bool),
    /// A file at an `https://` address, such as one that a storage has signed, or an object `s3://BUCKET/KEY`; `[sources]` of the
    /// configuration names hosts that may be inside, and the buckets. It waits in a queue.
    #[serde(rename = "video_path")]
    #[schema(example = "https://videos.example/jump.mp4?signature=abc")]
    VideoPath(String),
    /// The name of a complete upload, which is used up. It waits in a queue.
    #[schema(example = "0199d4c0-7f00-7000-8000-000000000002")]
    Upload(String),
    /// The part `video` of a multipart request. Always true, and may be left out there.
    File(bool),
}

impl Input {
    /// Whether it is a file, which waits in a queue, and not live.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::VideoPath(_) | Self::Upload(_) | Self::File(_))
    }
}

/// A place the video is sent to: one of these.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// `rtmp://…` or `rtmps://…`
    Rtmp(String),
    /// `srt://host:port`
    Srt(String),
    /// `srt://host:port`, the graphics alone, on black and premultiplied: the fill input of a keyer
    Fill(String),
    /// `srt://host:port`, the opacity of the graphics as grey: the key input of a keyer
    Matte(String),
    /// HTTP Live Streaming from the daemon itself, at `hls_url` of the answer. Always true.
    Hls(bool),
}

/// Which landmark model runs.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// BlazePose lite.
    Fast,
    /// BlazePose full.
    #[default]
    Balanced,
    /// BlazePose heavy.
    Accurate,
}

/// What is known about the athlete.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AthleteInfo {
    /// Stature, metres; gives lengths and speeds their scale.
    #[schema(minimum = 0.5, maximum = 2.72, example = 1.8)]
    pub height_m: Option<f64>,
    /// Body mass, kilograms; needed for power and force.
    #[schema(minimum = 10, maximum = 635, example = 75)]
    pub mass_kg: Option<f64>,
}

/// How the camera stands; estimated when absent.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    /// Degrees by which the picture is turned clockwise.
    #[schema(minimum = -45, maximum = 45)]
    pub roll_deg: Option<f64>,
    /// Degrees by which the camera is off the right angle to the movement.
    #[schema(minimum = -45, maximum = 45)]
    pub yaw_deg: Option<f64>,
}

/// A change of a running analysis; what is absent stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "sport_type": "squat", "overlay": true }))]
pub struct ChangeAnalysis {
    /// Look for this movement from now on.
    #[schema(example = "squat")]
    pub sport_type: Option<String>,
    /// Draw skeleton, phase and numbers on the video that leaves, or not.
    pub overlay: Option<bool>,
}

/// The query of `POST /whip`: [`CreateAnalysis`] in one line, for encoders that know nothing but an address.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublishQuery {
    /// Name of a movement, or `auto`.
    #[serde(default = "auto")]
    #[param(example = "cmj")]
    pub sport: String,
    /// Which landmark model runs.
    #[serde(default)]
    pub quality: Quality,
    /// Stature of the athlete, metres.
    pub height_m: Option<f64>,
    /// Body mass of the athlete, kilograms.
    pub mass_kg: Option<f64>,
    /// `athlete_id` or `external_id` of the athlete.
    pub athlete_id: Option<String>,
    /// The training session it belongs to.
    pub training_session_id: Option<String>,
    /// Height of the box of drop jumps, metres.
    pub box_height_m: Option<f64>,
    /// Whether the video that leaves carries the graphics.
    #[serde(default = "yes")]
    pub overlay: bool,
    /// Whether the video is recorded.
    #[serde(default)]
    pub record: bool,
    /// An address `rtmp://…` the video is sent to.
    pub rtmp: Option<String>,
    /// An address `srt://…` the video is sent to.
    pub srt: Option<String>,
}

impl From<PublishQuery> for CreateAnalysis {
    fn from(query: PublishQuery) -> Self {
        let outputs = query.rtmp.map(Output::Rtmp).into_iter();
        Self {
            sport_type: query.sport,
            input: Input::Streaming(true),
            quality: query.quality,
            athlete: AthleteInfo {
                height_m: query.height_m,
                mass_kg: query.mass_kg,
            },
            athlete_id: query.athlete_id,
            training_session_id: query.training_session_id,
            camera: Camera::default(),
            box_height_m: query.box_height_m,
            max_persons: 1,
            overlay: query.overlay,
            record: query.record,
            outputs: outputs.chain(query.srt.map(Output::Srt)).collect(),
            report: false,
            config: AnalysisConfig::default(),
            webhook_url: None,
        }
    }
}

fn auto() -> String {
    "auto".into()
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// Most outputs of one analysis.
const MOST_OUTPUTS: usize = 8;
/// Longest address taken.
const URI_BYTES: usize = 2048;

impl CreateAnalysis {
    /// Looks at what types cannot say.
    ///
    /// # Errors
    /// A problem that names the field.
    pub fn check(&self) -> Result<(), Problem> {
        self.movement()?;
        within("athlete.height_m", self.athlete.height_m, STATURE_M, "metres")?;
        within("athlete.mass_kg", self.athlete.mass_kg, MASS_KG, "kilograms")?;
        within("camera.roll_deg", self.camera.roll_deg, CAMERA_DEG, "degrees")?;
        within("camera.yaw_deg", self.camera.yaw_deg, CAMERA_DEG, "degrees")?;
        within("box_height_m", self.box_height_m, BOX_M, "metres")?;
        if !(1..=16).contains(&self.max_persons) {
            return Err(Problem::invalid("give 1 to 16").field("max_persons"));
        }
        match &self.input {
            Input::Uri(uri) => short("input.uri", uri)?,
            Input::VideoPath(uri) => short("input.video_path", uri)?,
            _ => {}
        }
        within(
            "config.capture_fps",
            self.config.capture_fps,
            CAPTURE_FPS,
            "frames per second",
        )?;
        if self.input.is_file() {
            self.check_file()?;
        } else {
            self.check_live()?;
        }
        if self.outputs.len() > MOST_OUTPUTS {
            return Err(Problem::invalid(format!("give at most {MOST_OUTPUTS}")).field("outputs"));
        }
        let mut outputs = self.outputs.iter().enumerate();
        outputs.try_for_each(|(n, output)| output.check(n))
    }

    /// Refuses what only a live analysis has.
    fn check_file(&self) -> Result<(), Problem> {
        if self.record {
            return Err(
                Problem::invalid("a file is its own recording; overlay has it drawn on").field("record"),
            );
        }
        if !self.outputs.is_empty() {
            return Err(Problem::invalid("only a live analysis sends its video somewhere").field("outputs"));
        }
        Ok(())
    }

    /// Refuses what only a file has.
    fn check_live(&self) -> Result<(), Problem> {
        if self.report {
            return Err(Problem::invalid("only a file has a report").field("report"));
        }
        if self.config.capture_fps.is_some() {
            return Err(Problem::invalid("only a file is slower than life").field("config.capture_fps"));
        }
        Ok(())
    }

    /// Which movement to look for.
    ///
    /// # Errors
    /// A name nobody registered.
    pub fn movement(&self) -> Result<MovementChoice, Problem> {
        movement(&self.sport_type)
    }

    /// What is known about the athlete, as the science takes it.
    pub fn athlete(&self) -> Athlete {
        Athlete {
            height_m: self.athlete.height_m,
            mass_kg: self.athlete.mass_kg,
        }
    }

    /// What is known about how it is filmed, as the science takes it.
    pub fn setup(&self) -> Setup {
        Setup {
            camera_roll_deg: self.camera.roll_deg,
            camera_yaw_deg: self.camera.yaw_deg,
            camera_pitch_deg: None,
            box_height_m: self.box_height_m,
        }
    }
}

impl Output {
    fn check(&self, n: usize) -> Result<(), Problem> {
        let (name, uri, schemes): (_, _, &[&str]) = match self {
            Output::Hls(true) => return Ok(()),
            Output::Hls(false) => {
                return Err(Problem::invalid("give true, or leave it out").field(format!("outputs[{n}].hls")));
            }
            Output::Rtmp(uri) => ("rtmp", uri, &["rtmp", "rtmps"]),
            Output::Srt(uri) => ("srt", uri, &["srt"]),
            Output::Fill(uri) => ("fill", uri, &["srt"]),
            Output::Matte(uri) => ("matte", uri, &["srt"]),
        };
        let field = format!("outputs[{n}].{name}");
        short(&field, uri)?;
        let fits = url::Url::parse(uri).is_ok_and(|uri| schemes.contains(&uri.scheme()) && uri.has_host());
        fits.then_some(()).ok_or_else(|| {
            Problem::invalid(format!("give an address like {}://host/…", schemes[0])).field(field)
        })
    }
}

/// The movement of a name.
///
/// # Errors
/// A name nobody registered.
pub fn movement(name: &str) -> Result<MovementChoice, Problem> {
    crate::measuring::movement(name).map_err(|known| Problem::invalid(known).field("sport_type"))
}

/// Whether a number is one there can be.
///
/// # Errors
/// It is not; names the field.
pub fn within(field: &str, value: Option<f64>, (least, most): (f64, f64), unit: &str) -> Result<(), Problem> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(Problem::invalid(format!("give {unit} between {least} and {most}")).field(field))
        }
        _ => Ok(()),
    }
}

fn short(field: &str, text: &str) -> Result<(), Problem> {
    if text.len() > URI_BYTES {
        return Err(Problem::invalid(format!("give at most {URI_BYTES} bytes")).field(field));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(changes: &serde_json::Value) -> CreateAnalysis {
        let mut request = json!({ "input": { "demo": true } });
        for (key, value) in changes.as_object().expect("an object") {
            request[key] = value.clone();
        }
        serde_json::from_value(request).expect("well formed")
    }

    #[test]
    fn the_shortest_request_is_enough() {
        let request = request(&json!({}));
        assert!(request.check().is_ok());
        assert_eq!(request.movement(), Ok(MovementChoice::Auto));
        assert!(request.overlay && !request.record);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (changes, field) in [
            (json!({ "sport_type": "flying" }), "sport_type"),
            (json!({ "athlete": { "height_m": 178 } }), "athlete.height_m"),
            (json!({ "athlete": { "mass_kg": 0 } }), "athlete.mass_kg"),
            (json!({ "camera": { "roll_deg": 90 } }), "camera.roll_deg"),
            (json!({ "camera": { "yaw_deg": -90 } }), "camera.yaw_deg"),
            (json!({ "box_height_m": 3 }), "box_height_m"),
            (json!({ "max_persons": 0 }), "max_persons"),
            (
                json!({ "outputs": [{ "hls": true }, { "rtmp": "http://x/" }] }),
                "outputs[1].rtmp",
            ),
            (json!({ "outputs": [{ "hls": false }] }), "outputs[0].hls"),
            (json!({ "outputs": vec![json!({ "hls": true }); 9] }), "outputs"),
            (json!({ "input": { "uri": "x".repeat(3000) } }), "input.uri"),
            (json!({ "input": { "upload": "a" }, "record": true }), "record"),
            (json!({ "report": true }), "report"),
            (json!({ "config": { "capture_fps": 240 } }), "config.capture_fps"),
            (
                json!({ "input": { "upload": "a" }, "config": { "capture_fps": 0 } }),
                "config.capture_fps",
            ),
            (
                json!({ "input": { "video_path": "https://a/" }, "outputs": [{ "hls": true }] }),
                "outputs",
            ),
        ] {
            let problem = request(&changes).check().expect_err(field);
            assert_eq!((problem.status, problem.field.as_deref()), (422, Some(field)));
        }
    }

    #[test]
    fn a_query_says_the_same_in_one_line() {
        let query: PublishQuery =
            serde_json::from_value(json!({ "sport": "squat", "height_m": 1.8, "srt": "srt://a:1" }))
                .expect("fits");
        let request = CreateAnalysis::from(query);
        assert_eq!(request.sport_type, "squat");
        assert_eq!(request.athlete.height_m, Some(1.8));
        assert_eq!(request.outputs, [Output::Srt("srt://a:1".into())]);
        assert!(request.check().is_ok());
    }
}
