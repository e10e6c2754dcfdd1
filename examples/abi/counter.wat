;; A counter that says what it offers: the section aureon_abi, for people and tools.
(module
  (import "env" "storage_read" (func $storage_read (param i32 i32 i32 i32) (result i32)))
  (import "env" "storage_write" (func $storage_write (param i32 i32 i32 i32) (result i32)))
  (import "env" "revert" (func $revert (param i32 i32 i32)))

  (memory 1 1)
  (data (i32.const 0) "total")

  ;; The total at 16; zeros before the first write.
  (func $get (export "get") (result i64)
    (drop (call $storage_read (i32.const 0) (i32.const 5) (i32.const 16) (i32.const 8)))
    (i64.load (i32.const 16)))

  (func (export "increment") (param $by i64) (result i64)
    (local $total i64)
    (local.set $total (i64.add (call $get) (local.get $by)))
    (if (i64.lt_u (local.get $total) (local.get $by))
      (then (call $revert (i32.const 1) (i32.const 16) (i32.const 8)) (unreachable)))
    (i64.store (i32.const 16) (local.get $total))
    (drop (call $storage_write (i32.const 0) (i32.const 5) (i32.const 16) (i32.const 8)))
    (local.get $total))

  (@custom "aureon_abi"
    "abi 1\0a"
    "meta name=counter version=1.0.0\0a"
    "fn increment(by:u64)->u64 mut \22Adds by to the total\22\0a"
    "fn get()->u64 view \22The total\22\0a"
    "error 1 Overflow(total:u64) \22total would exceed u64\22\0a"
    "storage total:u64 @\22total\22\0a"))
