#include "core/dev_key.h"

struct au_sign_key au_dev_account_key(size_t index)
{
    struct au_hash seed = au_dev_account_seed(index);
    struct au_sign_key key;
    au_sign_key_from_seed(&key, seed.bytes);
    return key;
}

struct au_address au_dev_account_address(size_t index)
{
    struct au_sign_key key = au_dev_account_key(index);
    struct au_address address;
    memcpy(address.bytes, key.public_key, AU_ADDRESS_SIZE);
    return address;
}
