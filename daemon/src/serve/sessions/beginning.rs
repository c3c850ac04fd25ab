//! How a live analysis begins: its request is completed, a place taken for it, stored, and its session started.

use super::{Analysis, News, Order, Sessions, keeper, memory, order, recall, refusals, running, story};
use crate::serve::api::model::CreateAnalysis;
use crate::serve::auth::{Granted, Principal};
use crate::serve::config::Config;
use crate::serve::problem::Problem;
use crate::serve::store::{Exhausted, StoreError};
use kinemotion_pipelines::live::{LiveSession, LiveSpec};
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

impl Sessions {
    /// Starts an analysis. It goes on when whoever asked for it goes away.
    ///
    /// # Errors
    /// A problem that names the field, or says that there is no place.
    pub async fn create(
        &self,
        request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<Arc<Analysis>, Problem> {
        let (sessions, principal) = (self.clone(), principal.clone());
        let created = async move { sessions.create_to_the_end(request, &principal).await };
        self.0
            .under_way
            .spawn(created)
            .await
            .unwrap_or_else(|_| Err(Problem::internal("starting the analysis panicked")))
    }

    async fn create_to_the_end(
        &self,
        request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<Arc<Analysis>, Problem> {
        let begun = SystemTime::now();
        let config = self.0.config.get();
        let request = self.of_training_session(request, principal).await?;
        let request = self.of_athlete(request, principal).await?;
        let id = uuid::Uuid::now_v7().to_string();
        order::check(&request, &config, &principal.tenant)?;
        let mut spec = order::spec(&id, &request, &config, &self.0.store)?;
        let order = Order::of(&request, principal)?;
        let granted = Granted::to(principal, &config.tiers)?;
        self.0.admission.ask(&order, principal).await?;
        let analysis = self.take_place(&mut spec, order, &config)?;
        self.begin_to_store(&analysis, &granted).await?;
        self.publish(&analysis);
        if !analysis.order.takes_publisher() {
            analysis.await_pose(Instant::now());
        }
        let (sink, own) = (self.sink(&analysis), analysis.clone());
        let started = spawn_blocking(move || {
            let live = LiveSession::start(spec, sink).map_err(refusals::not_started)?;
            own.set_live(Some(live));
            Ok(())
        });
        let started = started
            .await
            .unwrap_or_else(|_| Err(Problem::internal("starting the session panicked")));
        if let Err(problem) = started {
            story::not_started(&analysis, begun, &problem.detail);
            self.forget(&analysis).await;
            return Err(problem);
        }
        self.0.metrics.analyses.started(&analysis.order.source);
        story::started(&analysis, begun);
        self.0
            .under_way
            .spawn(keeper::keep(self.clone(), analysis.clone()));
        Ok(analysis)
    }

    /// A request that names a training session, with the athlete who trains.
    pub(super) async fn of_training_session(
        &self,
        mut request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<CreateAnalysis, Problem> {
        let Some(id) = &request.training_session_id else {
            return Ok(request);
        };
        let refused = |detail: &str| Problem::invalid(detail).field("training_session_id");
        let found = self
            .0
            .store
            .training_sessions()
            .find(&principal.tenant, id)
            .await?;
        let session = found.ok_or_else(|| refused("there is no training session of this name"))?;
        request.athlete_id = match (request.athlete_id, session.athlete_id) {
            (Some(name), Some(trains)) => {
                let named = self.0.store.athletes().find(&principal.tenant, &name).await?;
                if named.is_none_or(|athlete| athlete.id != trains) {
                    return Err(refused("it is the session of another athlete"));
                }
                Some(trains)
            }
            (name, trains) => name.or(trains),
        };
        Ok(request)
    }

    /// What is known of the athlete a request names, where the request itself does not say it.
    pub(super) async fn of_athlete(
        &self,
        mut request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<CreateAnalysis, Problem> {
        let Some(name) = &request.athlete_id else {
            return Ok(request);
        };
        let found = self.0.store.athletes().find(&principal.tenant, name).await?;
        let athlete =
            found.ok_or_else(|| Problem::invalid("there is no athlete of this name").field("athlete_id"))?;
        request.athlete.height_m = request.athlete.height_m.or(athlete.height_m);
        request.athlete.mass_kg = request.athlete.mass_kg.or(athlete.mass_kg);
        request.athlete_id = Some(athlete.id);
        Ok(request)
    }

    /// Reserves a place and a share of the machine, so that no more analyses start than can run.
    pub(super) fn take_place(
        &self,
        spec: &mut LiveSpec,
        order: Order,
        config: &Config,
    ) -> Result<Arc<Analysis>, Problem> {
        let (tenant, sport) = (order.tenant.clone(), order.sport_type.clone());
        let refuse = |reason: &'static str, detail: String| {
            self.0.metrics.analyses.refused(reason);
            story::refused(Some(&tenant), Some(&sport), reason);
            Err(Problem::unavailable(detail)
                .reason(reason)
                .retry_after(refusals::RETRY_S))
        };
        let mut analyses = self.write();
        if self.is_draining() {
            return refuse("draining", "the daemon is about to end".into());
        }
        let most = config.sessions.most;
        if running(&analyses).count() >= most {
            return refuse("full", format!("all {most} places are taken"));
        }
        let own = running(&analyses)
            .filter(|analysis| analysis.order.actor == order.actor)
            .count();
        let per_token = config.sessions.per_token;
        if per_token > 0 && own >= per_token {
            return refuse("token", format!("all {per_token} places of this token are taken"));
        }
        if memory::is_over(config.sessions.memory_mb) {
            let budget = config.sessions.memory_mb;
            return refuse(
                "memory",
                format!("the daemon uses more memory than its {budget} MB"),
            );
        }
        if let Some(governor) = self.governor() {
            match governor.admit(spec) {
                Ok(share) => spec.share = Some(share),
                Err(overload) => return refuse("load", overload.to_string()),
            }
        }
        let (id, store) = (spec.id.clone(), self.0.store.clone());
        let analysis = Arc::new(Analysis::new(id.clone(), order, store, recall::capacity(config)));
        analyses.insert(id, analysis.clone());
        Ok(analysis)
    }

    /// Stores that there is an analysis, within what its tenant may have; gives its place back when that fails.
    pub(super) async fn begin_to_store(&self, analysis: &Analysis, granted: &Granted) -> Result<(), Problem> {
        let (id, state) = (&analysis.id, analysis.state());
        let stored = self
            .0
            .store
            .create(id, &analysis.order, state, granted.allowance());
        stored.await.map_err(|error| {
            self.write().remove(id);
            if let StoreError::Exhausted(what) = error {
                return self.used_up(&analysis.order.tenant, granted, what);
            }
            error.into()
        })
    }

    /// Refuses those who have used up all of something.
    pub(super) fn used_up(&self, tenant: &str, granted: &Granted, what: Exhausted) -> Problem {
        let problem = granted.refuse(what, SystemTime::now());
        let reason = problem.reason.unwrap_or_default();
        self.0.metrics.analyses.refused(reason);
        story::refused(Some(tenant), None, reason);
        problem
    }

    /// Undoes the making of an analysis that came to nothing: no place, no file, no name is left.
    pub async fn forget(&self, analysis: &Arc<Analysis>) {
        let own = analysis.clone();
        let undone = spawn_blocking(move || {
            Handle::current().block_on(own.take_in(&News::failed("nothing came of it")));
            drop(own.set_live(None));
        });
        if undone.await.is_err() {
            tracing::error!(
                event = "panicked",
                analysis = analysis.id,
                "undoing a failed start panicked"
            );
        }
        if let Err(error) = self.0.store.remove(&analysis.id).await {
            tracing::error!(event = "order_left", analysis = analysis.id, %error, "something of a failed start is left");
        }
        let order = &analysis.order;
        let usage = self.0.store.usage();
        let back = usage.take_back(&order.tenant, &order.created_at);
        if let Err(error) = back.await {
            tracing::error!(event = "usage_not_taken_back", analysis = analysis.id, %error, "a failed start is counted");
        }
        self.write().remove(&analysis.id);
    }
}
