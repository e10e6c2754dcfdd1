;; A counter that is kept in storage, and a purse that its contract may spend from: the same as
;; counter.c, written by hand.
;;
;; Memory, one page: 0 the key · 16 the counter or an amount · 32 `counter = ` · 64..127 `to`
;; 128..191 `from` · 192 the line to log, built backwards from 256 · 256 what a failure says.
(module
  (import "env" "log" (func $log (param i32 i32)))
  (import "env" "revert" (func $revert (param i32 i32 i32)))
  (import "env" "arg_count" (func $arg_count (result i32)))
  (import "env" "arg_size" (func $arg_size (param i32) (result i32)))
  (import "env" "arg_read" (func $arg_read (param i32 i32 i32 i32) (result i32)))
  (import "env" "storage_size" (func $storage_size (param i32 i32) (result i64)))
  (import "env" "storage_read" (func $storage_read (param i32 i32 i32 i32) (result i32)))
  (import "env" "storage_write" (func $storage_write (param i32 i32 i32 i32) (result i32)))
  (import "env" "get_balance" (func $get_balance (param i32 i32) (result i64)))
  (import "env" "transfer" (func $transfer (param i32 i32 i32 i32 i64) (result i32)))
  (import "env" "self_address" (func $self_address (param i32)))

  (memory 1 1)
  (data (i32.const 0) "counter")
  (data (i32.const 32) "counter = ")
  (data (i32.const 256) "the counter would exceed 64 bits")       ;; 32 bytes
  (data (i32.const 320) "the stored counter is not 8 bytes")      ;; 33 bytes
  (data (i32.const 384) "increment takes nothing or one u64")     ;; 34 bytes
  (data (i32.const 448) "send_funds takes to, amount u64, and maybe from") ;; 47 bytes

  ;; The counter; 0 before the first write.
  (func $read (result i64)
    (local $size i64)
    (local.set $size (call $storage_size (i32.const 0) (i32.const 7)))
    (if (i64.lt_s (local.get $size) (i64.const 0))
      (then (return (i64.const 0))))
    (if (i64.ne (local.get $size) (i64.const 8))
      (then (call $revert (i32.const 2) (i32.const 320) (i32.const 33)) (unreachable)))
    (drop (call $storage_read (i32.const 0) (i32.const 7) (i32.const 16) (i32.const 8)))
    (i64.load (i32.const 16)))

  (func $write (param $counter i64)
    (i64.store (i32.const 16) (local.get $counter))
    (drop (call $storage_write (i32.const 0) (i32.const 7) (i32.const 16) (i32.const 8))))

  ;; An argument of exactly 8 bytes; anything else reverts with the text at $text.
  (func $arg_u64 (param $index i32) (param $text i32) (param $text_size i32) (result i64)
    (if (i32.ne (call $arg_size (local.get $index)) (i32.const 8))
      (then
        (call $revert (i32.const 3) (local.get $text) (local.get $text_size))
        (unreachable)))
    (drop (call $arg_read (local.get $index) (i32.const 16) (i32.const 0) (i32.const 8)))
    (i64.load (i32.const 16)))

  ;; `counter = N`, digits from the last to the first.
  (func $log_counter (param $counter i64)
    (local $at i32)
    (local.set $at (i32.const 256))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48)
          (i32.wrap_i64 (i64.rem_u (local.get $counter) (i64.const 10)))))
      (local.set $counter (i64.div_u (local.get $counter) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $counter) (i64.const 0))))
    (local.set $at (i32.sub (local.get $at) (i32.const 10)))
    (memory.copy (local.get $at) (i32.const 32) (i32.const 10))
    (call $log (local.get $at) (i32.sub (i32.const 256) (local.get $at))))

  ;; Sets the counter to 0.
  (func (export "init")
    (call $write (i64.const 0)))

  ;; Adds one, or the u64 given as the only argument, and returns the sum.
  (func (export "increment") (result i64)
    (local $count i32) (local $by i64) (local $old i64) (local $new i64)
    (local.set $by (i64.const 1))
    (local.set $count (call $arg_count))
    (if (i32.gt_u (local.get $count) (i32.const 1))
      (then (call $revert (i32.const 3) (i32.const 384) (i32.const 34)) (unreachable)))
    (if (local.get $count)
      (then (local.set $by (call $arg_u64 (i32.const 0) (i32.const 384) (i32.const 34)))))
    (local.set $old (call $read))
    (local.set $new (i64.add (local.get $old) (local.get $by)))
    (if (i64.lt_u (local.get $new) (local.get $old))
      (then (call $revert (i32.const 1) (i32.const 256) (i32.const 32)) (unreachable)))
    (call $write (local.get $new))
    (call $log_counter (local.get $new))
    (local.get $new))

  ;; Returns the counter; 0 before the first write.
  (func (export "get") (result i64)
    (call $read))

  ;; Returns the balance of an account.
  (func (export "check_balance") (param $account i32) (param $size i32) (result i64)
    (call $get_balance (local.get $account) (local.get $size)))

  ;; Copies argument $index, an account of at most 64 bytes, to $at and gives its size.
  (func $account_arg (param $index i32) (param $at i32) (result i32)
    (local $size i32)
    (local.set $size (call $arg_size (local.get $index)))
    ;; unsigned: -1, no such argument, is greater too
    (if (i32.gt_u (local.get $size) (i32.const 64))
      (then (call $revert (i32.const 3) (i32.const 448) (i32.const 47)) (unreachable)))
    (drop
      (call $arg_read (local.get $index) (local.get $at) (i32.const 0) (local.get $size)))
    (local.get $size))

  ;; Moves funds: arguments to, amount u64 and, if not this contract, from. Returns what transfer
  ;; said.
  (func (export "send_funds") (result i32)
    (local $count i32) (local $to_size i32) (local $from_size i32) (local $amount i64)
    (local.set $count (call $arg_count))
    (local.set $to_size (call $account_arg (i32.const 0) (i32.const 64)))
    (if (i32.gt_u (local.get $count) (i32.const 3))
      (then (call $revert (i32.const 3) (i32.const 448) (i32.const 47)) (unreachable)))
    (local.set $amount (call $arg_u64 (i32.const 1) (i32.const 448) (i32.const 47)))
    (if (i32.eq (local.get $count) (i32.const 3))
      (then (local.set $from_size (call $account_arg (i32.const 2) (i32.const 128))))
      (else
        (call $self_address (i32.const 128))
        (local.set $from_size (i32.const 32))))
    (call $transfer (i32.const 128) (local.get $from_size) (i32.const 64) (local.get $to_size)
      (local.get $amount)))
)
