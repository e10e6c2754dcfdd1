/* A folder of compiled modules, so that a program that starts again need not compile again.
 *
 *     FOLDER/chain/NAME   modules that were kept: never removed while their key is of use
 *     FOLDER/other/NAME   the others: those used longest ago go when they grow too large
 *
 * A name is made of the identity of what compiles and of the module's key. A file is one parcel
 * (vm/parcel.h).
 *
 * Invariants:
 *   1. What is given back was written here whole, under the same key. Anything else counts as
 *      missing, and is removed.
 *   2. FOLDER belongs to this user and nobody else may look or write there: files are native code.
 *   3. Files of another identity are removed when the folder is opened.
 *   4. Nothing that happens to the folder while it is open does more than cost compilations.
 *
 * Threading: any thread. One process at a time has a folder; of two none is led astray. */
#ifndef AUREON_VM_ARTIFACT_H
#define AUREON_VM_ARTIFACT_H

#include "base/buf.h"
#include "base/hash.h"

struct au_artifacts;

/* au_artifacts_open opens a folder, and makes it if it is not there (but not the one around it).
 *
 * path           borrowed for the call
 * size_max       bytes of files in other/
 * identity       of what compiles
 * out_artifacts  owned by the caller: au_artifacts_close
 *
 * OK
 * INVALID_ARG    it is no folder of this user's, or others may look or write there
 * IO             it cannot be made or read: errno tells why
 * NO_MEMORY */
AU_MUST_USE enum au_err au_artifacts_open(const char *path, uint64_t size_max,
                                          const struct au_hash *identity,
                                          struct au_artifacts **out_artifacts);
void au_artifacts_close(struct au_artifacts *artifacts);

/* au_artifacts_get reads a compiled module.
 *
 * file          gets the file; holds at least AU_PARCEL_HEAD_SIZE + AU_PARCEL_SIZE_MAX bytes
 * out_artifact  the module, borrowed from it
 *
 * OK, NOT_FOUND (or damaged, or unreadable), NO_MEMORY */
AU_MUST_USE enum au_err au_artifacts_get(struct au_artifacts *artifacts, const struct au_hash *key,
                                         struct au_buf *file, struct au_bytes *out_artifact);

/* au_artifacts_put writes a compiled module, as one of the others. It is on disk, or it is not and
 * nothing else has happened. */
void au_artifacts_put(struct au_artifacts *artifacts, const struct au_hash *key,
                      struct au_bytes artifact);

/* au_artifacts_keep keeps a module that was put, au_artifacts_drop removes it. No-ops if it is not
 * there. */
void au_artifacts_keep(struct au_artifacts *artifacts, const struct au_hash *key);
void au_artifacts_drop(struct au_artifacts *artifacts, const struct au_hash *key);

#endif
