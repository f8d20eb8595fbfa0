//! The subcommands, one file each.

pub mod backtest;
pub mod demo;
pub mod doctor;
pub mod import;
pub mod key;
pub mod serve;
pub mod settings;
pub mod sim;
pub mod user;
