/* The logs in a folder of RocksDB, examined before RocksDB replays them.
 *
 * A process that is killed, or loses power, while it writes leaves a torn end: the last record of
 * the newest log is incomplete. Nobody was told that it is written, so it may be cut off. No
 * recovery mode of RocksDB does that and no more: kAbsoluteConsistency, meant for clean shutdowns,
 * refuses a torn end; kTolerateCorruptedTailRecords drops what stands behind a damaged size; each
 * ends in silence at some damaged types. So all logs are read here first, to the last byte.
 *
 *     log      = blocks of 32 KiB, the last one shorter
 *     block    = fragments, then, where less than 7 bytes are left, zeros
 *     fragment = CRC-32C of the rest, masked, u32 || size u16 || type u8 || payload
 *     record   = one fragment of type 1, or those of types 2, 3..., 4
 *
 * Threading: any thread. */
#ifndef AUREON_STORE_WAL_H
#define AUREON_STORE_WAL_H

#include "store/kv.h"

/* au_wal_check reads all logs of a folder and changes nothing. A folder that is not there has none.
 *
 * out_message   gets the cause of IO and MALFORMED
 * out_is_torn   whether the newest log that is not empty ends within a record
 *
 * OK
 * IO          reading failed
 * MALFORMED   a log is damaged: anything but records and such an end
 * NO_MEMORY
 *
 * Cost: reads every byte, about 0.6 GB/s. */
AU_MUST_USE enum au_err au_wal_check(const char *folder, char out_message[AU_KV_MESSAGE_SIZE],
                                     bool *out_is_torn);

/* au_wal_mend cuts a torn end off and syncs, holding the folder's LOCK. This process must not have
 * the folder's store open: it would lose its lock.
 *
 * OK          cut, or there was nothing to cut
 * IO          reading or writing failed, or another process holds the LOCK
 * MALFORMED   as above: nothing was cut
 * NO_MEMORY */
AU_MUST_USE enum au_err au_wal_mend(const char *folder, char out_message[AU_KV_MESSAGE_SIZE]);

/* au_wal_put appends a record to what shall be a file of this form.
 *
 * file     its size_max is that of a block at most; gets an error of the record's, too
 *
 * Cost: 10 us. */
void au_wal_put(struct au_buf *file, const struct au_buf *record);

#endif
