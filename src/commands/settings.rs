//! `firemain settings`: every setting with its default and its effect.

use std::io::{self, Write};

use crate::settings::keys;

/// Lists them as the TOML they are, so that the list can be the beginning of a file.
pub fn run() -> anyhow::Result<()> {
    match list(&mut std::io::stdout().lock()) {
        // A reader that went away has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        listed => Ok(listed?),
    }
}

fn list(out: &mut impl Write) -> io::Result<()> {
    let mut section = String::new();
    for key in keys::all() {
        let (of, name) = key.name.rsplit_once('.').unwrap_or(("", &key.name));
        if of != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            of.clone_into(&mut section);
            writeln!(out, "{gap}[{section}]")?;
        }
        let line = match (key.default.as_str(), key.effect) {
            ("", effect) => format!("# {name} =    # {effect}"),
            (default, "") => format!("# {name} = {default}"),
            (default, effect) => format!("# {name} = {default}    # {effect}"),
        };
        writeln!(out, "{line}")?;
    }
    Ok(())
}
