#include "base/arena.h"

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

/* Under AddressSanitizer every byte that is not taken is poisoned, with a gap after each piece, so
 * that a write past a piece's end, or a use after rewind, is found as it would be on the heap. */
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define GAP_SIZE 16
#else
#define ASAN_POISON_MEMORY_REGION(data, size)   ((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#define GAP_SIZE                                0
#endif

#define ALIGNMENT      16
#define CHUNK_SIZE_MIN 4096
#define CHUNK_SIZE_MAX (256u << 10) /* unless one piece is larger */

struct au_arena_chunk {
    struct au_arena_chunk *next;
    size_t size; /* of data */
    _Alignas(ALIGNMENT) uint8_t data[];
};

_Static_assert(_Alignof(max_align_t) <= ALIGNMENT, "pieces are aligned for any type");

void au_arena_init(struct au_arena *arena, size_t size_max)
{
    *arena = (struct au_arena){.size_max = size_max};
}

static void free_chunks(struct au_arena *arena, struct au_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct au_arena_chunk *next = chunk->next;
        ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size);
        arena->held -= chunk->size;
        au_mem_free(chunk);
        chunk = next;
    }
}

void au_arena_done(struct au_arena *arena)
{
    free_chunks(arena, arena->first);
    AU_ASSERT(arena->held == 0);
    au_arena_init(arena, arena->size_max);
}

/* The offset of a piece of size bytes in a chunk of which used bytes are taken; SIZE_MAX if it does
 * not fit. */
static size_t piece_offset(const struct au_arena_chunk *chunk, size_t used, size_t size)
{
    size_t offset = used == 0 ? 0 : (used + GAP_SIZE + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    bool is_fit = offset <= chunk->size && size <= chunk->size - offset;
    return is_fit ? offset : SIZE_MAX;
}

/* Inserted right after the current chunk: those that follow it, kept from an earlier round and too
 * small for this piece, stay usable for the next ones. */
static struct au_arena_chunk *insert_chunk(struct au_arena *arena, size_t size)
{
    AU_ASSERT(arena->held <= arena->size_max);
    size_t left = arena->size_max - arena->held;
    if (size > left) return NULL;

    size_t wanted = arena->held < CHUNK_SIZE_MAX ? arena->held : CHUNK_SIZE_MAX;
    if (wanted < CHUNK_SIZE_MIN) wanted = CHUNK_SIZE_MIN;
    if (wanted < size) wanted = size;
    if (wanted > left) wanted = left;
    if (wanted > SIZE_MAX - sizeof(struct au_arena_chunk)) return NULL;

    struct au_arena_chunk *chunk = au_mem_resize(NULL, sizeof(*chunk) + wanted);
    if (chunk == NULL) return NULL;
    struct au_arena_chunk **link = arena->current != NULL ? &arena->current->next : &arena->first;
    chunk->next = *link;
    chunk->size = wanted;
    *link = chunk;
    arena->held += wanted;
    ASAN_POISON_MEMORY_REGION(chunk->data, chunk->size);
    return chunk;
}

static struct au_arena_chunk *next_chunk(struct au_arena *arena, size_t size)
{
    struct au_arena_chunk *chunk = arena->current != NULL ? arena->current->next : arena->first;
    while (chunk != NULL && chunk->size < size) {
        chunk = chunk->next;
    }
    return chunk != NULL ? chunk : insert_chunk(arena, size);
}

void *au_arena_get(struct au_arena *arena, size_t size)
{
    size_t offset = SIZE_MAX;
    if (arena->current != NULL) offset = piece_offset(arena->current, arena->used, size);
    if (offset == SIZE_MAX) {
        struct au_arena_chunk *chunk = next_chunk(arena, size);
        if (chunk == NULL) return NULL;
        arena->current = chunk;
        offset = 0;
    }
    uint8_t *piece = arena->current->data + offset;
    arena->used = offset + size;
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    return piece;
}

void *au_arena_zero(struct au_arena *arena, size_t size)
{
    void *piece = au_arena_get(arena, size);
    if (piece != NULL) memset(piece, 0, size);
    return piece;
}

enum au_err au_arena_copy(struct au_arena *arena, struct au_bytes bytes, struct au_bytes *out_copy)
{
    uint8_t *piece = au_arena_get(arena, bytes.size);
    if (piece == NULL) return AU_ERR_NO_MEMORY;
    if (bytes.size > 0) memcpy(piece, bytes.data, bytes.size);
    *out_copy = (struct au_bytes){piece, bytes.size};
    return AU_OK;
}

struct au_arena_mark au_arena_mark(const struct au_arena *arena)
{
    return (struct au_arena_mark){arena->current, arena->used};
}

void au_arena_rewind(struct au_arena *arena, struct au_arena_mark mark)
{
    arena->current = mark.chunk;
    arena->used = mark.used;
#ifdef HAS_ASAN
    struct au_arena_chunk *chunk = arena->first;
    if (mark.chunk != NULL) {
        ASAN_POISON_MEMORY_REGION(mark.chunk->data + mark.used, mark.chunk->size - mark.used);
        chunk = mark.chunk->next;
    }
    for (; chunk != NULL; chunk = chunk->next) {
        ASAN_POISON_MEMORY_REGION(chunk->data, chunk->size);
    }
#endif
}

void au_arena_reset(struct au_arena *arena)
{
    au_arena_rewind(arena, (struct au_arena_mark){NULL, 0});
    if (arena->first == NULL) return;
    free_chunks(arena, arena->first->next);
    arena->first->next = NULL;
}
