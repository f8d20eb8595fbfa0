//! `GET /deliveries`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::RegisterError;
use firemain_store::register::telling::{DeliveryFilter, DeliveryState};
use serde::Deserialize;
use utoipa::IntoParams;

use super::DeliveryView;
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "deliveries";

/// Which messages.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// About one alert.
    #[param(example = "TR-0412/LOW_STATIC/3")]
    alert: Option<String>,
    /// To one contact, `team/contact`.
    #[param(example = "doi-1/truc")]
    contact: Option<String>,
    /// By one channel.
    channel: Option<String>,
    /// In one state: `waiting`, `held`, `sent`, `refused`, `expired`, `overtaken` or `digested`.
    #[param(value_type = Option<String>)]
    state: Option<DeliveryState>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Messages, newest first, each with every try to deliver it.
#[utoipa::path(get, path = "/deliveries", tag = "telling", params(DeliveriesQuery),
    responses((status = 200, description = "A page of messages", body = Page<DeliveryView>)))]
pub async fn list_deliveries(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<DeliveriesQuery>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let mut checks = Checks::default();
    checks.text_if("alert", query.alert.as_deref(), 200);
    checks.text_if("contact", query.contact.as_deref(), 130);
    checks.text_if("channel", query.channel.as_deref(), 64);
    checks.of_params()?;
    let after = from_cursor::<u64>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let filter = DeliveryFilter {
        episode: query.alert,
        contact: query.contact,
        channel: query.channel,
        state: query.state,
    };
    let rows = app
        .ask(move |stores| {
            let register = &stores.register;
            let found = register.deliveries(&filter, after, size.items() + 1)?;
            found
                .into_iter()
                .map(|delivery| {
                    let tries = register.tries(delivery.number)?;
                    Ok((delivery, tries))
                })
                .collect::<Result<Vec<_>, RegisterError>>()
        })
        .await?;
    Ok(Json(page_of(
        rows,
        size,
        LIST,
        |(delivery, _)| delivery.number,
        |(delivery, tries)| DeliveryView::new(delivery, tries),
    )))
}
