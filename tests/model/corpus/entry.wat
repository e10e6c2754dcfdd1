;; A frame that costs its entry and nothing else: code, active data, table, pages past the free ones.
(module
  (memory 9 20)
  (table 77 funcref)
  (data (i32.const 0) "123456789")
  (data (i32.const 100) "12345678")
  (data "not active: free")
  (func (export "nothing")))
