;; A start function that fails: nothing else runs.
(module
  (memory 1 1)
  (func $begin (i32.store (i32.const 0) (i32.const 5)) (drop (i32.load (i32.const 65536))))
  (start $begin)
  (func (export "never") (result i32) (i32.const 1)))
