//! NOMT under the updates that bench_state hands over, each batch committed and synced.
//!
//!     aureon-bench-nomt fill FOLDER COUNT       the accounts 0 to COUNT - 1
//!     aureon-bench-nomt run FOLDER BATCH IDS    IDS: a file of u32, low byte first, BATCH a block
//!
//! `run` reads and writes every account of a block. It prints one JSON line: milliseconds of a
//! block by phase, means; of reading, of the trie, of writing with the sync. A block that has an
//! account twice writes it once.
use nomt::hasher::Sha2Hasher;
use nomt::{KeyReadWrite, Nomt, Options, SessionParams};
use sha2::{Digest, Sha256};
use std::time::Instant;
use std::{env, error, fs, process};

const VALUE_SIZE: usize = 72;
const FILL_BATCH: u32 = 50_000;
const WORKERS: usize = 2;
const PAGE_CACHE_MIB: usize = 1024;
const LEAF_CACHE_MIB: usize = 512;
/// A bucket is a page of 4 KiB; 64 leaves share one at least, 20 at worst.
const ACCOUNTS_PER_BUCKET: u32 = 8;
const BUCKETS_MIN: u32 = 64_000;

type Result<T> = std::result::Result<T, Box<dyn error::Error>>;
type Key = [u8; 32];

fn key_of(id: u32) -> Key {
    let mut address = [0; 32];
    address[..4].copy_from_slice(&id.to_le_bytes());
    Sha256::digest(address).into()
}

fn value_of(id: u32, block: u32) -> Vec<u8> {
    let mut value = vec![1; VALUE_SIZE];
    value[..4].copy_from_slice(&id.to_le_bytes());
    value[4..8].copy_from_slice(&block.to_le_bytes());
    value
}

fn open(folder: &str, account_count: u32) -> Result<Nomt<Sha2Hasher>> {
    let mut options = Options::new();
    options.path(folder);
    options.commit_concurrency(WORKERS);
    options.page_cache_size(PAGE_CACHE_MIB);
    options.leaf_cache_size(LEAF_CACHE_MIB);
    options.prepopulate_page_cache(true);
    options.hashtable_buckets((account_count / ACCOUNTS_PER_BUCKET).max(BUCKETS_MIN));
    Ok(Nomt::open(options)?)
}

/// Milliseconds of a block.
#[derive(Clone, Copy, Default)]
struct Times {
    read: f64,
    trie: f64,
    write: f64,
}

impl Times {
    fn commit(&self) -> f64 {
        self.trie + self.write
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn write_block(nomt: &Nomt<Sha2Hasher>, ids: &[u32], block: u32, is_read: bool) -> Result<Times> {
    let mut times = Times::default();
    let start = Instant::now();
    let session = nomt.begin_session(SessionParams::default());
    let mut writes = Vec::with_capacity(ids.len());
    for &id in ids {
        let key = key_of(id);
        session.warm_up(key);
        let value = Some(value_of(id, block));
        let write = match is_read {
            true => KeyReadWrite::ReadThenWrite(session.read(key)?, value),
            false => KeyReadWrite::Write(value),
        };
        writes.push((key, write));
    }
    times.read = milliseconds(start);
    let start = Instant::now();
    writes.sort_by_key(|write| write.0);
    writes.dedup_by_key(|write| write.0);
    let finished = session.finish(writes)?;
    times.trie = milliseconds(start);
    let start = Instant::now();
    finished.commit(nomt)?;
    times.write = milliseconds(start);
    Ok(times)
}

fn fill(folder: &str, count: u32) -> Result<()> {
    let nomt = open(folder, count)?;
    for first in (0..count).step_by(FILL_BATCH as usize) {
        let ids: Vec<u32> = (first..count.min(first + FILL_BATCH)).collect();
        write_block(&nomt, &ids, 0, false)?;
    }
    Ok(())
}

fn resident_mb() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

/// Processor time of all threads, to a hundredth of a second, which is what the system counts in.
fn cpu_ms() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.split_whitespace().collect();
    let ticks = fields[13].parse::<f64>()? + fields[14].parse::<f64>()?;
    Ok(ticks * 10.0)
}

fn mean(blocks: &[Times], of: fn(&Times) -> f64) -> f64 {
    blocks.iter().map(of).sum::<f64>() / blocks.len() as f64
}

fn run(folder: &str, batch: usize, ids: &str) -> Result<()> {
    let ids: Vec<u32> =
        fs::read(ids)?.as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
    if batch == 0 || ids.len() < batch {
        return Err("no block".into());
    }
    let nomt = open(folder, 0)?;
    let mut blocks = Vec::new();
    let cpu_before = cpu_ms()?;
    let start = Instant::now();
    for (index, ids) in ids.chunks_exact(batch).enumerate() {
        blocks.push(write_block(&nomt, ids, 1 + index as u32, true)?);
    }
    let cpu = cpu_ms()? - cpu_before;
    let seconds = start.elapsed().as_secs_f64();
    let mut commits: Vec<f64> = blocks.iter().map(Times::commit).collect();
    commits.sort_by(f64::total_cmp);
    println!(
        "{{\"blocks\":{},\"updates_per_s\":{:.1},\"read_ms\":{:.4},\"trie_ms\":{:.4},\
         \"write_ms\":{:.4},\"cpu_ms\":{:.4},\"p50_ms\":{:.4},\"p99_ms\":{:.4},\"max_ms\":{:.4},\
         \"resident_mb\":{:.1}}}",
        blocks.len(),
        (blocks.len() * batch) as f64 / seconds,
        mean(&blocks, |block| block.read),
        mean(&blocks, |block| block.trie),
        mean(&blocks, |block| block.write),
        cpu / blocks.len() as f64,
        commits[commits.len() / 2],
        commits[commits.len() * 99 / 100],
        commits[commits.len() - 1],
        resident_mb()?
    );
    Ok(())
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["fill", folder, count] => {
            count.parse().map_err(Into::into).and_then(|count| fill(folder, count))
        }
        ["run", folder, batch, ids] => {
            batch.parse().map_err(Into::into).and_then(|batch| run(folder, batch, ids))
        }
        _ => Err("usage: fill FOLDER COUNT | run FOLDER BATCH IDS".into()),
    };
    if let Err(error) = done {
        eprintln!("aureon-bench-nomt: {error}");
        process::exit(1);
    }
}
