#include "core/dev_account.h"

#include "crypto/sha256.h"

static const char *const names[AU_DEV_ACCOUNT_COUNT] = {
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy",
};

const char *au_dev_account_name(size_t index)
{
    AU_ASSERT(index < AU_DEV_ACCOUNT_COUNT);
    return names[index];
}

bool au_dev_account_find(struct au_bytes name, size_t *out_index)
{
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        if (!au_bytes_is_equal(name, au_bytes_of(names[i]))) continue;
        *out_index = i;
        return true;
    }
    return false;
}

struct au_hash au_dev_account_seed(size_t index)
{
    const struct au_bytes parts[] = {
        au_bytes_of("aureon/dev/"),
        au_bytes_of(au_dev_account_name(index)),
    };
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}
