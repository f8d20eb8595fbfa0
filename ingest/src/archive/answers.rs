//! What devices tell of themselves and answer to commands, on its way to the register.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::error;

use super::delivery::{Delivery, waited};
use super::sorter::Slice;
use super::state::Part;

impl Delivery {
    /// Notes what devices told of themselves and answered to commands, before the archive, which may be down for long.
    pub(super) async fn until_answers_noted(
        &mut self,
        slice: &mut Slice,
        cancel: &CancellationToken,
    ) -> bool {
        let said = Arc::new((
            std::mem::take(&mut slice.news),
            std::mem::take(&mut slice.answers),
        ));
        if said.0.is_empty() && said.1.is_empty() {
            return true;
        }
        loop {
            let (register, again) = (Arc::clone(&self.register), Arc::clone(&said));
            let noting = tokio::task::spawn_blocking(move || {
                register.note_devices(&again.0)?;
                register.note_answer(&again.1)
            });
            let complaint = match noting.await {
                Ok(Ok(_)) => {
                    self.state.set_complaint(Part::Answers, None);
                    return true;
                }
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            let news = self
                .state
                .set_complaint(Part::Answers, Some(complaint.clone()));
            if news {
                error!(register.error = %complaint, "cannot note what devices told of themselves or answered to commands; archiving waits");
            }
            let wait = self.backoff.next();
            if cancel.run_until_cancelled(waited(wait)).await.is_none() {
                return false;
            }
        }
    }
}
