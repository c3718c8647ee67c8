;; The inner loops of SSIM, two pixels at a time. structure.ts says what is computed and lays out the memory;
;; scripts/build-wat.ts makes structure.wasm.ts of this file.
(module
  (memory (export "memory") 1)

  (func (export "structure")
    (param $a i32)        ;; first plane, height x width doubles
    (param $b i32)        ;; second plane
    (param $width i32)
    (param $height i32)
    (param $weights i32)  ;; the 11 weights of the window, doubles
    (param $down i32)     ;; room for 4 rows of $pitch bytes
    (param $pitch i32)    ;; (width + 1) x 8 at least: an odd row is read and written one double further
    (param $map i32)      ;; where the SSIM of each window goes, or 0
    (param $sums i32)     ;; two doubles come here: the sums of SSIM and of contrast-structure
    (param $c1 f64)
    (param $c2 f64)

    (local $line i32) (local $columns i32) (local $rows i32)
    (local $x i32) (local $y i32) (local $t i32)
    (local $pa i32) (local $pb i32) (local $p i32) (local $w i32)
    (local $weight v128) (local $u v128) (local $v v128) (local $va v128) (local $vb v128)
    (local $ma v128) (local $mb v128) (local $squares v128) (local $product v128)
    (local $ab v128) (local $aabb v128) (local $cs v128) (local $value v128)
    (local $sumCs v128) (local $sumValue v128)
    (local $C1 v128) (local $C2 v128) (local $two v128) (local $zero v128)

    (local.set $C1 (f64x2.splat (local.get $c1)))
    (local.set $C2 (f64x2.splat (local.get $c2)))
    (local.set $two (f64x2.splat (f64.const 2)))
    (local.set $line (i32.shl (local.get $width) (i32.const 3)))
    (local.set $columns (i32.sub (local.get $width) (i32.const 10)))
    (local.set $rows (i32.sub (local.get $height) (i32.const 10)))

    (loop $row
      ;; Down the columns: weighted sums of a, b, a^2 + b^2 and ab over 11 rows.
      (local.set $x (i32.const 0))
      (loop $column
        (local.set $ma (local.get $zero))
        (local.set $mb (local.get $zero))
        (local.set $squares (local.get $zero))
        (local.set $product (local.get $zero))
        (local.set $p (i32.add (i32.mul (local.get $y) (local.get $line)) (i32.shl (local.get $x) (i32.const 3))))
        (local.set $pa (i32.add (local.get $a) (local.get $p)))
        (local.set $pb (i32.add (local.get $b) (local.get $p)))
        (local.set $w (local.get $weights))
        (local.set $t (i32.const 11))
        (loop $tap
          (local.set $weight (v128.load64_splat (local.get $w)))
          (local.set $va (v128.load (local.get $pa)))
          (local.set $vb (v128.load (local.get $pb)))
          (local.set $u (f64x2.mul (local.get $weight) (local.get $va)))
          (local.set $v (f64x2.mul (local.get $weight) (local.get $vb)))
          (local.set $ma (f64x2.add (local.get $ma) (local.get $u)))
          (local.set $mb (f64x2.add (local.get $mb) (local.get $v)))
          (local.set $squares
            (f64x2.add (local.get $squares)
              (f64x2.add
                (f64x2.mul (local.get $u) (local.get $va))
                (f64x2.mul (local.get $v) (local.get $vb)))))
          (local.set $product (f64x2.add (local.get $product) (f64x2.mul (local.get $u) (local.get $vb))))
          (local.set $pa (i32.add (local.get $pa) (local.get $line)))
          (local.set $pb (i32.add (local.get $pb) (local.get $line)))
          (local.set $w (i32.add (local.get $w) (i32.const 8)))
          (br_if $tap (local.tee $t (i32.sub (local.get $t) (i32.const 1)))))
        (local.set $p (i32.add (local.get $down) (i32.shl (local.get $x) (i32.const 3))))
        (v128.store (local.get $p) (local.get $ma))
        (local.set $p (i32.add (local.get $p) (local.get $pitch)))
        (v128.store (local.get $p) (local.get $mb))
        (local.set $p (i32.add (local.get $p) (local.get $pitch)))
        (v128.store (local.get $p) (local.get $squares))
        (local.set $p (i32.add (local.get $p) (local.get $pitch)))
        (v128.store (local.get $p) (local.get $product))
        (br_if $column
          (i32.lt_s (local.tee $x (i32.add (local.get $x) (i32.const 2))) (local.get $width))))

      ;; Along the row: the same filter over the four sums, then the two terms of each window.
      (local.set $x (i32.const 0))
      (loop $window
        (local.set $ma (local.get $zero))
        (local.set $mb (local.get $zero))
        (local.set $squares (local.get $zero))
        (local.set $product (local.get $zero))
        (local.set $pa (i32.add (local.get $down) (i32.shl (local.get $x) (i32.const 3))))
        (local.set $w (local.get $weights))
        (local.set $t (i32.const 11))
        (loop $tap
          (local.set $weight (v128.load64_splat (local.get $w)))
          (local.set $p (local.get $pa))
          (local.set $ma (f64x2.add (local.get $ma) (f64x2.mul (local.get $weight) (v128.load (local.get $p)))))
          (local.set $p (i32.add (local.get $p) (local.get $pitch)))
          (local.set $mb (f64x2.add (local.get $mb) (f64x2.mul (local.get $weight) (v128.load (local.get $p)))))
          (local.set $p (i32.add (local.get $p) (local.get $pitch)))
          (local.set $squares
            (f64x2.add (local.get $squares) (f64x2.mul (local.get $weight) (v128.load (local.get $p)))))
          (local.set $p (i32.add (local.get $p) (local.get $pitch)))
          (local.set $product
            (f64x2.add (local.get $product) (f64x2.mul (local.get $weight) (v128.load (local.get $p)))))
          (local.set $pa (i32.add (local.get $pa) (i32.const 8)))
          (local.set $w (i32.add (local.get $w) (i32.const 8)))
          (br_if $tap (local.tee $t (i32.sub (local.get $t) (i32.const 1)))))

        (local.set $ab (f64x2.mul (local.get $ma) (local.get $mb)))
        (local.set $aabb
          (f64x2.add
            (f64x2.mul (local.get $ma) (local.get $ma))
            (f64x2.mul (local.get $mb) (local.get $mb))))
        ;; cs = max(0, (2 cov + C2) / (var a + var b + C2))
        (local.set $cs
          (f64x2.max (local.get $zero)
            (f64x2.div
              (f64x2.add
                (f64x2.mul (local.get $two) (f64x2.sub (local.get $product) (local.get $ab)))
                (local.get $C2))
              (f64x2.add (f64x2.sub (local.get $squares) (local.get $aabb)) (local.get $C2)))))
        ;; ssim = cs (2 mean a mean b + C1) / (mean a^2 + mean b^2 + C1)
        (local.set $value
          (f64x2.div
            (f64x2.mul (local.get $cs)
              (f64x2.add (f64x2.mul (local.get $two) (local.get $ab)) (local.get $C1)))
            (f64x2.add (local.get $aabb) (local.get $C1))))

        (if (i32.eq (i32.add (local.get $x) (i32.const 1)) (local.get $columns))
          (then
            ;; The last of an odd row stands alone; its neighbour is beyond the image.
            (local.set $cs (f64x2.replace_lane 1 (local.get $cs) (f64.const 0)))
            (local.set $value (f64x2.replace_lane 1 (local.get $value) (f64.const 0)))
            (if (local.get $map) (then (v128.store64_lane 0 (local.get $map) (local.get $value))))
            (local.set $t (i32.const 8)))
          (else
            (if (local.get $map) (then (v128.store (local.get $map) (local.get $value))))
            (local.set $t (i32.const 16))))
        (if (local.get $map) (then (local.set $map (i32.add (local.get $map) (local.get $t)))))
        (local.set $sumCs (f64x2.add (local.get $sumCs) (local.get $cs)))
        (local.set $sumValue (f64x2.add (local.get $sumValue) (local.get $value)))
        (br_if $window
          (i32.lt_s (local.tee $x (i32.add (local.get $x) (i32.const 2))) (local.get $columns))))

      (br_if $row (i32.lt_s (local.tee $y (i32.add (local.get $y) (i32.const 1))) (local.get $rows))))

    (f64.store (local.get $sums)
      (f64.add (f64x2.extract_lane 0 (local.get $sumValue)) (f64x2.extract_lane 1 (local.get $sumValue))))
    (f64.store offset=8 (local.get $sums)
      (f64.add (f64x2.extract_lane 0 (local.get $sumCs)) (f64x2.extract_lane 1 (local.get $sumCs)))))
)
