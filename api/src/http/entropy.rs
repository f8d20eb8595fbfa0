//! The one door through which true randomness comes in: secrets and ids must not be guessable, so
//! no seed may give them again.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use firemain_domain::Timestamp;
use sha2::{Digest, Sha256, Sha512};

use super::problem::{Problem, ProblemKind};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A secret of 256 random bits as text, with the hash that is kept of it.
pub fn secret() -> Result<(String, [u8; 32]), Problem> {
    let text = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let hash = Sha256::digest(text.as_bytes()).into();
    Ok((text, hash))
}

/// A secret as mosquitto keeps it: PBKDF2 (RFC 8018) with HMAC-SHA-512, of as many rounds as
/// mosquitto itself takes. A secret of 256 random bits needs no more.
pub fn broker_hash(secret: &str) -> Result<String, Problem> {
    const ROUNDS: u32 = 101;
    let salt = random::<12>()?;
    let hash = pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(secret.as_bytes(), &salt, ROUNDS);
    let (salt, hash) = (STANDARD.encode(salt), STANDARD.encode(hash));
    Ok(format!("$7${ROUNDS}${salt}${hash}"))
}

/// A new id: 26 characters (ULID), those of later milliseconds sort later.
pub fn id(now: Timestamp) -> Result<String, Problem> {
    let chance = random::<10>()?;
    let ms = u64::try_from(now.ms()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    let mut bits = u128::from(ms) << 80;
    for (n, byte) in chance.iter().enumerate() {
        bits |= u128::from(*byte) << (8 * n);
    }
    let digit = |n: u32| ALPHABET[((bits >> (5 * n)) & 31) as usize] as char;
    Ok((0..26).rev().map(digit).collect())
}

fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "http.no_randomness");
        Problem::new(
            ProblemKind::Internal,
            "the system gives no randomness; nothing was changed",
        )
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_later_and_none_is_like_another() {
        let a = id(Timestamp::from_ms(1_764_000_000_000)).unwrap();
        let b = id(Timestamp::from_ms(1_764_000_000_000)).unwrap();
        let c = id(Timestamp::from_ms(1_764_000_000_001)).unwrap();
        assert_eq!(a.len(), 26);
        assert_ne!(a, b);
        assert!(c > a && c > b);
    }

    #[test]
    fn a_secret_is_kept_as_its_hash_only() {
        let (text, hash) = secret().unwrap();
        assert_eq!(text.len(), 43);
        assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(text.as_bytes())));
    }
}
