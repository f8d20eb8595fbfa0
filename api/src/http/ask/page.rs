//! Pages of lists: `{"items":[…],"next":cursor|null}`. A cursor is opaque; one that is not ours is
//! refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::http::problem::{Fault, Problem, ProblemKind};

/// Items of a page where nobody says how many.
const USUAL: usize = 100;
/// Items of a page at most.
const MOST: usize = 1_000;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins: give it as `after`; `null` on the last page.
    pub next: Option<String>,
}

/// How many items a page is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct PageSize(usize);

impl Default for PageSize {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl PageSize {
    /// How many.
    pub const fn items(self) -> usize {
        self.0
    }
}

impl TryFrom<u32> for PageSize {
    type Error = String;

    fn try_from(n: u32) -> Result<Self, String> {
        let n = n as usize;
        if (1..=MOST).contains(&n) {
            Ok(Self(n))
        } else {
            Err(format!("must be between 1 and {MOST}"))
        }
    }
}

/// A page of `rows`, of which one more than `size` was asked for, to know whether there is a next.
pub fn page_of<R, T, C: Serialize>(
    mut rows: Vec<R>,
    size: PageSize,
    list: &str,
    key: impl Fn(&R) -> C,
    show: impl FnMut(R) -> T,
) -> Page<T> {
    let more = rows.len() > size.0;
    rows.truncate(size.0);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| cursor(list, &key(last)));
    Page {
        items: rows.into_iter().map(show).collect(),
        next,
    }
}

/// A cursor of `list` that stands at `key`.
pub fn cursor<C: Serialize>(list: &str, key: &C) -> String {
    let mut bytes = postcard::to_stdvec(key).unwrap_or_default();
    bytes.extend(checksum(list, &bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key in a cursor of `list`; none given: `None`.
pub fn from_cursor<C: DeserializeOwned>(
    list: &str,
    after: Option<&str>,
) -> Result<Option<C>, Problem> {
    let Some(after) = after else { return Ok(None) };
    let key = URL_SAFE_NO_PAD.decode(after).ok().and_then(|bytes| {
        let (key, sum) = bytes.split_last_chunk::<4>()?;
        (checksum(list, key) == *sum).then(|| postcard::from_bytes(key).ok())?
    });
    match key {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::of_faults(
            ProblemKind::InvalidParameter,
            vec![Fault::new(
                "after",
                "is not a cursor of this list: give the `next` of a page before it, or leave it out to begin at the first page",
            )],
        )),
    }
}

/// Tells our cursors from others, and those of one list from another's.
fn checksum(list: &str, key: &[u8]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(list)
        .chain_update([0])
        .chain_update(key)
        .finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_a_forged_one_is_refused() {
        let text = cursor("sources", &"TR-0412".to_owned());
        assert_eq!(
            from_cursor::<String>("sources", Some(&text)),
            Ok(Some("TR-0412".to_owned()))
        );
        assert_eq!(from_cursor::<String>("sources", None), Ok(None));
        for forged in ["", "x", "AAAAAAAA", &text[1..]] {
            let problem = from_cursor::<String>("sources", Some(forged)).unwrap_err();
            assert_eq!(problem.status, 400, "{forged}");
        }
        assert!(
            from_cursor::<String>("alerts", Some(&text)).is_err(),
            "a cursor of another list"
        );
    }

    #[test]
    fn a_page_says_whether_there_is_another() {
        let size = PageSize::try_from(2).unwrap();
        let page = page_of(vec![1_u32, 2, 3], size, "l", |n| *n, |n| n);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(from_cursor::<u32>("l", page.next.as_deref()), Ok(Some(2)));
        assert_eq!(page_of(vec![1_u32, 2], size, "l", |n| *n, |n| n).next, None);
        assert!(PageSize::try_from(0).is_err() && PageSize::try_from(1_001).is_err());
    }
}
