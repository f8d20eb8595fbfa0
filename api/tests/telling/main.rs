//! Telling as a whole: a register on disk, the real tasks, and receivers that speak the real protocols.

#![allow(clippy::unwrap_used)]

mod bench;
mod receiver;
mod smtp;

mod channels;
mod escalation;
mod mail;
mod routes;
mod storm;
mod webhook;
