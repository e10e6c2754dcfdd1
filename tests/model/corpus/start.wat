;; A start function: it runs first and pays.
(module
  (import "env" "log" (func $note (param i32 i32)))
  (memory 1 1)
  (global $count (mut i64) (i64.const 10))
  (global $float (mut f32) (f32.const 1.5))
  (global $wide (mut f64) (f64.const nan:0x4000000000001))
  (func $begin (local i32)
    (loop
      (global.set $count (i64.mul (global.get $count) (i64.const 3)))
      (i32.store (local.get 0) (i32.const -1))
      (local.set 0 (i32.add (local.get 0) (i32.const 4)))
      (br_if 0 (i32.lt_u (local.get 0) (i32.const 40))))
    (call $note (i32.const 1) (i32.const 2)))
  (start $begin)
  (func (export "count") (param i64) (result i64)
    (global.set $float (f32.div (global.get $float) (f32.const 3)))
    (global.set $count (i64.add (global.get $count) (local.get 0))) (global.get $count))
  (func (export "begin_again") (result i64) (call $begin) (global.get $count)))
