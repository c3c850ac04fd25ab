//! Whether whoever reads may go on: a key that is revoked or has expired ends what was begun with it.

use crate::serve::App;
use crate::serve::auth::Principal;
use std::time::Duration;

/// It is looked at this often. What changes here is noticed at once; this is for what other daemons change, and for keys that expire.
const LOOK: Duration = Duration::from_secs(20);

/// Waits until somebody may not read any more; says why.
pub async fn ended(app: App, reader: Principal) -> &'static str {
    let mut changes = app.auth.changes();
    loop {
        match app.auth.still_lets_in(&reader, &app.config.get()).await {
            Ok(true) => {}
            Ok(false) => return "the key or token is not good any more",
            // Nobody is sent away because the database is.
            Err(error) => {
                tracing::warn!(event = "reader_not_checked", %error, "whether a reader may go on is not known");
            }
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
