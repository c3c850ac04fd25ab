//! A session as the governor sees it: what it asks of the machine, and how it takes what it gets.

use super::LiveEvent;
use super::load::{Demand, Footprint, Governed, Service};
use super::session::Shared;
use crate::sync::lock;
use gst::prelude::*;

/// A pose rate is told again when it has changed by this much.
const TELLING_CHANGE: f64 = 0.2;

impl Governed for Shared {
    fn demand(&self) -> Option<(Demand, Footprint)> {
        let source = self.meter.source();
        if source.fps <= 0.0 || !self.life.state().is_running() {
            return None;
        }
        let persons = (self.meter.persons.get() as f64).max(1.0);
        let quality = self.spec.quality;
        let demand = Demand {
            fps: source.fps,
            persons,
            quality,
            overlay: self.video.draws_graphics(),
        };
        let footprint = Footprint {
            pixels: f64::from(source.width) * f64::from(source.height),
            fps: source.fps,
            persons,
            quality,
            encoders: self.video.encoders() as f64,
            seen: true,
        };
        Some((demand, footprint))
    }

    fn serve(&self, service: &Service) {
        let [pose, _] = &self.analysis;
        pose.set_property("pose-rate-limit", service.pose_rate.unwrap_or_default());
        pose.set_property_from_str("quality-limit", service.model);
        let told = {
            let mut present = lock(&self.present);
            present.service = *service;
            self.video.set_overlay(present.overlay && service.overlay);
            let tells = differs(&present.told, service);
            if tells {
                present.told = *service;
            }
            tells
        };
        if told {
            self.life.tell(LiveEvent::Service(*service));
        }
    }

    fn given_up(&self) -> u64 {
        let [pose, _] = &self.analysis;
        let stats: gst::Structure = pose.property("stats");
        stats.get("given-up").unwrap_or_default()
    }
}

/// Whether a change is worth telling.
fn differs(told: &Service, now: &Service) -> bool {
    let rates = match (told.pose_rate, now.pose_rate) {
        (Some(told), Some(now)) => (now - told).abs() > TELLING_CHANGE * told,
        (told, now) => told.is_some() != now.is_some(),
    };
    rates || (told.degraded, told.model, told.overlay) != (now.degraded, now.model, now.overlay)
}
