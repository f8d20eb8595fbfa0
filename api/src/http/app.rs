//! What handlers work with.

use std::sync::Arc;
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::clock::SharedClock;
use firemain_domain::source::Source;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::health::KeptBudget;
use super::login::oidc::Oidc;
use super::principal::Principal;
use super::problem::{Problem, ProblemKind};
use super::settings::HttpSettings;
use super::watched::HttpMetrics;
use crate::Stores;
use crate::board::Board;
use crate::notify::Notify;
use crate::units::UnitOf;
use crate::watch::Watch;

/// Questions to the stores under way at once: they hold a thread each.
const ASKING: usize = 32;
/// Photos that come in at once.
const PHOTOS: usize = 16;
/// Reports that are made at once.
const REPORTS: usize = 2;
/// A question waits so long for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// What the API works on.
#[derive(Clone, Debug)]
pub struct AppState {
    /// Where everything is kept.
    pub stores: Stores,
    /// Judging.
    pub watch: Arc<Watch>,
    /// Telling people, where it is done here.
    pub notify: Option<Arc<Notify>>,
    /// The time.
    pub clock: SharedClock,
}

/// What handlers work with.
#[derive(Debug)]
pub struct App {
    /// How the listener is set.
    pub settings: HttpSettings,
    /// Where everything is kept.
    pub stores: Stores,
    /// How every source stands.
    pub board: Arc<Board>,
    /// Judging.
    pub watch: Arc<Watch>,
    /// Telling people, where it is done here.
    pub notify: Option<Arc<Notify>>,
    /// The time.
    pub clock: SharedClock,
    /// The alarm budget, as metrics told it last.
    pub alarm_budget: KeptBudget,
    /// Counters of requests.
    pub metrics: HttpMetrics,
    /// Places at the live stream.
    pub streams: Arc<Semaphore>,
    /// The turn to import: one at a time.
    pub imports: Semaphore,
    /// Turns to send a photo: each holds one in memory.
    pub photos: Semaphore,
    /// Turns to make a report: each takes a thread for seconds.
    pub reports: Semaphore,
    /// Cancelled when it is time to stop.
    pub cancel: CancellationToken,
    /// What the guard remembers.
    pub access: Access,
    /// The foreign issuer, if there is one.
    pub oidc: Option<Oidc>,
    asking: Arc<Semaphore>,
}

/// Whether judging has taken a change already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Verdicts follow from it.
    Now,
    /// It is recorded, and judging will take it: it is behind.
    Later,
}

impl App {
    /// What handlers work with under these settings.
    ///
    /// # Errors
    /// When the foreign issuer's settings cannot be used.
    pub fn new(
        settings: HttpSettings,
        state: AppState,
        cancel: CancellationToken,
    ) -> Result<Self, String> {
        let oidc = settings.access.oidc.clone().map(Oidc::new).transpose()?;
        Ok(Self {
            access: Access::new(),
            oidc,
            streams: Arc::new(Semaphore::new(settings.max_streams)),
            imports: Semaphore::new(1),
            photos: Semaphore::new(PHOTOS),
            reports: Semaphore::new(REPORTS),
            asking: Arc::new(Semaphore::new(ASKING)),
            board: state.watch.board().clone(),
            alarm_budget: KeptBudget::default(),
            metrics: HttpMetrics::new(),
            settings,
            stores: state.stores,
            watch: state.watch,
            notify: state.notify,
            clock: state.clock,
            cancel,
        })
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// To which administrative unit a source belongs at a moment.
    pub fn unit_of(&self, source: &Source, at: Timestamp) -> UnitOf {
        self.board.units().of(source, at)
    }

    /// The code of the source at which a device is mounted.
    pub async fn source_of_device(&self, device: &str) -> Result<Option<String>, Problem> {
        let device = device.to_owned();
        self.ask(move |stores| stores.register.source_of_device(&device))
            .await
    }

    /// Asks the stores, where blocking is allowed.
    pub async fn ask<T, E, F>(&self, question: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
        F: FnOnce(&Stores) -> Result<T, E> + Send + 'static,
    {
        let turn = timeout(TURN_WITHIN, self.asking.clone().acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            return Err(Problem::busy(
                "too many questions wait for the database; try again",
                2,
            ));
        };
        let stores = self.stores.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let answer = question(&stores);
            drop(turn);
            answer
        });
        match answer.await {
            Ok(answer) => answer.map_err(Into::into),
            Err(error) => {
                tracing::error!(%error, "http.question_failed");
                Err(Problem::new(
                    ProblemKind::Internal,
                    "the answer could not be worked out; the log says why",
                ))
            }
        }
    }

    /// Records what somebody does, if it is theirs to do, and waits a while until judging has taken
    /// it.
    pub async fn change(&self, by: &Principal, changes: Vec<Change>) -> Result<Applied, Problem> {
        self.check_reach(by, &changes).await?;
        let (who, at) = (by.who.clone(), self.now());
        let number = self
            .ask(move |stores| stores.register.change(&who, at, &changes))
            .await?;
        Ok(self.applied(number).await)
    }

    /// Reads the maps of units anew: one came in, or was withdrawn.
    pub async fn load_units(&self) -> Result<(), Problem> {
        let (units, now) = (self.board.units().clone(), self.now());
        self.ask(move |stores| units.load(&stores.register, now))
            .await
    }

    /// Waits a while until judging has taken a change.
    pub async fn applied(&self, number: ChangeNumber) -> Applied {
        self.watch.look();
        if self.watch.applied(number).await {
            Applied::Now
        } else {
            Applied::Later
        }
    }
}
