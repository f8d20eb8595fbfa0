//! Where the real servers are: what `tests/servers/setup.sh` wrote down.

use std::fs;
use std::path::PathBuf;

/// The program of a server, by the name it has in `servers.env` without `FIREMAIN_TEST_`; an
/// environment variable of the full name overrides it.
pub(crate) fn server(name: &str) -> PathBuf {
    let variable = format!("FIREMAIN_TEST_{name}");
    std::env::var(&variable)
        .ok()
        .or_else(|| written_down(&variable))
        .map(PathBuf::from)
        .filter(|program| program.exists())
        .unwrap_or_else(|| panic!("{variable} is not set up: run `make setup`"))
}

fn written_down(variable: &str) -> Option<String> {
    fs::read_to_string(cache()?.join("servers.env"))
        .ok()?
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name == variable).then(|| value.to_owned())
        })
}

/// The folder that the set-up script uses, found the way it finds it.
fn cache() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("FIREMAIN_SERVERS_DIR") {
        return Some(folder.into());
    }
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => PathBuf::from(std::env::var_os("HOME")?).join(".cache"),
    };
    Some(base.join("firemain/servers"))
}
