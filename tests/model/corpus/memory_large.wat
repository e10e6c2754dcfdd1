;; Accesses at the high price: no maximum is 256 pages.
(module
  (memory 1)
  (func (export "walk") (param i32) (result i64) (local i32 i64)
    (loop
      (i64.store (local.get 1) (i64.add (local.get 2) (i64.const 0x9e3779b97f4a7c15)))
      (local.set 2 (i64.xor (i64.load (local.get 1)) (i64.shr_u (local.get 2) (i64.const 7))))
      (local.set 1 (i32.add (local.get 1) (i32.const 24)))
      (br_if 0 (i32.lt_u (local.get 1) (i32.and (local.get 0) (i32.const 1023)))))
    (local.get 2))
  (func (export "move") (memory.fill (i32.const 0) (i32.const 9) (i32.const 100)) (memory.copy (i32.const 50) (i32.const 99) (i32.const 64)))
  (func (export "grow_to_the_limit") (result i32) (drop (memory.grow (i32.const 4))) (memory.grow (i32.const 252)))
  (func (export "grow_ten") (result i32 i32) (memory.grow (i32.const 10)) (memory.grow (i32.const 1))))
