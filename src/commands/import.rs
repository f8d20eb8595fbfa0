//! `firemain import`: a register of sources into the data directory, all of it or nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;
use firemain_api::import::{self, Format, ImportPlan};
use firemain_domain::clock::{Clock, SystemClock};
use firemain_domain::source::Source;
use firemain_store::DataDir;
use firemain_store::register::{Register, SqliteRegister};

use crate::cli::{ImportArgs, ImportFormat};
use crate::exit::Misuse;
use crate::settings;

/// Remarks that are printed at most, of each sort.
const SHOWN: usize = 50;

/// Imports, or only checks. A firemain that runs on the same data directory takes the changes by
/// itself.
pub fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let format = format_of(args)?;
    let plan = import::read(input(&args.file)?, format)?;
    tell(&plan);
    if !plan.is_good() {
        return Err(Misuse::Arguments(format!(
            "{} of {} rows cannot be used: nothing was imported",
            plan.error_count(),
            plan.rows
        ))
        .into());
    }
    let count = plan.sources.len();
    if args.dry_run {
        println!("{count} sources can be imported; nothing was changed (--dry-run)");
        return Ok(());
    }
    let settings = settings::load(args.config.config.as_deref())?;
    let register = SqliteRegister::open(&DataDir::open(&settings.data.dir)?.register())?;
    // What is there is read first: the plan asks for one source at a time and may not fail.
    let there = existing(&register)?;
    let changes = plan.into_changes(&|code| there.get(code).cloned());
    if changes.is_empty() {
        println!("{count} sources: all of them are in the register already, as they are");
        return Ok(());
    }
    register.change("import", SystemClock::new().now(), &changes)?;
    println!(
        "{count} sources, of which {} are new or different: imported",
        changes.len()
    );
    Ok(())
}

fn existing(
    register: &SqliteRegister,
) -> anyhow::Result<std::collections::HashMap<String, Source>> {
    const PAGE: usize = 5_000;
    let mut all = std::collections::HashMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = register.sources(after.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after = Some(last.code.to_string());
        all.extend(
            page.into_iter()
                .map(|source| (source.code.to_string(), source)),
        );
    }
}

fn format_of(args: &ImportArgs) -> anyhow::Result<Format> {
    let named = args.format.map(|format| match format {
        ImportFormat::Csv => Format::Csv,
        ImportFormat::Geojson => Format::GeoJson,
    });
    named
        .or_else(|| Format::of_file(&args.file))
        .ok_or_else(|| {
            let what = args.file.display();
            Misuse::Arguments(format!(
                "what {what} is cannot be told by its name: add --format csv or --format geojson"
            ))
            .into()
        })
}

fn input(file: &Path) -> anyhow::Result<Box<dyn Read>> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Box::new(opened))
}

fn tell(plan: &ImportPlan) {
    if !plan.unknown_columns.is_empty() {
        eprintln!(
            "passed over, for nobody here knows them: columns {}",
            plan.unknown_columns.join(", ")
        );
    }
    for (sort, remarks, more) in [
        ("error", &plan.errors, plan.more_errors),
        ("warning", &plan.warnings, plan.more_warnings),
    ] {
        remarks
            .iter()
            .take(SHOWN)
            .for_each(|remark| eprintln!("{sort}: {remark}"));
        let hidden = remarks.len().saturating_sub(SHOWN) as u64 + more;
        if hidden > 0 {
            eprintln!("{sort}: … and {hidden} more");
        }
    }
}
