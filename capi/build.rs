//! The name, export and unload rules of the shared library, which cargo does not set by itself.

use std::path::Path;

/// Changes only when something is removed from the ABI or changes its meaning.
const ABI: &str = "1";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        // A DLL is found by its file name; the library holds itself loaded.
        Ok("windows") => {}
        Ok("macos" | "ios") => {
            let name = format!("libsecsmtp.{ABI}.dylib");
            for argument in [
                format!("-install_name,@rpath/{name}"),
                format!("-compatibility_version,{ABI}"),
                format!("-current_version,{ABI}"),
            ] {
                println!("cargo::rustc-cdylib-link-arg=-Wl,{argument}");
            }
            link_beside_library("libsecsmtp.dylib", &name);
        }
        _ => {
            let name = format!("libsecsmtp.so.{ABI}");
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{name}");
            // Thread-local destructors of a Rust library must not be unloaded under a live thread.
            println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
            link_beside_library("libsecsmtp.so", &name);
        }
    }
}

/// A program linked against the build folder asks for the library by `name` at run time: let it be
/// there.
fn link_beside_library(library: &str, name: &str) {
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    let Some(folder) = Path::new(&out).ancestors().nth(3) else {
        return;
    };
    #[cfg(unix)]
    {
        let link = folder.join(name);
        if link.symlink_metadata().is_err() {
            // A folder that takes no link costs the convenience, not the build.
            let _ = std::os::unix::fs::symlink(library, link);
        }
    }
    #[cfg(not(unix))]
    let _ = (folder, library, name);
}
