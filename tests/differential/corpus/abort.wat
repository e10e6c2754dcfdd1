;; Strings of AssemblyScript that are no whole text: half a surrogate pair, a last odd byte, both.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (memory 1 1)
  (data (i32.const 16) "\06\00\00\00o\00\3d\d8h\00")
  (data (i32.const 32) "\05\00\00\00x\00\e9\00y")
  (data (i32.const 48) "\05\00\00\00x\00\3d\d8y")
  (func (export "half") (call $abort (i32.const 20) (i32.const 0) (i32.const 1) (i32.const 2)))
  (func (export "odd") (call $abort (i32.const 36) (i32.const 20) (i32.const -1) (i32.const 0)))
  (func (export "both") (call $abort (i32.const 52) (i32.const 52) (i32.const 0) (i32.const 0)))
  (func (export "none") (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func (export "early") (call $abort (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0))))
