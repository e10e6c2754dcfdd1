/* Bytes that were sealed when they were written, and are believed only if the seal holds: what the
 * compile helper and its parent tell each other, and the files of compiled modules.
 *
 *     u32 magic, u32 kind, u32 size, subject (32 bytes), seal (32 bytes), body (size bytes)
 *
 * Numbers are little-endian. The seal is H("aureon/parcel", everything before it || body): each bit
 * of a parcel decides whether it is one. It guards against accidents, not against forgers: what may
 * write here is kept out by permissions.
 *
 * Threading: pure functions; a stream is one thread's at a time. */
#ifndef AUREON_VM_PARCEL_H
#define AUREON_VM_PARCEL_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"

#define AU_PARCEL_HEAD_SIZE 76u         /* bytes before the body */
#define AU_PARCEL_SIZE_MAX  (64u << 20) /* bytes of a body: more than any compiled module takes */

enum au_parcel_kind {
    AU_PARCEL_HELLO = 1,      /* helper: what I compile with is the subject; no body */
    AU_PARCEL_COMPILE,        /* parent: a module; its hash is the subject */
    AU_PARCEL_COMPILED,       /* helper: the compiled module; the subject is that of the request */
    AU_PARCEL_REFUSED,        /* helper: why the engine refuses the module; likewise */
    AU_PARCEL_STORED,         /* file: a compiled module; its key is the subject */
    AU_PARCEL_COMPILE_TRACED, /* parent: as COMPILE, for the traced form */
};

struct au_parcel {
    enum au_parcel_kind kind;
    struct au_hash subject;
    struct au_bytes body;
};

/* au_parcel_seal writes a parcel's head: a parcel is these bytes and then its body.
 * The body has at most AU_PARCEL_SIZE_MAX bytes. */
void au_parcel_seal(const struct au_parcel *parcel, uint8_t out_head[AU_PARCEL_HEAD_SIZE]);

/* au_parcel_open reads a parcel that is the whole of bytes; its body is borrowed from them.
 * OK, MALFORMED (anything else than what au_parcel_seal would write) */
AU_MUST_USE enum au_err au_parcel_open(struct au_bytes bytes, struct au_parcel *out_parcel);

/* au_parcel_send writes a parcel to a stream socket, au_parcel_receive reads the next one; body
 * gets its body, at most as many bytes as it may hold.
 *
 * until_ns   by au_clock_ns; UINT64_MAX waits for ever
 *
 * OK
 * NOT_FOUND   the other side has closed before the first byte
 * MALFORMED   what came is no parcel, is too large, or ended early
 * IO          the time is up, or the socket failed. After any of these the stream is of no more use
 * NO_MEMORY */
AU_MUST_USE enum au_err au_parcel_send(int fd, uint64_t until_ns, const struct au_parcel *parcel);
AU_MUST_USE enum au_err au_parcel_receive(int fd, uint64_t until_ns, struct au_buf *body,
                                          struct au_parcel *out_parcel);

#endif
