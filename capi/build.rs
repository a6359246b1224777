//! The name, export and unload rules of the shared library, which cargo does not set by itself.

use std::path::Path;

/// Changes only when something is removed from the ABI or changes its meaning.
const SONAME: &str = "libsecsmtp.so.1";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("windows") => {}
        Ok("macos" | "ios") => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libsecsmtp.1.dylib");
        }
        _ => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
            // Thread-local destructors of a Rust library must not be unloaded under a live thread.
            println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
            link_beside_library();
        }
    }
}

/// A program linked against the build folder asks for the soname at run time: let it be there.
fn link_beside_library() {
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    let Some(folder) = Path::new(&out).ancestors().nth(3) else {
        return;
    };
    #[cfg(unix)]
    {
        let link = folder.join(SONAME);
        if link.symlink_metadata().is_err() {
            // A folder that takes no link costs the convenience, not the build.
            let _ = std::os::unix::fs::symlink("libsecsmtp.so", link);
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
}
