//! Tokens and keys: 256 random bits each, of which only the SHA-256 is kept. So many bits need no
//! slow hash: nobody guesses one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Letters and digits that nobody takes for one another.
const PLAIN: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The system gives no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no randomness; nothing was changed")]
pub struct NoRandomness;

/// A new token of a session.
pub struct Token {
    /// What the browser keeps.
    pub text: String,
    /// What is kept of it.
    pub sha256: [u8; 32],
}

/// A new key.
pub struct Key {
    /// Its beginning, which is no secret.
    pub id: String,
    /// The whole of it.
    pub text: String,
    /// What is kept of it.
    pub sha256: [u8; 32],
}

/// What is kept of a token or key.
pub fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A new token.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_token() -> Result<Token, NoRandomness> {
    let text = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let sha256 = sha256(&text);
    Ok(Token { text, sha256 })
}

/// A new key: `fm_<id>_<256 bits>`.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_key() -> Result<Key, NoRandomness> {
    let id = format!("fm_{}", plain(&random::<10>()?));
    let text = format!("{id}_{}", URL_SAFE_NO_PAD.encode(random::<32>()?));
    let sha256 = sha256(&text);
    Ok(Key { id, text, sha256 })
}

/// A password of 100 random bits, to be told to somebody.
///
/// # Errors
/// When the system gives no randomness.
pub fn password() -> Result<String, NoRandomness> {
    let text = plain(&random::<20>()?);
    Ok(format!(
        "{}-{}-{}-{}",
        &text[..5],
        &text[5..10],
        &text[10..15],
        &text[15..]
    ))
}

fn plain(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| PLAIN[usize::from(byte & 31)] as char)
        .collect()
}

fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_like_another_and_of_a_key_only_the_beginning_shows() {
        let (a, b) = (new_key().unwrap(), new_key().unwrap());
        assert_ne!(a.text, b.text);
        assert!(a.text.starts_with(&format!("{}_", a.id)) && a.text.len() == 13 + 1 + 43);
        assert_eq!(a.sha256, sha256(&a.text));
        assert_ne!(new_token().unwrap().text, new_token().unwrap().text);
        assert_eq!(password().unwrap().len(), 23);
    }
}
