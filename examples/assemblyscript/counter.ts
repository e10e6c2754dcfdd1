// A counter in AssemblyScript, without a kit: host functions as docs/host.md lists them.
@external("env", "storage_read")
declare function storage_read(key: usize, keySize: u32, value: usize, room: u32): i32;
@external("env", "storage_write")
declare function storage_write(key: usize, keySize: u32, value: usize, size: u32): i32;
@external("env", "arg_size")
declare function arg_size(index: u32): i32;
@external("env", "arg_read")
declare function arg_read(index: u32, to: usize, offset: u32, size: u32): i32;
@external("env", "log")
declare function log(line: usize, size: u32): void;

const KEY = memory.data<u8>([0x74, 0x6f, 0x74, 0x61, 0x6c]); // "total"
const KEY_SIZE: u32 = 5;
const VALUE = memory.data(8);

// Numbers of 8 bytes are parameters and results.
export function get(): u64 {
  store<u64>(VALUE, 0);
  storage_read(KEY, KEY_SIZE, VALUE, 8);
  return load<u64>(VALUE);
}

// What is asserted ends the call as a trap, with its text and place in the log.
export function increment(by: u64): u64 {
  const sum = get() + by;
  assert(sum >= by, "the total would exceed 64 bits");
  store<u64>(VALUE, sum);
  storage_write(KEY, KEY_SIZE, VALUE, 8);
  return sum;
}

// Whatever has another size is read: strings need the allocator, whose memory may grow, and such a
// module takes no pointers. The argument is a string of the ABI, with its size in front.
export function greet(): void {
  const size = arg_size(0);
  assert(size >= 4, "expected a name");
  const name = new ArrayBuffer(size);
  arg_read(0, changetype<usize>(name), 0, size);
  const line = "Hello, " + String.UTF8.decode(name.slice(4));
  const bytes = String.UTF8.encode(line);
  log(changetype<usize>(bytes), bytes.byteLength);
}
