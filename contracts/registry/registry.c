/* Names that belong to those who took them first, with a text for each. */
#include "aureon_contract.h"

AUREON_CONTRACT(registry, 1.0.0)

enum { NAME_SIZE_MAX = 64 }; /* bytes */

AUREON_STRUCT(Record, (address, owner), (string, text))

AUREON_STORAGE(count, u64, "count")
AUREON_MAP(record, string, Record, "r:")

AUREON_ERROR(1, Taken, "somebody has the name", (address, owner))
AUREON_ERROR(2, NotTheOwner, "only the owner of the name may do this")
AUREON_ERROR(3, NoSuchName, "nobody has the name")

AUREON_EVENT(Registered, "a name was taken", (string, name, topic), (address, owner))
AUREON_EVENT(Given, "a name has another owner", (string, name, topic), (address, to))

AUREON_FN(take, void, mut, "Takes a name that nobody has", (string, label))
{
    AUREON_REQUIRE(label.size >= 1 && label.size <= NAME_SIZE_MAX, "a name has 1 to 64 bytes");
    if (record_has(label)) fail_Taken(record_get(label).owner);
    struct Record record = {aureon_get_caller(), {"", 0}};
    record_set(label, record);
    count_set(count_get() + 1);
    emit_Registered(label, record.owner);
}

static struct Record record_of_caller(aureon_string label)
{
    if (!record_has(label)) fail_NoSuchName();
    struct Record record = record_get(label);
    if (!aureon_is_equal(record.owner, aureon_get_caller())) fail_NotTheOwner();
    return record;
}

AUREON_FN(set, void, mut, "Sets the text of a name of the caller", (string, label), (string, text))
{
    struct Record record = record_of_caller(label);
    record.text = text;
    record_set(label, record);
}

AUREON_FN(give, void, mut, "Gives a name of the caller away", (string, label), (address, to))
{
    struct Record record = record_of_caller(label);
    record.owner = to;
    record_set(label, record);
    emit_Given(label, to);
}

AUREON_FN(look_up, Record, view, "Owner and text of a name", (string, label))
{
    if (!record_has(label)) fail_NoSuchName();
    return record_get(label);
}

AUREON_FN(size, u64, view, "How many names are taken")
{
    return count_get();
}

/* A key is the map's prefix, the size of the name as a u32, and the name. So shorter names come
 * first, and those of one size in the order of their bytes. */
enum { NAME_AT = 2 + 4, KEY_SIZE_MAX = NAME_AT + NAME_SIZE_MAX };

AUREON_FN(name_at, string, view, "The name at a place in the order of the slots, from 0",
          (u64, index))
{
    if (index >= count_get()) fail_NoSuchName();
    char *key = aureon_alloc(KEY_SIZE_MAX);
    int32_t walk = aureon_iter_open("r:", 2);
    for (uint64_t i = 0; i < index; i++)
        aureon_iter_next(walk, NULL, 0, NULL, 0);
    uint64_t sizes = aureon_iter_next(walk, key, KEY_SIZE_MAX, NULL, 0);
    aureon_iter_close(walk);
    return (aureon_string){key + NAME_AT, aureon_iter_key_size(sizes) - NAME_AT};
}
