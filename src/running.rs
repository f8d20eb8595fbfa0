//! The parts of firemain at work in this process: started in order, stopped together.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use firemain_api::cap::{CapSettings, CapStatus};
use firemain_api::http::{
    AccessSettings, AppState, HttpSettings, InspectionSettings, OidcSettings, Serving, Tail,
    TlsFiles,
};
use firemain_api::notify::Notify;
use firemain_api::watch::{CloseAfter, Watch, WatchError, WatchSettings};
use firemain_domain::clock::SharedClock;
use firemain_ingest::broker_files::BrokerFiles;
use firemain_ingest::endpoint::{
    Endpoint, EndpointParts, EndpointSettings, EndpointTls, RegisterLogins,
};
use firemain_ingest::{BrokerSettings, Ingest, IngestSettings};
use firemain_store::register::Register;
use firemain_wire::Limits;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ready::Ready;
use crate::settings::{BrokerFiles as BrokerFilesKeys, Endpoint as EndpointKeys, Mqtt, Settings};
use crate::stores::{Parts, Stores};

/// Devices at the own endpoint at once, at most.
const MOST_SESSIONS: usize = 50_000;

/// What runs.
pub struct Running {
    /// Judging, if it is done here.
    pub watch: Option<Arc<Watch>>,
    ingest: Option<Ingest>,
    endpoint: Option<Endpoint>,
    serving: Option<Serving>,
    notify: Option<Arc<Notify>>,
    // Last, so that the locks are let go only when nothing works any more.
    stores: Stores,
}

impl Running {
    /// Starts `parts`. `open`: the endpoint also takes devices without credentials. When a part
    /// cannot start, those before it are stopped again.
    pub async fn start(
        settings: &Settings,
        parts: Parts,
        open: bool,
        stores: Stores,
        clock: &SharedClock,
        cancel: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let mut running = Self {
            watch: None,
            ingest: None,
            endpoint: None,
            serving: None,
            notify: None,
            stores,
        };
        match running
            .start_parts(settings, parts, open, clock, cancel)
            .await
        {
            Ok(()) => Ok(running),
            Err(error) => {
                cancel.cancel();
                running.stop().await;
                Err(error)
            }
        }
    }

    async fn start_parts(
        &mut self,
        settings: &Settings,
        parts: Parts,
        open: bool,
        clock: &SharedClock,
        cancel: &CancellationToken,
    ) -> anyhow::Result<()> {
        // Judging a million sources takes seconds to remember them all. What comes in meanwhile is
        // journalled, so receiving waits for nobody.
        let judging = parts
            .judges()
            .then(|| self.begin_to_judge(settings, clock, cancel));
        let receiving = if parts.receives() {
            self.receive(settings, open, clock, cancel).await
        } else {
            Ok(())
        };
        if let Some(judging) = judging {
            let watch = judging.await.context("judging broke off at its start")??;
            self.watch = Some(Arc::clone(&watch));
            receiving?;
            self.serve(settings, parts, watch, clock, cancel).await?;
        } else {
            receiving?;
        }
        Ok(())
    }

    fn judging_stores(&self) -> firemain_api::Stores {
        firemain_api::Stores {
            journal: Arc::clone(&self.stores.journal),
            intake: Arc::clone(&self.stores.intake),
            archive: Arc::clone(&self.stores.archive),
            register: Arc::clone(&self.stores.register),
        }
    }

    fn begin_to_judge(
        &self,
        settings: &Settings,
        clock: &SharedClock,
        cancel: &CancellationToken,
    ) -> JoinHandle<Result<Arc<Watch>, WatchError>> {
        let stores = self.judging_stores();
        let watch = WatchSettings {
            rules: settings.rules.clone(),
            subscriptions: settings.mqtt.subscriptions.clone(),
            limits: limits(&settings.mqtt),
            close_after: CloseAfter(Duration::from_secs(
                u64::from(settings.alerts.close_after_h) * 3_600,
            )),
            history_days: Some(settings.reports.history_days),
        };
        let (clock, cancel) = (Arc::clone(clock), cancel.clone());
        tokio::task::spawn_blocking(move || Watch::start(&stores, watch, clock, cancel))
    }

    async fn serve(
        &mut self,
        settings: &Settings,
        parts: Parts,
        watch: Arc<Watch>,
        clock: &SharedClock,
        cancel: &CancellationToken,
    ) -> anyhow::Result<()> {
        let notify = self.tell(settings, &watch, clock, cancel).await?;
        let state = AppState {
            stores: self.judging_stores(),
            watch,
            notify: Some(Arc::clone(&notify)),
            clock: Arc::clone(clock),
        };
        let tail = (!parts.receives()).then(|| Tail {
            subscriptions: settings.mqtt.subscriptions.clone(),
            limits: limits(&settings.mqtt),
        });
        let http = HttpSettings {
            listen: settings.http.listen,
            public_url: settings.http.public_url.clone(),
            tls: settings
                .http
                .cert_file
                .clone()
                .zip(settings.http.key_file.clone())
                .map(|(cert_file, key_file)| TlsFiles {
                    cert_file,
                    key_file,
                }),
            access: access(settings),
            inspections: InspectionSettings {
                hydrant_days: settings.inspections.hydrant_days,
                tank_days: settings.inspections.tank_days,
                draw_point_days: settings.inspections.draw_point_days,
                photos_max_bytes: settings.inspections.photos_max_bytes,
            },
            cap: CapSettings {
                sender: settings.cap.sender.clone(),
                status: CapStatus::of_name(&settings.cap.status).unwrap_or_default(),
            },
            tail,
            ..HttpSettings::default()
        };
        crate::people::first(&settings.access, &*self.stores.register, clock.now())?;
        let serving = firemain_api::http::serve(http, state, cancel.clone()).await?;
        notify.links().reached_at(&serving.url());
        self.serving = Some(serving);
        Ok(())
    }

    async fn tell(
        &mut self,
        settings: &Settings,
        watch: &Watch,
        clock: &SharedClock,
        cancel: &CancellationToken,
    ) -> anyhow::Result<Arc<Notify>> {
        let mut notify = settings.notify.clone();
        notify.public_url.clone_from(&settings.http.public_url);
        for channel in notify.channels.values_mut() {
            if let Some(path) = channel.path.as_mut().filter(|path| path.is_relative()) {
                *path = settings.data.dir.join(&*path);
            }
        }
        let notify = Notify::start(
            Arc::clone(&self.stores.register),
            Arc::clone(watch.board()),
            watch.newest_event(),
            notify,
            Arc::clone(clock),
            cancel.child_token(),
        )
        .await?;
        self.notify = Some(Arc::clone(&notify));
        Ok(notify)
    }

    async fn receive(
        &mut self,
        settings: &Settings,
        open: bool,
        clock: &SharedClock,
        cancel: &CancellationToken,
    ) -> anyhow::Result<()> {
        let stores = firemain_ingest::Stores {
            journal: Arc::clone(&self.stores.journal),
            intake: Arc::clone(&self.stores.intake),
            archive: Arc::clone(&self.stores.archive),
            register: Arc::clone(&self.stores.register),
        };
        let ingest = IngestSettings {
            broker: broker(&settings.mqtt),
            client_id: settings.mqtt.client_id.clone(),
            subscriptions: settings.mqtt.subscriptions.clone(),
            limits: limits(&settings.mqtt),
            broker_files: broker_files(&settings.broker_files),
        };
        let ingest = Ingest::start(ingest, stores, Arc::clone(clock), cancel.clone()).await?;
        let (appender, counters) = (ingest.appender(), ingest.counters());
        self.ingest = Some(ingest);
        if let Some(endpoint) = endpoint(&settings.endpoint, &settings.mqtt, open) {
            let parts = EndpointParts {
                logins: Arc::new(RegisterLogins(Arc::clone(&self.stores.register))),
                register: Arc::clone(&self.stores.register),
                journal: Arc::clone(&self.stores.journal),
                appender,
                counters,
                clock: Arc::clone(clock),
            };
            let starting = tokio::task::spawn_blocking(move || Endpoint::start(&endpoint, parts));
            let endpoint = starting
                .await
                .context("the endpoint broke off at its start")??;
            self.endpoint = Some(endpoint);
        }
        Ok(())
    }

    /// The register, for who wires more to it.
    pub fn register(&self) -> Arc<dyn Register> {
        Arc::clone(&self.stores.register)
    }

    /// Where to reach it.
    pub fn ready(&self) -> Ready {
        let endpoint = self.endpoint.as_ref();
        let plain = endpoint
            .and_then(Endpoint::address)
            .map(|at| format!("mqtt://{at}"));
        let tls = endpoint
            .and_then(Endpoint::tls_address)
            .map(|at| format!("mqtts://{at}"));
        Ready {
            http: self.serving.as_ref().map(Serving::url).unwrap_or_default(),
            mqtt: plain.or(tls).unwrap_or_default(),
            login: None,
        }
    }

    /// Stops: first nothing more comes in, then what came in is finished. Within 5 s.
    pub async fn stop(self) {
        let Self {
            watch,
            ingest,
            endpoint,
            serving,
            notify,
            stores,
        } = self;
        if let Some(endpoint) = endpoint {
            endpoint.stop().await;
        }
        let receiving = async {
            if let Some(ingest) = ingest {
                ingest.stop().await;
            }
        };
        let judging = async {
            if let Some(watch) = watch {
                watch.stop().await;
            }
        };
        let serving = async {
            if let Some(serving) = serving {
                serving.stopped().await;
            }
        };
        let telling = async {
            if let Some(notify) = notify {
                notify.stop().await;
            }
        };
        tokio::join!(receiving, judging, serving, telling);
        drop(stores);
    }
}

/// How people log in.
fn access(settings: &Settings) -> AccessSettings {
    let access = &settings.access;
    let public_url = settings.http.public_url.as_deref().unwrap_or_default();
    let oidc = access.oidc.as_ref().map(|oidc| OidcSettings {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret: oidc
            .client_secret
            .as_ref()
            .map(|secret| secret.reveal().to_owned()),
        redirect_url: format!("{}/login/oidc/callback", public_url.trim_end_matches('/')),
        scopes: oidc.scopes.clone(),
        role_claim: oidc.role_claim.clone(),
        roles: oidc.roles.clone(),
        units_claim: oidc.units_claim.clone(),
        ca_file: oidc.ca_file.clone(),
    });
    AccessSettings {
        session_idle: access.session_idle.duration(),
        session_most: access.session_max.duration(),
        proxies: access.proxies.clone(),
        oidc,
    }
}

/// The broker's settings, if there is one.
pub fn broker(mqtt: &Mqtt) -> Option<BrokerSettings> {
    Some(BrokerSettings {
        url: mqtt.url.clone()?,
        username: mqtt.username.clone(),
        password: mqtt
            .password
            .as_ref()
            .map(|secret| secret.reveal().to_owned()),
        ca_file: mqtt.ca_file.clone(),
        cert_file: mqtt.cert_file.clone(),
        key_file: mqtt.key_file.clone(),
    })
}

fn broker_files(keys: &BrokerFilesKeys) -> Option<BrokerFiles> {
    Some(BrokerFiles {
        passwords: keys.passwords.clone()?,
        own_passwords: keys.own_passwords.clone(),
        rights: keys.rights.clone(),
        own_rights: keys.own_rights.clone(),
    })
}

fn limits(mqtt: &Mqtt) -> Limits {
    Limits {
        payload_bytes: mqtt.max_payload_bytes,
        ..Limits::default()
    }
}

fn endpoint(keys: &EndpointKeys, mqtt: &Mqtt, open: bool) -> Option<EndpointSettings> {
    if keys.listen.is_none() && keys.tls_listen.is_none() {
        return None;
    }
    let certificate = keys.cert_file.clone().zip(keys.key_file.clone());
    let tls = keys.tls_listen.zip(certificate);
    Some(EndpointSettings {
        listen: keys.listen,
        tls: tls.map(|(listen, (cert_file, key_file))| EndpointTls {
            listen,
            cert_file,
            key_file,
        }),
        open,
        payload_limit: mqtt.max_payload_bytes,
        max_sessions: MOST_SESSIONS,
    })
}
