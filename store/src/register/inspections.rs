//! What is kept of people's looking at sources, beside the inspections themselves: work that their
//! findings make, photos, rounds, and when each source was last looked at.
//!
//! In: work and rounds by [`Register::change`](super::Register::change), photos on their own, before
//! an inspection names them. Out: all of it, in pages.

use firemain_domain::Timestamp;
use firemain_domain::change::Round;
use firemain_domain::inspections::Work;
use firemain_domain::source::SourceCode;

use super::{Ended, RegisterError};

/// Bytes of one photo.
pub const MOST_PHOTO_BYTES: usize = 4 * 1024 * 1024;

/// What the register keeps of people's looking at sources. Calls block.
pub trait InspectionRegister: Send + Sync {
    /// Work, newest first, after the id `after`.
    fn works(
        &self,
        filter: &WorkFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Work>, RegisterError>;
    /// One piece of work.
    fn work(&self, id: &str) -> Result<Option<Work>, RegisterError>;

    /// When each source was entered and last looked at, in order of code.
    fn looked_at(&self) -> Result<Vec<LookedAt>, RegisterError>;
    /// When each of `sources` was first looked at from `from` until `until`; `None`: it was not.
    fn inspected_within(
        &self,
        sources: &[SourceCode],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Option<Timestamp>>, RegisterError>;

    /// Rounds, newest first; `open_only`: those not ended.
    fn rounds(
        &self,
        open_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Round>>, RegisterError>;
    /// One round.
    fn round(&self, id: &str) -> Result<Option<Ended<Round>>, RegisterError>;

    /// Keeps a photo, so long as all together take no more than `most_total_bytes`. Whether it is
    /// new: the same id again changes nothing, but that one which nothing names yet is waited for anew.
    ///
    /// # Errors
    /// When it is too large, or there is no room for it.
    fn add_photo(&self, photo: &NewPhoto<'_>, most_total_bytes: u64)
    -> Result<bool, RegisterError>;
    /// Lets go of up to `at_most` photos sent before `before` that nothing ever named. How many went.
    fn drop_unnamed_photos(
        &self,
        before: Timestamp,
        at_most: usize,
    ) -> Result<usize, RegisterError>;
    /// One photo.
    fn photo(&self, id: &str) -> Result<Option<Photo>, RegisterError>;
}

/// Which work is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkFilter {
    /// At one source.
    pub source: Option<String>,
    /// Only what is open (true) or done (false).
    pub open: Option<bool>,
}

/// When a source was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedAt {
    /// Which.
    pub code: SourceCode,
    /// When it was entered, where that is known.
    pub entered_at: Option<Timestamp>,
    /// When somebody last looked at it.
    pub inspected_at: Option<Timestamp>,
}

/// A photo to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPhoto<'a> {
    /// Its id: the hash of its bytes.
    pub id: &'a str,
    /// Its media type, such as `image/jpeg`.
    pub media: &'a str,
    /// When it was sent.
    pub at: Timestamp,
    /// Who sent it.
    pub by: &'a str,
    /// The picture.
    pub bytes: &'a [u8],
}

/// A photo that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Its id.
    pub id: String,
    /// Its media type.
    pub media: String,
    /// When it was sent.
    pub at: Timestamp,
    /// Who sent it.
    pub by: String,
    /// The picture.
    pub bytes: Vec<u8>,
}
