//! `KinemotionMeta`: the selected person's pose as a plain structure, for any language.
//!
//! It is a `GstCustomMeta`: look it up with `gst_buffer_get_custom_meta (buffer, "KinemotionMeta")` and read its
//! structure.
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `version` | guint | 1 |
//! | `person` | guint | track id |
//! | `predicted` | gboolean | extrapolated, not measured |
//! | `score` | gdouble | probability that this is a person |
//! | `degraded` | gboolean | less is measured than asked for, because the machine is busy |
//! | `landmarks` | GstValueArray of gdouble | 33 × (x, y, z, visibility, presence), BlazePose order |
//! | `movement`, `phase` | string | added by `kinephase`, when known |
//! | `repetitions` | guint | added by `kinephase` |
//!
//! `x` and `z` are fractions of the picture's width, `y` of its height, so the content stays true when the picture is
//! scaled.

use super::{PersonMotion, Poses};
use kinemotion_motion::PoseSource;

/// Name under which the meta is registered.
pub const NAME: &str = "KinemotionMeta";
/// Value of the `version` field.
pub const VERSION: u32 = 1;

/// Registers the meta. Idempotent.
pub(crate) fn register() {
    if gst::meta::CustomMeta::is_registered(NAME) {
        return;
    }
    gst::meta::CustomMeta::register_with_transform(NAME, &["video", "size"], |dest, meta, _source, _kind| {
        let Ok(mut copy) = gst::meta::CustomMeta::add(dest, NAME) else {
            return false;
        };
        let target = copy.mut_structure();
        for (name, value) in meta.structure() {
            target.set_value(name, value.clone());
        }
        true
    });
}

/// Attaches the selected person's pose, if there is one.
pub(crate) fn attach_pose(buffer: &mut gst::BufferRef, poses: &Poses) {
    let Some(person) = poses.selected() else { return };
    let Ok(mut meta) = gst::meta::CustomMeta::add(buffer, NAME) else {
        return;
    };
    let (width, height) = (
        f64::from(poses.frame.square_width()),
        f64::from(poses.frame.height),
    );
    let landmarks = person.pose.landmarks.iter().flat_map(|l| {
        [
            f64::from(l.x) / width,
            f64::from(l.y) / height,
            f64::from(l.z) / width,
            f64::from(l.visibility),
            f64::from(l.presence),
        ]
    });
    let structure = meta.mut_structure();
    structure.set("version", VERSION);
    structure.set("person", person.id);
    structure.set("predicted", person.pose.source == PoseSource::Predicted);
    structure.set("degraded", poses.degraded);
    structure.set("score", f64::from(person.pose.score));
    structure.set("landmarks", gst::Array::new(landmarks));
}

/// Adds what the analysis knows about the selected person.
pub(crate) fn attach_motion(buffer: &mut gst::BufferRef, person: &PersonMotion) {
    let Ok(mut meta) = gst::meta::CustomMeta::from_mut_buffer(buffer, NAME) else {
        return;
    };
    let structure = meta.mut_structure();
    if let Some(movement) = person.live.movement {
        structure.set("movement", movement);
    }
    if let Some(phase) = person.live.phase {
        structure.set("phase", phase);
    }
    structure.set("repetitions", person.live.repetitions);
}
