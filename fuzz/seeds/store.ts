/* A contract as the AssemblyScript compiler writes one: strings, an array on the heap, host calls. */
@external("env", "log") declare function log(ptr: usize, size: i32): void;
@external("env", "storage_write")
declare function storage_write(key: usize, keySize: i32, value: usize, valueSize: i32): i32;
@external("env", "return_data") declare function return_data(ptr: usize, size: i32): void;

export function sum(count: i32): i64 {
  let total: i64 = 0;
  const numbers = new StaticArray<i64>(64);
  for (let i = 0; i < min(count, 64); i++) numbers[i] = i64(i) * i64(i);
  for (let i = 0; i < numbers.length; i++) total += numbers[i];
  return total;
}

export function keep(value: i64): i32 {
  const bytes = new StaticArray<u8>(8);
  store<i64>(changetype<usize>(bytes), value);
  const done = storage_write(changetype<usize>(bytes), 8, changetype<usize>(bytes), 8);
  log(changetype<usize>(bytes), 8);
  return_data(changetype<usize>(bytes), 8);
  return done;
}
