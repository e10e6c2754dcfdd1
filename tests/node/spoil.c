/* spoil STORE ADDRESS: takes a base unit from an account of a stopped node, behind its back. */
#include <stdio.h>
#include <stdlib.h>

#include "core/address.h"
#include "state/flat.h"
#include "store/rocks.h"

static void must(const char *what, enum au_err err)
{
    if (err == AU_OK) return;
    fprintf(stderr, "spoil: %s: %s\n", what, au_err_name(err));
    exit(1);
}

int main(int argc, char **argv)
{
    const struct au_rocks_options options = au_rocks_options_default();
    char cause[AU_KV_MESSAGE_SIZE];
    struct au_address address;
    struct au_account account;
    struct au_kv kv;
    struct au_flat flat;
    struct au_buf record;
    struct au_kv_batch batch;
    if (argc != 3 || au_address_parse(au_bytes_of(argv[2]), &address) != NULL) return 2;
    must("opening", au_rocks_open(argv[1], &options, cause, &kv));
    au_flat_init(&flat, &kv, NULL);
    must("reading", au_flat_account(&flat, &address, &account));
    account.balance--;
    au_buf_init(&record, AU_FLAT_ACCOUNT_SIZE_MAX);
    au_flat_encode_account(&record, &account);
    au_kv_batch_init(&batch, 1024);
    struct au_hash key = au_flat_account_key(&address);
    au_kv_batch_put(&batch, AU_CF_ACC, (struct au_bytes){key.bytes, AU_HASH_SIZE},
                    au_buf_bytes(&record));
    must("writing", au_kv_write(&kv, &batch, true));
    au_kv_batch_done(&batch);
    au_buf_done(&record);
    au_flat_done(&flat);
    au_kv_close(&kv);
    return 0;
}
