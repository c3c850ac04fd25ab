//! Repetitions as they are looked for.

use super::StoreError;
use super::pool::Transaction;
use super::statement::statement;

/// A repetition that has just been measured.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRepetition {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// Where it was measured.
    pub analysis_id: String,
    /// The number of its event.
    pub sequence: u64,
    /// Who did it.
    pub athlete_id: Option<String>,
    /// The visit to the gym it belongs to.
    pub session_id: Option<String>,
    /// Movement.
    pub sport: String,
    /// When it was done, milliseconds since 1970.
    pub at: i64,
    /// A, B, C or F.
    pub grade: String,
    /// Its numbers with half the width of their 95 % interval. Those that were withheld are not among them.
    pub metrics: Vec<(String, f64, Option<f64>)>,
}

impl NewRepetition {
    /// Adds it. Done again for the same event, as after a worker was lost, nothing is added. An athlete or a training session that
    /// was removed meanwhile is left out.
    pub(super) async fn insert(self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let add = "INSERT INTO repetitions
                     (id, tenant, analysis_id, sequence, athlete_id, session_id, sport, at, grade)
                   VALUES ($1, $2, $3, $4, (SELECT id FROM athletes WHERE id = $5),
                     (SELECT id FROM training_sessions WHERE id = $6), $7, $8, $9)
                   ON CONFLICT (analysis_id, sequence) DO NOTHING";
        let add = statement!(
            add,
            &self.id,
            self.tenant,
            self.analysis_id,
            self.sequence.cast_signed(),
            self.athlete_id,
            self.session_id,
            self.sport,
            self.at,
            self.grade,
        );
        if transaction.execute(add).await? == 0 {
            return Ok(());
        }
        for (metric, value, uncertainty) in self.metrics {
            let add =
                "INSERT INTO metric_values (repetition_id, metric, value, uncertainty, tenant, athlete_id)
                       SELECT id, $2, $3, $4, tenant, athlete_id FROM repetitions WHERE id = $1";
            transaction
                .execute(statement!(add, &self.id, metric, value, uncertainty))
                .await?;
        }
        Ok(())
    }
}
