//! `firemain settings`: every setting with its default and its effect.

use std::io::Write;

use crate::settings::keys;

/// Lists them as the TOML they are, so that the list can be the beginning of a file.
pub fn run() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut section = String::new();
    for key in keys::all() {
        let (of, name) = key.name.rsplit_once('.').unwrap_or(("", &key.name));
        if of != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            of.clone_into(&mut section);
            if writeln!(out, "{gap}[{section}]").is_err() {
                return Ok(());
            }
        }
        let line = match (key.default.as_str(), key.effect) {
            ("", effect) => format!("# {name} =    # {effect}"),
            (default, "") => format!("# {name} = {default}"),
            (default, effect) => format!("# {name} = {default}    # {effect}"),
        };
        // A reader that went away has read enough.
        if writeln!(out, "{line}").is_err() {
            return Ok(());
        }
    }
    Ok(())
}
