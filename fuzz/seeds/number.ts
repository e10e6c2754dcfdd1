/* Arithmetic of every type as the AssemblyScript compiler writes it. */
let calls: i32 = 0;

export function mix(a: i64, b: i64): i64 {
  calls++;
  if (b == 0) return a;
  return (a / b) ^ (a % b) ^ (a << (b & 63)) ^ i64(rotl<u64>(a, b)) ^ i64(popcnt<u64>(b));
}

export function real(a: i32): i64 {
  const x = f64(a) / 3.0;
  const y = f32(sqrt<f64>(abs(x)));
  return i64(nearest<f32>(y)) + i64(x) + calls;
}

export function pick(n: i32): i32 {
  switch (n) {
    case 0: return 7;
    case 1: return clz<i32>(n);
    case 2: return ctz<i32>(n);
    case 5: unreachable();
    default: return select<i32>(n, -n, n > 9);
  }
}
