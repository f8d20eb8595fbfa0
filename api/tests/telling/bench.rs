//! A register, a clock that is moved by hand, and telling at work on both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use firemain_api::board::Board;
use firemain_api::notify::{ChannelKind, ChannelSettings, Hidden, Notify, NotifySettings};
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::clock::{Clock, HandClock};
use firemain_domain::judging::rules::Stale;
use firemain_domain::judging::{
    Basis, EpisodeId, EpisodeState, Evidence, Measured, RuleName, Severity, Subject,
};
use firemain_domain::quantity::Quantity;
use firemain_domain::telling::{Audience, Contact, Language, Route, Team};
use firemain_store::journal::Position;
use firemain_store::register::telling::{
    Delivery, DeliveryFilter, NewNotice, Occasion, TellingRegister,
};
use firemain_store::register::{Register, SqliteRegister, WatchCommit};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);
pub const SECRET: &str = "a-secret-of-sixteen+";
pub const WITHIN: Duration = Duration::from_secs(90);

pub struct Bench {
    pub register: Arc<SqliteRegister>,
    pub clock: Arc<HandClock>,
    pub notify: Arc<Notify>,
    settings: NotifySettings,
    moved: watch::Sender<u64>,
    dir: tempfile::TempDir,
}

impl Bench {
    pub async fn new(settings: NotifySettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let register = SqliteRegister::open(&dir.path().join("register.db")).unwrap();
        Self::on(dir, Arc::new(register), HandClock::at(NOW), settings).await
    }

    async fn on(
        dir: tempfile::TempDir,
        register: Arc<SqliteRegister>,
        clock: Arc<HandClock>,
        settings: NotifySettings,
    ) -> Self {
        let moved = watch::Sender::new(0);
        let board = Arc::new(Board::new(clock.clone(), &Stale::default()));
        let notify = Notify::start(
            register.clone(),
            board,
            moved.subscribe(),
            settings.clone(),
            clock.clone(),
            CancellationToken::new(),
        )
        .await
        .unwrap();
        Self {
            register,
            clock,
            notify,
            settings,
            moved,
            dir,
        }
    }

    /// Stops, and starts anew on the same register and clock.
    pub async fn restarted(self) -> Self {
        self.notify.stop().await;
        Self::on(self.dir, self.register, self.clock, self.settings).await
    }

    /// A team of one contact with these addresses.
    pub fn team(&self, id: &str, addresses: &[(&str, &str)]) {
        let owned = |(name, address): &(&str, &str)| ((*name).to_owned(), (*address).to_owned());
        let contact = Contact {
            id: "c".into(),
            name: format!("Contact of {id}"),
            language: Language::Vi,
            addresses: addresses.iter().map(owned).collect(),
            shifts: Vec::new(),
            off_until: None,
            quiet: None,
        };
        self.enter_team(Team {
            id: id.into(),
            name: format!("Team {id}"),
            contacts: vec![contact],
        });
    }

    pub fn enter_team(&self, team: Team) {
        let change = Change::TeamSet { team };
        self.register.change("test", NOW, &[change]).unwrap();
    }

    pub fn route(&self, team: &str, channel: &str, audience: Audience, level: u8) {
        let route = Route {
            id: format!("{team}-{channel}-{level}"),
            audience,
            level,
            team: team.into(),
            channels: vec![channel.into()],
            units: Vec::new(),
            kinds: Vec::new(),
            rules: Vec::new(),
            at_least: Severity::Major,
            hours: Vec::new(),
        };
        let change = Change::RouteSet {
            route: Box::new(route),
        };
        self.register.change("test", NOW, &[change]).unwrap();
    }

    /// Judging commits alerts with their notices.
    pub fn judge(&self, said: impl IntoIterator<Item = (Occasion, EpisodeState)>) {
        let mut commit = WatchCommit {
            upto: Position(self.register.committed().unwrap().0.0 + 1),
            ..WatchCommit::default()
        };
        for (occasion, episode) in said {
            commit.notices.push(NewNotice {
                occasion,
                level: 0,
                at: self.clock.now(),
                episode: episode.clone(),
            });
            commit.episodes.push(episode);
        }
        self.register.commit(&commit).unwrap();
        self.moved.send_modify(|n| *n += 1);
    }

    pub fn page(&self, episode: EpisodeState) {
        self.judge([(Occasion::Paged, episode)]);
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        let filter = DeliveryFilter::default();
        let mut all = self.register.deliveries(&filter, None, 50_000).unwrap();
        all.reverse();
        all
    }

    pub fn acknowledge(&self, episode: &EpisodeState) {
        let change = Change::EpisodeAcknowledged {
            episode: episode.id.to_string(),
            by: "crew".into(),
        };
        self.register
            .change("crew", self.clock.now(), &[change])
            .unwrap();
    }
}

/// Waits until something holds; says what if it never does.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let waiting = async {
        while !holds() {
            ticks.tick().await;
        }
    };
    assert!(
        tokio::time::timeout(WITHIN, waiting).await.is_ok(),
        "never: {what}"
    );
}

/// Lets telling turn so often that whatever is due would have been done.
pub async fn some_turns() {
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..15 {
        ticks.tick().await;
    }
}

pub fn low(code: &str, severity: Severity) -> EpisodeState {
    EpisodeState {
        id: EpisodeId {
            subject: Subject::Source(code.into()),
            rule: RuleName::LowStatic,
            n: 1,
        },
        severity,
        highest: severity,
        began_at: NOW,
        raised_at: NOW,
        cleared_at: None,
        reopened: 0,
        pages: true,
        muted_by: None,
        tells_command: false,
        evidence: Evidence {
            measured: vec![Measured {
                basis: Basis::StaticPressure,
                quantity: Quantity::PressureKpa,
                value: 30.0,
                limit: Some(98.1),
                margin: Some(-68.1),
                at: NOW,
            }],
        },
        detail: None,
        clock_off_s: None,
        incident: None,
        members: Vec::new(),
        paged: 1,
        paged_as: Some(severity),
        severity_since: None,
        low_hours: 0,
        heeded: None,
    }
}

/// Settings with these channels.
pub fn with(channels: impl IntoIterator<Item = (&'static str, ChannelSettings)>) -> NotifySettings {
    let channels: BTreeMap<_, _> = channels
        .into_iter()
        .map(|(name, settings)| (name.to_owned(), settings))
        .collect();
    NotifySettings {
        channels,
        public_url: Some("https://fire.example".into()),
        ..NotifySettings::default()
    }
}

pub fn webhook(url: &str) -> ChannelSettings {
    ChannelSettings {
        url: Some(url.into()),
        secret: Some(Hidden::new(SECRET)),
        timeout_s: 1,
        ..ChannelSettings::of(ChannelKind::Webhook)
    }
}
