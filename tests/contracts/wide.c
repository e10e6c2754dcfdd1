/* What the C kit brings for clang: numbers of 128 bits, copies and comparisons; and its assertions,
 * heap and texts. */
#include "aureon_contract.h"

AUREON_CONTRACT(wide, 1.0.0)

AUREON_FN(mul, u128, view, "a * b, as far as it fits", (u128, a), (u128, b))
{
    return a * b;
}

AUREON_FN(div, u128, view, "a / b", (u128, a), (u128, b))
{
    return a / b;
}

AUREON_FN(mod, u128, view, "a % b", (u128, a), (u128, b))
{
    return a % b;
}

AUREON_FN(signed_div, i128, view, "a / b", (i128, a), (i128, b))
{
    return a / b;
}

AUREON_FN(signed_mod, i128, view, "a % b", (i128, a), (i128, b))
{
    return a % b;
}

AUREON_FN(left, u128, view, "a << by", (u128, a), (u8, by))
{
    return a << by;
}

AUREON_FN(right, u128, view, "a >> by", (u128, a), (u8, by))
{
    return a >> by;
}

AUREON_FN(signed_right, i128, view, "a >> by", (i128, a), (u8, by))
{
    return a >> by;
}

AUREON_FN(compare, i32, view, "memcmp", (bytes32, a), (bytes32, b))
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes));
}

AUREON_FN(sum, u64, view, "a + b", (u64, a), (u64, b))
{
    return aureon_add(a, b);
}

AUREON_FN(product, u64, view, "a * b", (u64, a), (u64, b))
{
    return aureon_mul(a, b);
}

AUREON_FN(difference, u64, view, "a - b", (u64, a), (u64, b))
{
    return aureon_sub(a, b);
}

AUREON_FN(fill, void, view, "Allocates blocks of size until count are there", (u32, size),
          (u32, count))
{
    for (uint32_t i = 0; i < count; i++)
        memset(aureon_alloc(size), 0xff, size);
}

AUREON_FN(shift, bytes, view, "Text, a byte to the right over itself", (bytes, text))
{
    uint8_t *copy = aureon_alloc(text.size + 1);
    memcpy(copy, text.data, text.size);
    memmove(copy + 1, copy, text.size);
    return (aureon_bytes){copy, text.size + 1};
}

AUREON_FN(tell, void, view, "Logs what it got", (i64, number), (string, text), (address, who))
{
    AUREON_LOG("got ", number, " ", text, " ", who);
}

AUREON_STRUCT(Sixteen, (u8, a), (u8, b), (u8, c), (u8, d), (u8, e), (u8, f), (u8, g), (u8, h),
              (u8, i), (u8, j), (u8, k), (u8, l), (u8, m), (u8, n), (u8, o), (u8, p))

AUREON_FN(ends, Sixteen, view,
          "Says \"first\" and \\,\nand "
          "turns the ends of sixteen fields",
          (Sixteen, all))
{
    uint8_t first = all.a;
    all.a = all.p;
    all.p = first;
    return all;
}

AUREON_FN(last, u8, view, "The last of sixteen arguments", (u8, a), (u8, b), (u8, c), (u8, d),
          (u8, e), (u8, f), (u8, g), (u8, h), (u8, i), (u8, j), (u8, k), (u8, l), (u8, m), (u8, n),
          (u8, o), (u8, p))
{
    uint8_t all[] = {a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p};
    return all[sizeof(all) - 1];
}
