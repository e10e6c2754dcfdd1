//! Takes the engine's exact version out of Cargo.lock, so that no second place states it.

use std::{env, fs, path::Path};

fn main() {
    let lock_path = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("Cargo.lock");
    let lock = fs::read_to_string(&lock_path).unwrap();
    let version = lock
        .split("[[package]]")
        .find(|package| package.contains("name = \"wasmtime\"\n"))
        .and_then(|package| package.split("version = \"").nth(1))
        .and_then(|rest| rest.split('"').next())
        .expect("Cargo.lock pins wasmtime");

    println!("cargo:rerun-if-changed={}", lock_path.display());
    println!("cargo:rustc-env=AUREON_ENGINE_WASMTIME_VERSION={version}");
}
