;; Accesses at the middle price.
(module
  (memory 0 32)
  (func (export "sieve") (param i32) (result i32) (local $i i32) (local $j i32) (local $count i32)
    (drop (memory.grow (i32.const 1)))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $j (i32.mul (local.get $i) (local.get $i)))
          (block $done
            (loop $mark
              (br_if $done (i32.gt_u (local.get $j) (i32.const 100)))
              (i32.store8 (local.get $j) (i32.const 1))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $mark)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $i) (i32.const 100))))
    (local.get $count))
  (func (export "load_of_none") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "fill_of_none") (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "to_the_maximum") (result i32)
    (drop (memory.grow (i32.const 16))) (drop (memory.grow (i32.const 16))) (memory.grow (i32.const 1))))
