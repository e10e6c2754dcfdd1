/* Names that belong to those who took them first, with a text for each. */
#include "aureon_contract.h"

AUREON_CONTRACT(registry, 1.0.0)

enum { NAME_SIZE_MAX = 64 }; /* bytes */

AUREON_STRUCT(Record, (address, owner), (string, text))

AUREON_STORAGE(count, u64, "count")
AUREON_MAP(record, string, Record, "r:")
AUREON_MAP(name, u64, string, "n:")

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
    uint64_t index = count_get();
    record_set(label, record);
    name_set(index, label);
    count_set(index + 1);
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

AUREON_FN(name_at, string, view, "The name that was taken as number index, from 0", (u64, index))
{
    if (index >= count_get()) fail_NoSuchName();
    return name_get(index);
}
