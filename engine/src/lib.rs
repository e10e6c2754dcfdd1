//! Everything that the C program takes from Rust crates, as one static library: the WebAssembly
//! engine's C API as it is, and a few functions for SHA-256 and Ed25519.
//!
//! The contracts of the functions below are in `include/aureon_engine.h`. Nothing here can panic
//! for any input; the library is built with `panic = "abort"` all the same, since unwinding into C
//! is undefined.

use std::convert::Infallible;
use std::ffi::{c_char, c_int};
use std::slice;

use ed25519_zebra::{batch, Signature, VerificationKey, VerificationKeyBytes};
use rand_core::{TryCryptoRng, TryRng};
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

/// The y of every encoding of a point whose order divides 8. Such a point has y = 0 (order 4),
/// 1 (the identity), -1 (order 2) or one of two more (order 8), and only the first two are small
/// enough for a second encoding, y + p. Each occurs with either sign bit.
const SMALL_ORDER_Y: [[u8; 32]; 7] = [
    y(0x00, 0x00, 0x00),
    y(0x01, 0x00, 0x00),
    y(0xec, 0xff, 0x7f),
    y(0xed, 0xff, 0x7f),
    y(0xee, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn y(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// By comparing bytes: decoding the point would cost a quarter of a check in a batch.
fn is_small_order(key: &[u8; 32]) -> bool {
    let mut unsigned = *key;
    unsigned[31] &= 0x7f;
    SMALL_ORDER_Y.contains(&unsigned)
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

#[repr(C)]
pub struct aureon_engine_signature {
    key: *const [u8; 32],
    sig: *const [u8; 64],
    message: aureon_engine_slice,
}

/// The coefficients of a batch equation: SHA-256 over a counter and a seed from the operating
/// system. They must be unknown to whoever made the signatures, nothing else depends on them.
struct Coefficients {
    seed: [u8; 32],
    counter: u64,
}

impl Coefficients {
    fn new() -> Option<Self> {
        let mut seed = [0; 32];
        // A read of at most 256 bytes is never short and never interrupted once there is entropy.
        let size = unsafe { libc::getrandom(seed.as_mut_ptr().cast(), seed.len(), 0) };
        (size == 32).then_some(Self { seed, counter: 0 })
    }
}

impl TryRng for Coefficients {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let hasher = Sha256::new().chain_update(self.seed);
            let block: [u8; 32] = hasher
                .chain_update(self.counter.to_le_bytes())
                .finalize()
                .into();
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.counter += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Coefficients {}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_ed25519_verify_batch(
    items: *const aureon_engine_signature,
    count: usize,
) -> c_int {
    if count == 0 {
        return 1;
    }
    let items = slice::from_raw_parts(items, count);
    let Some(coefficients) = Coefficients::new() else {
        let is_valid = |item: &aureon_engine_signature| {
            let message = &item.message;
            aureon_engine_ed25519_verify(item.key, item.sig, message.data, message.size) == 1
        };
        return items.iter().all(is_valid).into();
    };
    let mut verifier = batch::Verifier::new();
    for item in items {
        if is_small_order(&*item.key) {
            return 0;
        }
        let key = VerificationKeyBytes::from(*item.key);
        let sig = Signature::from_bytes(&*item.sig);
        verifier.queue((key, sig, bytes(item.message.data, item.message.size)));
    }
    verifier.verify(coefficients).is_ok().into()
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
