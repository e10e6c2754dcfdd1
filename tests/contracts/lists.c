/* Options, lists and maps of the C kit: as arguments, results, members, events, errors and in
 * storage. */
#include "aureon_contract.h"

AUREON_CONTRACT(lists, 1.0.0)

AUREON_STRUCT(Item, (string, name), (option(u64), price), (vec(u8), tags))
AUREON_STRUCT(Pair, (u16, left), (bool, right))
AUREON_MAP_OF(string, u64)
AUREON_MAP_OF(i16, vec(bool))
AUREON_VEC_OF(option(u16))
AUREON_OPTION_OF(vec(u64))

AUREON_STORAGE(owners, vec(address), "owners")
AUREON_MAP(stock, option(u16), map(string, u64), "s:")

AUREON_ERROR(1, Unsorted, "the numbers do not grow", (vec(u64), numbers))
AUREON_EVENT(Seen, "numbers and a note", (vec(u64), numbers, topic), (option(string), note))
AUREON_EVENT(Met, "a topic that is hashed, and one that is not", (Item, item, topic),
             (Pair, pair, topic))

AUREON_FN(halve, option(u64), view, "Half of a number that is even", (option(u64), number))
{
    if (!number.is_some || number.value % 2 != 0) return AUREON_NONE(u64);
    return AUREON_SOME(u64, number.value / 2);
}

AUREON_FN(priced, vec(Item), view, "The items that have a price, in the other order",
          (vec(Item), items))
{
    aureon_Item *kept = aureon_alloc_items(items.count, sizeof(*kept));
    uint32_t count = 0;
    for (uint32_t i = items.count; i > 0; i--)
        if (items.items[i - 1].price.is_some) kept[count++] = items.items[i - 1];
    return (aureon_vec(Item)){kept, count};
}

AUREON_FN(same, map(string, u64), view, "The map as it came", (map(string, u64), counts))
{
    return counts;
}

AUREON_FN(truths, u64, view, "The sum of the keys, each as often as its list has true",
          (map(i16, vec(bool)), lists))
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < lists.count; i++)
        for (uint32_t k = 0; k < lists.items[i].value.count; k++)
            sum += lists.items[i].value.items[k] ? lists.items[i].key : 0;
    return (uint64_t)sum;
}

AUREON_FN(unsorted, map(string, u64), view, "Keys that are not in their order")
{
    static const struct aureon_entry_string_u64 items[] = {{{"b", 1}, 1}, {{"a", 1}, 2}};
    return (aureon_map(string, u64)){items, 2};
}

AUREON_FN(all, option(vec(u64)), view, "The numbers, if each is there", (vec(option(u16)), numbers))
{
    uint64_t *items = aureon_alloc_items(numbers.count, sizeof(*items));
    for (uint32_t i = 0; i < numbers.count; i++) {
        if (!numbers.items[i].is_some) return AUREON_NONE(vec(u64));
        items[i] = numbers.items[i].value;
    }
    return AUREON_SOME(vec(u64), (aureon_vec(u64)){items, numbers.count});
}

AUREON_FN(keep, u64, mut, "Keeps owners and what there is under a number",
          (vec(address), addresses), (option(u16), place), (map(string, u64), counts),
          (option(string), note, AUREON_NONE(string)))
{
    owners_set(addresses);
    stock_set(place, counts);
    (void)note;
    return owners_get().count + stock_get(place).count;
}

AUREON_FN(see, void, mut, "Emits numbers that grow", (vec(u64), numbers), (option(string), note))
{
    for (uint32_t i = 1; i < numbers.count; i++)
        if (numbers.items[i - 1] >= numbers.items[i]) fail_Unsorted(numbers);
    emit_Seen(numbers, note);
    emit_Met((aureon_Item){{"a", 1}, {0}, {NULL, 0}}, (aureon_Pair){0x1234, true});
}

AUREON_FN(owner, address, view, "The owner at a place", (u32, place))
{
    aureon_vec(address) all_owners = owners_get();
    AUREON_REQUIRE(place < all_owners.count, "there is one");
    return all_owners.items[place];
}
