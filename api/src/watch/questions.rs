//! What others ask of the fold: it lives on its own thread, and answers between two turns of the wheel.

use std::time::Duration;

use firemain_domain::judging::Judge;
use tokio::sync::oneshot;

use super::Watch;

/// Questions that wait at most.
pub(super) const MOST: usize = 64;
/// An answer is waited for at most so long.
const WITHIN: Duration = Duration::from_secs(2);

/// One that waits.
pub(super) struct Question(Box<dyn FnOnce(&Judge) + Send>);

impl Question {
    /// Answers it.
    pub(super) fn answer(self, judge: &Judge) {
        (self.0)(judge);
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question")
    }
}

impl Watch {
    /// Asks judging; `None` where it has too many questions already, or does not answer within 2 s.
    pub async fn ask<T, F>(&self, question: F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce(&Judge) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question = Question(Box::new(move |judge| {
            // Whoever asked may have gone.
            drop(answer.send(question(judge)));
        }));
        let mut taken = false;
        self.shared.ask(|asked| {
            taken = asked.questions.len() < MOST;
            if taken {
                asked.questions.push(question);
            }
        });
        if !taken {
            return None;
        }
        tokio::time::timeout(WITHIN, answered).await.ok()?.ok()
    }
}
