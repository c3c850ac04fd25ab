//! Analyses of files: taken into the queue, found by their workers, removed.

use super::{Analysis, Order, Sessions, order, recall, refusals, story};
use crate::serve::api::model::CreateAnalysis;
use crate::serve::auth::{Granted, Principal};
use crate::serve::batch::Errand;
use crate::serve::clock::moment;
use crate::serve::config::Config;
use crate::serve::problem::Problem;
use crate::serve::store::{Allowance, Before, Folders, Intake, Once, StoreError, Taken, Upload, now_ms};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempPath;

/// Where a file is that is to be analysed.
#[derive(Debug)]
pub enum NewFile {
    /// At an address, from which its worker fetches it.
    At(String),
    /// Among the uploads; the name of a complete one of whoever orders.
    Upload(String),
    /// Here, under a name that goes with the value.
    Here(TempPath),
}

/// What became of an order.
pub enum Ordered {
    /// It waits in the queue.
    New(Arc<Analysis>),
    /// The same client has sent an order of this key before.
    Before(Before),
}

impl Sessions {
    /// Looks, before somebody sends a file, whether it could be taken: many would be sent for nothing otherwise.
    ///
    /// # Errors
    /// No files are taken, the queue is full, or all of something is used up.
    pub async fn would_take_file(&self, principal: &Principal) -> Result<(), Problem> {
        let config = self.0.config.get();
        self.takes_files(&config)?;
        let granted = Granted::to(principal, &config.tiers)?;
        let orders = self.0.store.orders();
        let (moment, most_waiting) = (moment(now_ms()), config.batch.queued);
        match orders
            .has_room(&principal.tenant, &moment, most_waiting, granted.allowance())
            .await
        {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.queue_is_full()),
            Err(StoreError::Exhausted(what)) => Err(self.used_up(&principal.tenant, &granted, what)),
            Err(error) => Err(Problem::internal(format!(
                "the queue cannot be looked at: {error}"
            ))),
        }
    }

    /// Takes a file into the queue. It goes on when whoever asked for it goes away.
    ///
    /// # Errors
    /// A problem that names the field, or says that there is no place.
    pub async fn order_file(
        &self,
        request: CreateAnalysis,
        principal: &Principal,
        file: NewFile,
        once: Option<Once>,
    ) -> Result<Ordered, Problem> {
        let (sessions, principal) = (self.clone(), principal.clone());
        let ordered =
            tokio::spawn(async move { sessions.order_to_the_end(request, &principal, file, once).await });
        ordered
            .await
            .unwrap_or_else(|_| Err(Problem::internal("taking the file panicked")))
    }

    async fn order_to_the_end(
        &self,
        request: CreateAnalysis,
        principal: &Principal,
        file: NewFile,
        once: Option<Once>,
    ) -> Result<Ordered, Problem> {
        let config = self.0.config.get();
        order::check(&request, &config, &principal.tenant)?;
        self.takes_files(&config)?;
        if let NewFile::Upload(name) = &file {
            self.must_be_complete(name, principal).await?;
        }
        let request = self.of_training_session(request, principal).await?;
        let request = self.of_athlete(request, principal).await?;
        let order = Order::of(&request, principal)?;
        let granted = Granted::to(principal, &config.tiers)?;
        self.0.admission.ask(&order, principal).await?;
        let id = uuid::Uuid::now_v7().to_string();
        let analysis = Analysis::new(id.clone(), order, self.0.store.clone(), recall::capacity(&config));
        let analysis = Arc::new(analysis);
        // Before there is a job: its worker is to find this one. In a cluster a worker of any daemon reads it from the store.
        if self.cluster().is_none() {
            self.write().insert(id.clone(), analysis.clone());
        }
        let taken = self
            .queue(
                &analysis,
                &file,
                once.as_ref(),
                config.batch.queued,
                granted.allowance(),
            )
            .await;
        if matches!(taken, Ok(Taken::Queued)) {
            if let NewFile::Upload(name) = &file {
                Self::tidy(&self.0.store.folders().upload(name)).await;
            }
            self.0.metrics.analyses.started(&analysis.order.source);
            story::queued(&analysis);
            return Ok(Ordered::New(analysis));
        }
        self.write().remove(&id);
        if let Err(error) = self.0.store.discard(&id).await {
            tracing::error!(event = "order_left", analysis = id, %error, "something of a refused order is left");
        }
        match taken {
            Ok(Taken::Before(before)) => Ok(Ordered::Before(before)),
            Ok(Taken::NoUpload) => Err(no_such_upload()),
            Ok(Taken::Queued | Taken::Full) => Err(self.queue_is_full()),
            Err(StoreError::Exhausted(what)) => Err(self.used_up(&principal.tenant, &granted, what)),
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses an upload that is not complete, or not theirs.
    async fn must_be_complete(&self, upload: &str, principal: &Principal) -> Result<(), Problem> {
        let uploads = self.0.store.uploads();
        let found = uploads.find(&principal.tenant, upload, now_ms()).await?;
        found
            .filter(Upload::is_complete)
            .map(drop)
            .ok_or_else(no_such_upload)
    }

    /// Whether files are taken at all.
    fn takes_files(&self, config: &Config) -> Result<(), Problem> {
        if self.is_draining() {
            return Err(self.refuse_file("draining", "the daemon is about to end"));
        }
        if config.batch.workers == 0 {
            return Err(Problem::not_offered(
                "batch.workers is 0 in the configuration: no files are analysed",
            ));
        }
        Ok(())
    }

    fn queue_is_full(&self) -> Problem {
        self.refuse_file("queue", "too many files wait already")
    }

    fn refuse_file(&self, reason: &'static str, detail: &str) -> Problem {
        self.0.metrics.analyses.refused(reason);
        story::refused(None, None, reason);
        Problem::unavailable(detail)
            .reason(reason)
            .retry_after(refusals::RETRY_S)
    }

    /// Puts an analysis with its file into the queue, or leaves no more than a folder.
    async fn queue(
        &self,
        analysis: &Analysis,
        file: &NewFile,
        once: Option<&Once>,
        most_waiting: u64,
        allowance: Allowance,
    ) -> Result<Taken, StoreError> {
        let folders = self.0.store.folders();
        let (errand, upload, here) = match file {
            NewFile::At(url) => (Errand::fetch(url), None, None),
            NewFile::Upload(name) => (Errand::default(), Some(name.as_str()), Some(folders.upload(name))),
            NewFile::Here(path) => (Errand::default(), None, Some(path.to_path_buf())),
        };
        folders.create_with(&analysis.id, here.as_deref()).await?;
        let task = errand.text();
        let intake = Intake {
            id: &analysis.id,
            order: &analysis.order,
            task: &task,
            upload,
            once,
            most_waiting,
            allowance,
        };
        self.0.store.orders().take(intake).await
    }

    /// The analysis of a job that is done here.
    ///
    /// # Errors
    /// It was removed meanwhile, or cannot be read.
    pub async fn of_job(&self, id: &str) -> Result<Arc<Analysis>, Problem> {
        match self.cluster() {
            Some(_) => self.take_up(id).await,
            None => self.any(id).await,
        }
    }

    /// The analysis of a file that waits for a worker or has one.
    pub(super) async fn open_file(&self, id: &str) -> Result<Option<Arc<Analysis>>, Problem> {
        if self.0.store.jobs().is_open(id).await? {
            return self.any(id).await.map(Some);
        }
        Ok(None)
    }

    /// A worker is through with a file: what nobody needs any more goes.
    pub async fn file_ended(&self, analysis: &Analysis) {
        Self::tidy(&self.0.store.video(&analysis.id)).await;
        self.ended(analysis);
    }

    /// Removes an analysis of a file with everything that belongs to it, whether it waits, runs or has ended.
    pub(super) async fn remove_file(&self, analysis: &Arc<Analysis>, reason: &str) -> Result<(), Problem> {
        analysis.ask_to_end(reason);
        // Its process has ended then, and no other begins.
        let _nobody_works = analysis.working().await;
        self.0.store.remove(&analysis.id).await?;
        analysis.hub.close();
        self.write().remove(&analysis.id);
        Ok(())
    }

    /// Removes a file that is not needed any more.
    async fn tidy(path: &Path) {
        if let Err(error) = Folders::remove_file(path).await {
            tracing::error!(event = "file_left", %error, "a file that is not needed any more is left");
        }
    }
}

/// There is no upload that could be analysed.
pub fn no_such_upload() -> Problem {
    Problem::invalid("there is no complete upload of this name").field("input.upload")
}
