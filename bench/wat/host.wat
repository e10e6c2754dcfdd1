;; Calls into the host: four at a time, and in a loop.
(module
  (import "env" "gas_left" (func $gas_left (result i64)))
  (memory (export "memory") 1 1)
  (func (export "four") (param i64) (result i64)
    (i64.store (i32.const 64) (local.get 0))
    (i64.store (i32.const 0) (call $gas_left))
    (i64.store (i32.const 8) (call $gas_left))
    (i64.store (i32.const 16) (call $gas_left))
    (i64.store (i32.const 24) (call $gas_left))
    (i64.load (i32.const 64)))
  (func (export "run") (param $rounds i64) (result i64)
    (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (call $gas_left)))
      (local.set $rounds (i64.sub (local.get $rounds) (i64.const 1)))
      (br_if $next (i64.ne (local.get $rounds) (i64.const 0))))
    (local.get $sum)))
