//! How people and machines prove who they are: passwords, tokens and keys.
//!
//! In: what somebody chose or sent. Out: hashes to keep, and whether something fits them. The API,
//! the command line and the demo make users and keys by the same rules; nothing here asks a
//! database or the network. Hashing a password takes tens of milliseconds and 19 MiB: never on a
//! thread that serves.

mod name;
mod password;
mod scope;
mod secret;

pub use name::check_name;
pub use password::{
    MOST_PASSWORD, PasswordError, check_password, fits, hash_password, nobodys_hash,
};
pub use scope::{check_scopes, is_in_scope};
pub use secret::{Key, NoRandomness, Token, new_key, new_token, password, sha256};
