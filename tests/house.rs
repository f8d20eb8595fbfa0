//! The house: which crate may know which.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Who may lean on whom; any other arrow is a crack.
const ARROWS: &[(&str, &[&str])] = &[
    ("firemain-domain", &[]),
    ("firemain-wire", &["firemain-domain"]),
    ("firemain-store", &["firemain-domain"]),
    (
        "firemain-ingest",
        &["firemain-domain", "firemain-wire", "firemain-store"],
    ),
    (
        "firemain-api",
        &["firemain-domain", "firemain-wire", "firemain-store"],
    ),
    (
        "firemain-firmware-sim",
        &["firemain-domain", "firemain-wire"],
    ),
    (
        "firemain",
        &[
            "firemain-domain",
            "firemain-wire",
            "firemain-store",
            "firemain-ingest",
            "firemain-api",
            "firemain-firmware-sim",
        ],
    ),
];

#[test]
fn the_crates_lean_on_each_other_only_as_drawn() {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo tells of the workspace");
    let drawn: BTreeMap<&str, BTreeSet<&str>> = ARROWS
        .iter()
        .map(|(from, to)| (*from, to.iter().copied().collect()))
        .collect();
    for package in &metadata.packages {
        let allowed = drawn
            .get(package.name.as_str())
            .unwrap_or_else(|| panic!("{} is not drawn in this test", package.name));
        for dependency in package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development)
        {
            let name = dependency.name.as_str();
            assert!(
                !name.starts_with("firemain") || allowed.contains(name),
                "{} leans on {name}, which is not drawn",
                package.name
            );
        }
    }
    assert_eq!(
        metadata.packages.len(),
        drawn.len(),
        "a crate is drawn that is not there"
    );
}

#[test]
fn the_domain_knows_no_time_no_socket_and_no_disk() {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo tells of the workspace");
    let domain = metadata
        .packages
        .iter()
        .find(|p| *p.name == "firemain-domain")
        .expect("it is there");
    for dependency in domain
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development)
    {
        let outward = ["tokio", "rusqlite", "rumqttc", "ntex", "axum", "reqwest"];
        assert!(
            !outward.contains(&dependency.name.as_str()),
            "domain leans on {}",
            dependency.name
        );
    }
}
