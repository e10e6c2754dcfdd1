//! Everything that the C program takes from Rust crates, as one static library: the WebAssembly
//! engine's C API as it is, and a few functions for hashes and signatures.
//!
//! The contracts of the functions below are in `include/aureon_engine.h`. Nothing here can panic
//! for any input; the library is built with `panic = "abort"` all the same, since unwinding into C
//! is undefined.

use std::collections::HashMap;
use std::ffi::{c_char, c_int};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{mem, slice};

use blake2::Blake2b256;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use curve25519_dalek::Scalar;
use ed25519_zebra::{Signature, VerificationKey};
use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::ecdsa::RecoveryId;
use sha2::{Digest, Sha256, Sha512};
use sha3::Keccak256;

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

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_keccak256(data: *const u8, size: usize, out: *mut [u8; 32]) {
    *out = Keccak256::digest(bytes(data, size)).into();
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_blake2b_256(
    data: *const u8,
    size: usize,
    out: *mut [u8; 32],
) {
    *out = Blake2b256::digest(bytes(data, size)).into();
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

/// The factors of a batch equation: SHA-256 over a counter and a seed from the operating system.
/// They must be unknown to whoever made the signatures, nothing else depends on them.
struct Factors {
    seed: [u8; 32],
    counter: u64,
}

impl Factors {
    fn new() -> Option<Self> {
        let mut seed = [0; 32];
        // A read of at most 256 bytes is never short and never interrupted once there is entropy.
        let size = unsafe { libc::getrandom(seed.as_mut_ptr().cast(), seed.len(), 0) };
        (size == 32).then_some(Self { seed, counter: 0 })
    }

    /// Below 2^128.
    fn next(&mut self) -> Scalar {
        let hasher = Sha256::new().chain_update(self.seed);
        let hash = hasher.chain_update(self.counter.to_le_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        self.counter += 1;
        Scalar::from(u128::from_le_bytes(bytes))
    }
}

type Key = [u8; 32];

/// The points of keys that have signed, those used last: `young` grows to half of what may be kept,
/// then takes the place of `old`.
struct Points {
    half: usize,
    young: HashMap<Key, EdwardsPoint>,
    old: HashMap<Key, EdwardsPoint>,
}

impl Points {
    fn find(&self, key: &Key) -> Option<EdwardsPoint> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn keep(&mut self, key: &Key, point: EdwardsPoint) {
        if self.young.contains_key(key) {
            return;
        }
        if self.young.len() >= self.half {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(*key, point);
    }
}

pub struct Keys(Mutex<Points>);

impl Keys {
    fn lock(&self) -> MutexGuard<'_, Points> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[no_mangle]
pub extern "C" fn aureon_engine_keys_new(count_max: usize) -> *mut Keys {
    Box::into_raw(Box::new(Keys(Mutex::new(Points {
        half: count_max / 2,
        young: HashMap::new(),
        old: HashMap::new(),
    }))))
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_keys_free(keys: *mut Keys) {
    if !keys.is_null() {
        drop(Box::from_raw(keys));
    }
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_keys_count(keys: *const Keys) -> usize {
    let points = (*keys).lock();
    points.young.len() + points.old.len()
}

/// One key of a batch; all of its signatures share a term of the equation.
struct Signer {
    key: Key,
    point: EdwardsPoint,
    factor: Scalar,
}

/// The keys of a batch, each once, and for every item which one is its own. None if one is no key.
unsafe fn signers_of(
    keys: Option<&Keys>,
    items: &[aureon_engine_signature],
) -> Option<(Vec<Signer>, Vec<usize>)> {
    let mut places = HashMap::with_capacity(items.len());
    let mut signers = Vec::new();
    let mut owners = Vec::with_capacity(items.len());
    let known = keys.map(Keys::lock);
    for item in items {
        let key = *item.key;
        let place = *places.entry(key).or_insert(signers.len());
        if place == signers.len() {
            signers.push((key, known.as_ref().and_then(|points| points.find(&key))));
        }
        owners.push(place);
    }
    drop(known);
    let decode = |(key, point): (Key, Option<EdwardsPoint>)| {
        let point = point.or_else(|| CompressedEdwardsY(key).decompress())?;
        let is_signer = !is_small_order(&key);
        is_signer.then_some(Signer {
            key,
            point,
            factor: Scalar::ZERO,
        })
    };
    let signers: Option<Vec<_>> = signers.into_iter().map(decode).collect();
    Some((signers?, owners))
}

/// k of an equation: [8][S]B = [8]R + [8][k]A.
unsafe fn challenge(item: &aureon_engine_signature, r: &[u8]) -> Scalar {
    let hasher = Sha512::new().chain_update(r).chain_update(*item.key);
    let hash = hasher.chain_update(bytes(item.message.data, item.message.size));
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// Whether the sum of the items' equations holds, each times a factor. None if one has no equation.
unsafe fn sum_holds(
    signers: &mut [Signer],
    owners: &[usize],
    items: &[aureon_engine_signature],
    factors: &mut Factors,
) -> Option<bool> {
    let mut base_factor = Scalar::ZERO;
    let mut scalars = Vec::with_capacity(items.len() + signers.len() + 1);
    let mut points = Vec::with_capacity(items.len() + signers.len() + 1);
    for (item, &owner) in items.iter().zip(owners) {
        let sig: [u8; 64] = *item.sig;
        let (r, s) = sig.split_at(32);
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
        let factor = factors.next();
        points.push(CompressedEdwardsY(r.try_into().ok()?).decompress()?);
        scalars.push(factor);
        base_factor -= factor * s;
        signers[owner].factor += factor * challenge(item, r);
    }
    for signer in signers.iter() {
        points.push(signer.point);
        scalars.push(signer.factor);
    }
    points.push(ED25519_BASEPOINT_POINT);
    scalars.push(base_factor);
    let sum = EdwardsPoint::vartime_multiscalar_mul(&scalars, &points);
    Some(sum.mul_by_cofactor().is_identity())
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_ed25519_verify_batch(
    keys: *const Keys,
    items: *const aureon_engine_signature,
    count: usize,
) -> c_int {
    if count == 0 {
        return 1;
    }
    let items = slice::from_raw_parts(items, count);
    let Some(mut factors) = Factors::new() else {
        let is_valid = |item: &aureon_engine_signature| {
            let message = &item.message;
            aureon_engine_ed25519_verify(item.key, item.sig, message.data, message.size) == 1
        };
        return items.iter().all(is_valid).into();
    };
    let keys = keys.as_ref();
    let Some((mut signers, owners)) = signers_of(keys, items) else {
        return 0;
    };
    let are_valid = sum_holds(&mut signers, &owners, items, &mut factors) == Some(true);
    if let (true, Some(keys)) = (are_valid, keys) {
        let mut points = keys.lock();
        for signer in &signers {
            points.keep(&signer.key, signer.point);
        }
    }
    are_valid.into()
}

/// A compressed point begins with the parity of y. The crates take other forms too, one of them as
/// long as this.
fn is_compressed(key: &[u8; 33]) -> bool {
    matches!(key[0], 2 | 3)
}

/// The crate itself refuses a high S for one of the two curves only.
macro_rules! ecdsa_verify {
    ($name:ident, $curve:ident) => {
        /// # Safety
        /// See aureon_engine.h.
        #[no_mangle]
        pub unsafe extern "C" fn $name(
            key: *const [u8; 33],
            sig: *const [u8; 64],
            hash: *const [u8; 32],
        ) -> c_int {
            use $curve::ecdsa::{Signature, VerifyingKey};
            if !is_compressed(&*key) {
                return 0;
            }
            let (Ok(key), Ok(sig)) = (
                VerifyingKey::from_sec1_bytes(&*key),
                Signature::from_slice(&*sig),
            ) else {
                return 0;
            };
            (sig.normalize_s() == sig && key.verify_prehash(&*hash, &sig).is_ok()).into()
        }
    };
}

ecdsa_verify!(aureon_engine_secp256k1_verify, k256);
ecdsa_verify!(aureon_engine_p256_verify, p256);

fn recover(sig: &[u8; 65], hash: &[u8; 32]) -> Option<[u8; 64]> {
    let (rs, id) = sig.split_at(64);
    let id = RecoveryId::from_byte(id[0])?;
    let rs = k256::ecdsa::Signature::from_slice(rs).ok()?;
    if rs.normalize_s() != rs {
        return None;
    }
    let key = k256::ecdsa::VerifyingKey::recover_from_prehash(hash, &rs, id).ok()?;
    key.to_sec1_point(false).as_bytes()[1..].try_into().ok()
}

/// # Safety
/// See aureon_engine.h.
#[no_mangle]
pub unsafe extern "C" fn aureon_engine_secp256k1_recover(
    sig: *const [u8; 65],
    hash: *const [u8; 32],
    out: *mut [u8; 64],
) -> c_int {
    match recover(&*sig, &*hash) {
        Some(point) => {
            *out = point;
            1
        }
        None => 0,
    }
}

/// One of the two crates gives a low S by itself.
macro_rules! ecdsa_sign {
    ($name:ident, $curve:ident) => {
        /// # Safety
        /// See aureon_engine.h.
        #[no_mangle]
        pub unsafe extern "C" fn $name(
            secret: *const [u8; 32],
            hash: *const [u8; 32],
            out_key: *mut [u8; 33],
            out_sig: *mut [u8; 64],
        ) -> c_int {
            use $curve::ecdsa::{Signature, SigningKey};
            let Ok(secret) = SigningKey::from_slice(&*secret) else {
                return 0;
            };
            let sig: Result<Signature, _> = secret.sign_prehash(&*hash);
            let key = secret.verifying_key().to_sec1_point(true);
            match (sig, key.as_bytes().try_into()) {
                (Ok(sig), Ok(key)) => {
                    *out_sig = sig.normalize_s().to_bytes().into();
                    *out_key = key;
                    1
                }
                _ => 0,
            }
        }
    };
}

ecdsa_sign!(aureon_engine_secp256k1_sign, k256);
ecdsa_sign!(aureon_engine_p256_sign, p256);

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
