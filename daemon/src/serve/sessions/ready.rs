//! Whether there is room for more, and whether it would be taken.

use super::{Sessions, memory, running};
use kinemotion_pipelines::live::load::{Governor, LoadState};

impl Sessions {
    /// How the machine is shared out at this moment, once it is.
    pub fn load(&self) -> Option<LoadState> {
        self.governor().map(Governor::state)
    }

    /// How many more analyses could start now.
    pub fn places_left(&self) -> usize {
        self.places_left_at(self.load().as_ref())
    }

    /// The same, for those who know how the machine is shared out.
    pub fn places_left_at(&self, load: Option<&LoadState>) -> usize {
        let most = self.0.config.get().sessions.most;
        let places = most.saturating_sub(running(&self.read()).count());
        load.map_or(places, |load| places.min(load.room))
    }

    /// Why a new analysis would not be taken, where so many places are left: about to end, results cannot be stored, too little
    /// memory, no place. `None` when it would be.
    pub async fn not_ready(&self, places_left: usize) -> Option<&'static str> {
        if self.is_draining() {
            return Some("the daemon is about to end");
        }
        if let Err(error) = self.store().probe().await {
            tracing::error!(event = "not_stored", %error, "results cannot be stored");
            return Some("results cannot be stored; the log says why");
        }
        if memory::is_over(self.0.config.get().sessions.memory_mb) {
            return Some("the daemon uses more memory than it may");
        }
        (places_left == 0).then_some("all places are taken")
    }
}
