//! The same poses as GstAnalytics metadata, for elements of other people. Cargo feature `analytics`, GStreamer ≥ 1.24.
//!
//! Each person is an object detection of type `person` with its box and score, tied to a tracking entry with the track
//! id. Each landmark that is visible is an object detection of one pixel named `kinemotion/<index>` in BlazePose order,
//! tied to its person by the relation "is part of". (A keypoint type of its own exists only in later versions.)
//! Coordinates are stored pixels of the frame.

use super::Poses;
use gst::glib;
use gst_analytics::{
    AnalyticsRelationMeta, AnalyticsRelationMetaODExt, AnalyticsRelationMetaTrackingExt, RelTypes,
};

/// Landmarks less visible than this are left out: their place is a guess.
const VISIBLE: f32 = 0.5;

/// Adds the relations of all people. A meta that GStreamer refuses costs the frame its analytics, nothing else.
pub(crate) fn attach(buffer: &mut gst::BufferRef, poses: &Poses) {
    let mut relations = AnalyticsRelationMeta::add(buffer);
    let stored_column = |x: f32| (x / poses.frame.pixel_aspect) as i32;
    let first_seen = gst::ClockTime::from_nseconds((poses.time.max(0.0) * 1e9) as u64);
    for person in poses.persons.iter() {
        let [left, top, right, bottom] = person.bounds;
        let Ok(object) = relations.add_od_mtd(
            glib::Quark::from_str("person"),
            stored_column(left),
            top as i32,
            stored_column(right - left),
            (bottom - top) as i32,
            person.pose.score,
        ) else {
            return;
        };
        let object = object.id();
        if let Ok(tracking) = relations.add_tracking_mtd(person.id.into(), first_seen) {
            let tracking = tracking.id();
            let _ = relations.set_relation(RelTypes::RELATE_TO, object, tracking);
        }
        for (index, landmark) in person.pose.landmarks.iter().enumerate() {
            if landmark.visibility < VISIBLE {
                continue;
            }
            let name = glib::Quark::from_str(format!("kinemotion/{index}"));
            let (x, y) = (stored_column(landmark.x), landmark.y as i32);
            if let Ok(point) = relations.add_od_mtd(name, x, y, 1, 1, landmark.visibility) {
                let point = point.id();
                let _ = relations.set_relation(RelTypes::IS_PART_OF, point, object);
            }
        }
    }
}
