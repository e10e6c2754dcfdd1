/* A store of which a read has failed, or whose state was found not to be that of its header.
 *
 * Old blocks and receipts are read for nobody but clients, so damage there may be met for the first
 * time when somebody asks for them. The node stops then. A supervisor that starts it again must not
 * put it where the same request stops it again: the failure leaves a file UNREADABLE in the folder
 * of the store, and a start that finds it reads all that the store holds, and proves the state of
 * its last block, before anybody is served.
 * What was no damage, as a cable that was loose, is forgotten thereby.
 *
 * Threading: any thread; the check belongs to the start. */
#ifndef AUREON_NODE_SUSPECT_H
#define AUREON_NODE_SUSPECT_H

#include "store/kv.h"

#define AU_SUSPECT_NAME "UNREADABLE" /* in the folder of the store; the cause is in it */

/* au_suspect_note leaves the file in the folder of a store. A disk that takes no file any more
 * leaves nothing behind. */
void au_suspect_note(const char *folder, const char *cause);

/* au_suspect_is_noted tells whether the file is there. */
bool au_suspect_is_noted(const char *folder);

/* au_suspect_check reads every entry of the store in a folder and proves its state, and removes the
 * file if nothing is wrong. Cost: that of reading the store once, and of au_state_prove.
 *
 * message     gets what is wrong, a sentence, unless the store tells it (au_kv_message)
 *
 * OK
 * MALFORMED   something cannot be read, for damage or because the disk does not give it, or the
 *             state is not that of the head
 * IO          the file cannot be removed, or what the store failed with
 * NO_MEMORY */
AU_MUST_USE enum au_err au_suspect_check(const char *folder, const struct au_kv *kv,
                                         struct au_buf *message);

#endif
