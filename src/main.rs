//! The firemain binary: settings, command line, wiring. What a subcommand does lies in
//! [`commands`], one file each; how its parts work lies in the crates it wires together.

mod cli;
mod commands;
mod exit;
mod log;
mod people;
mod ready;
mod running;
mod settings;
mod shutdown;
mod stores;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    // A reader that goes away early (`firemain … | head`) is no failure of ours to shout about.
    let cli = Cli::parse();
    firemain_api::choose_cryptography();
    let outcome = match &cli.command {
        Command::Demo(args) => commands::demo::run(args),
        Command::Serve(args) => commands::serve::run(args, stores::Parts::Both),
        Command::Ingest(args) => commands::serve::run(args, stores::Parts::Ingest),
        Command::Api(args) => commands::serve::run(args, stores::Parts::Api),
        Command::Sim(args) => commands::sim::run(args),
        Command::Backtest(args) => commands::backtest::run(args),
        Command::Import(args) => commands::import::run(args),
        Command::User(args) => commands::user::run(args),
        Command::Key(args) => commands::key::run(args),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::Settings => commands::settings::run(),
    };
    exit::code(outcome)
}
