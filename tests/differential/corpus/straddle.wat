;; Accesses that begin in the last page and end behind it change nothing, and growth makes them good.
(module
  (memory 1 2)
  (func (export "store") (i64.store (i32.const 65529) (i64.const -1)))
  (func (export "fill") (memory.fill (i32.const 65000) (i32.const 7) (i32.const 537)))
  (func (export "copy")
    (i32.store (i32.const 0) (i32.const 0x01020304))
    (memory.copy (i32.const 65533) (i32.const 0) (i32.const 4)))
  (func (export "grown") (result i64)
    (drop (memory.grow (i32.const 1)))
    (i64.store (i32.const 65529) (i64.const 0x0102030405060708))
    (i64.load (i32.const 65533)))
  (func (export "refused") (result i32) (memory.grow (i32.const 2))))
