;; Writes 24 slots of 64 bytes, whose keys go on from call to call: much storage for little work.
(module
  (import "env" "storage_read" (func $storage_read (param i32 i32 i32 i32) (result i32)))
  (import "env" "storage_write" (func $storage_write (param i32 i32 i32 i32) (result i32)))
  (memory 1 1)
  (data (i32.const 0) "next")
  (data (i32.const 32) "what stands in every slot that is written, sixty-four bytes long")
  (func (export "fill")
    (local $end i64)
    (drop (call $storage_read (i32.const 0) (i32.const 4) (i32.const 16) (i32.const 8)))
    (local.set $end (i64.add (i64.load (i32.const 16)) (i64.const 24)))
    (loop $slots
      (drop (call $storage_write (i32.const 16) (i32.const 8) (i32.const 32) (i32.const 64)))
      (i64.store (i32.const 16) (i64.add (i64.load (i32.const 16)) (i64.const 1)))
      (br_if $slots (i64.lt_u (i64.load (i32.const 16)) (local.get $end))))
    (drop (call $storage_write (i32.const 0) (i32.const 4) (i32.const 16) (i32.const 8)))))
