//! Random chains, judged by us and by OpenSSL's `verify`, which shares no code with us.
//!
//! The chains are drawn from a pool made once: leaves with every fault, intermediates of which some
//! are constrained or old, two roots; then shuffled, repeated, and filled with decoys. The seed is
//! fixed, so that a difference can be looked at again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    NameConstraints,
};
use rustls::pki_types::CertificateDer;
use secsmtp::trust::{Host, Policy, now_at, verify_chain};

use crate::authority::{Ca, now, pem, set_days};
use crate::random::Random;
use crate::world::HOST;

const CASES: usize = 300;

struct Pool {
    roots: Vec<CertificateDer<'static>>,
    subs: Vec<(&'static str, CertificateDer<'static>)>,
    leaves: Vec<(String, Vec<CertificateDer<'static>>)>,
}

type Sub = (&'static str, fn(&mut CertificateParams));
type Change = (
    &'static str,
    &'static [&'static str],
    fn(&mut CertificateParams),
);

const LEAVES: [Change; 9] = [
    ("good", &[HOST], |_| ()),
    ("good with more names", &["mail.test", HOST], |_| ()),
    ("wildcard", &["*.example"], |_| ()),
    ("other name", &["other.example"], |_| ()),
    ("expired", &[HOST], |p| set_days(p, -9, -2)),
    ("not yet", &[HOST], |p| set_days(p, 2, 9)),
    ("clients", &[HOST], |p| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]
    }),
    ("no usage", &[HOST], |p| p.extended_key_usages.clear()),
    ("below test", &[HOST, "mail.test"], |_| ()),
];

const SUBS: [Sub; 5] = [
    ("plain", |_| ()),
    ("old", |p| set_days(p, -9, -2)),
    ("constrained", |p| {
        p.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    }),
    ("last", |p| {
        p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))
    }),
    ("no CA", |p| p.is_ca = IsCa::NoCa),
];

/// Leaves of each intermediate, and of intermediates below them, of two roots.
fn pool() -> Pool {
    let mut pool = Pool {
        roots: Vec::new(),
        subs: Vec::new(),
        leaves: Vec::new(),
    };
    for root_name in ["Root One", "Root Two"] {
        let root = Ca::root(root_name);
        pool.roots.push(root.der());
        for (sub_name, change) in SUBS {
            let name = format!("{root_name} {sub_name}");
            let sub = root.sub(&name, &change);
            pool.subs.push((sub_name, sub.der()));
            let below = sub.sub(&format!("{name} below"), &|_| ());
            pool.subs.push(("below", below.der()));
            for (leaf_name, names, change) in LEAVES {
                for ca in [&sub, &below] {
                    let chain = ca.leaf(names, &change).chain;
                    pool.leaves
                        .push((format!("{leaf_name} of {name}, {}", chain.len()), chain));
                }
            }
        }
    }
    pool
}

/// A chain and what it is made of.
fn draw(pool: &Pool, random: &mut Random) -> (String, Vec<CertificateDer<'static>>) {
    // Half of them with the first fault only in leaf or decoys, so that some are trusted.
    let sound: Vec<_> = pool
        .leaves
        .iter()
        .filter(|l| l.0.contains("Root One plain"))
        .collect();
    let (name, chain) = match random.below(2) {
        0 => sound[random.below(sound.len())],
        _ => &pool.leaves[random.below(pool.leaves.len())],
    };
    let (mut name, mut chain) = (name.clone(), chain.clone());
    let mut others = chain.split_off(1);
    if random.below(6) == 0 && !others.is_empty() {
        others.remove(random.below(others.len()));
        name.push_str(", one missing");
    }
    for _ in 0..random.below(4) {
        let decoy = match random.below(4) {
            0 => pool.roots[random.below(pool.roots.len())].clone(),
            1 if !others.is_empty() => others[random.below(others.len())].clone(),
            2 => pool.leaves[random.below(pool.leaves.len())].1[0].clone(),
            _ => pool.subs[random.below(pool.subs.len())].1.clone(),
        };
        others.push(decoy);
        name.push_str(", decoy");
    }
    for i in (1..others.len()).rev() {
        others.swap(i, random.below(i + 1));
    }
    chain.append(&mut others);
    (name, chain)
}

#[test]
fn verdicts_are_those_of_openssl() {
    if !has_openssl() {
        return;
    }
    let folder = Folder::new();
    let pool = pool();
    let root = folder.write("root.pem", &pool.roots[..1]);
    let mut policy = Policy::new();
    policy.add_ca(&pool.roots[0]).expect("a CA");
    let host = Host::parse(HOST).expect("a host");
    let mut random = Random(0x5ec5_3719_2026_1123);
    let mut counts: BTreeMap<bool, usize> = BTreeMap::new();
    let mut differ = Vec::new();
    for number in 0..CASES {
        let (name, chain) = draw(&pool, &mut random);
        // Most at this time, some at another.
        let at = match random.below(8) {
            0 => now() - 5 * 86_400,
            1 => now() + 5 * 86_400,
            _ => now(),
        };
        let ours = verify_chain(&policy, &host, &chain, now_at(Some(at)));
        let theirs = openssl(&folder, &root, &chain, at);
        *counts.entry(ours.is_ok()).or_default() += 1;
        if ours.is_ok() != theirs.is_ok() {
            let ours = ours
                .map(|_| "trusted")
                .map_err(|r| format!("{:?}", r.reason));
            differ.push(format!(
                "{number}: {name}, at {at}: ours {ours:?}, theirs {theirs:?}"
            ));
        }
    }
    assert!(
        differ.is_empty(),
        "{} verdicts differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
    // Both answers are there in numbers, or it would compare nothing.
    assert!(
        counts.values().all(|n| *n >= CASES / 10) && counts.len() == 2,
        "{counts:?}"
    );
}

/// Returns whether OpenSSL is available; where everything is required it must be.
pub(crate) fn has_openssl() -> bool {
    if Command::new("openssl").arg("version").output().is_ok() {
        return true;
    }
    assert!(
        std::env::var_os("SECSMTP_REQUIRE_ALL").is_none_or(|v| v != "1"),
        "openssl is missing, and everything is required"
    );
    eprintln!("skipped: no openssl");
    false
}

/// OpenSSL's verdict: its own words where it refuses.
fn openssl(
    folder: &Folder,
    root: &Path,
    chain: &[CertificateDer<'_>],
    at: u64,
) -> Result<(), String> {
    let leaf = folder.write("leaf.pem", &chain[..1]);
    let others = folder.write("others.pem", &chain[1..]);
    let mut command = Command::new("openssl");
    // Nothing of this machine's: neither its configuration nor its roots.
    command
        .env("OPENSSL_CONF", folder.0.join("none"))
        .args([
            "verify",
            "-no-CApath",
            "-no-CAstore",
            "-purpose",
            "sslserver",
        ])
        .args(["-verify_hostname", HOST, "-attime", &at.to_string()])
        .arg("-CAfile")
        .arg(root);
    if chain.len() > 1 {
        command.arg("-untrusted").arg(others);
    }
    let output = command.arg(leaf).output().expect("openssl");
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("secsmtp-oracle-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        fs::write(path.join("none"), "").expect("a file");
        Self(path)
    }

    fn write(&self, name: &str, chain: &[CertificateDer<'_>]) -> PathBuf {
        let path = self.0.join(name);
        let text: String = chain.iter().map(|der| pem(der)).collect();
        fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
