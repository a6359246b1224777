//! The C header, by cbindgen.

use std::path::Path;

use cbindgen::{Builder, Config};

use crate::Result;

pub(crate) const SETTINGS: &str = "cbindgen.toml";
const FFI: &str = "src/ffi/mod.rs";

pub(crate) fn generate(root: &Path) -> Result<String> {
    let config = Config::from_file(root.join(SETTINGS))?;
    // Parse from the module's file instead of the crate: faster, and no other module adds a name.
    // cbindgen follows the `mod` lines, whose order is that of the header.
    let builder = Builder::new().with_config(config).with_src(root.join(FFI));
    let mut header = Vec::new();
    builder
        .generate()
        .map_err(|e| e.to_string())?
        .write(&mut header);
    String::from_utf8(header).map_err(|e| e.to_string())
}
