//! Everything that the C program takes from Rust crates, as one static library: the WebAssembly
//! engine's C API as it is, and a few functions for SHA-256 and Ed25519.
//!
//! The contracts of the functions below are in `include/aureon_engine.h`. Nothing here can panic
//! for any input; the library is built with `panic = "abort"` all the same, since unwinding into C
//! is undefined.

use std::ffi::{c_char, c_int};
use std::slice;

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_zebra::{Signature, VerificationKey};
use sha2::{Digest, Sha256};

pub use wasmtime_c_api::*;

/// What every engine artifact depends on: the exact set of crates.
static LOCK_FILE: &[u8] = include_bytes!("../Cargo.lock");

static VERSION: &str = concat!("wasmtime ", env!("AUREON_ENGINE_WASMTIME_VERSION"), "\0");

#[repr(C)]
pub struct aureon_engine_slice {
    data: *const u8,
    size: usize,
}

/// A slice of C's bytes. C passes NULL for no bytes, which Rust does not take.
///
/// # Safety
/// `data` points to `size` readable bytes that do not change meanwhile, or `size` is 0.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        &[]
    } else {
        slice::from_raw_parts(data, size)
    }
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_sha256(data: *const u8, size: usize, out: *mut [u8; 32]) {
    *out = Sha256::digest(bytes(data, size)).into();
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_sha256v(
    parts: *const aureon_engine_slice,
    count: usize,
    out: *mut [u8; 32],
) {
    let parts = if count == 0 {
        &[]
    } else {
        slice::from_raw_parts(parts, count)
    };
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(bytes(part.data, part.size));
    }
    *out = hasher.finalize().into();
}

fn is_small_order(key: &[u8; 32]) -> bool {
    CompressedEdwardsY(*key)
        .decompress()
        .is_some_and(|point| point.is_small_order())
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_ed25519_key_is_small_order(key: *const [u8; 32]) -> c_int {
    is_small_order(&*key).into()
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_ed25519_verify(
    key: *const [u8; 32],
    sig: *const [u8; 64],
    msg: *const u8,
    size: usize,
) -> c_int {
    let Ok(verification_key) = VerificationKey::try_from(*key) else {
        return 0;
    };
    let is_signed = verification_key
        .verify(&Signature::from_bytes(&*sig), bytes(msg, size))
        .is_ok();
    (is_signed && !is_small_order(&*key)).into()
}

#[no_mangle]
pub extern "C" fn aureon_engine_version() -> *const c_char {
    VERSION.as_ptr().cast()
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_lock_hash(out: *mut [u8; 32]) {
    *out = Sha256::digest(LOCK_FILE).into();
}
