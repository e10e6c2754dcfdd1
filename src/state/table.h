/* A hash table from a caller's 64-bit hash to a caller's entry: the index behind the overlay, the
 * names of accounts and the code registry. It knows nothing of keys: the caller walks the entries
 * whose hash fits and compares.
 *
 *     for (cell = au_table_find(&table, hash); cell; cell = au_table_next(&table, cell, hash))
 *         if (is_the_key(cell->entry)) return cell->entry;
 *
 * Invariants:
 *   1. capacity is 0 or a power of two, at least twice count; a free cell has no entry.
 *   2. Entries are never removed one by one and never moved: only cells are.
 *   3. The order of cells depends on hashes alone and is never shown: results cannot depend on it.
 *
 * Threading: one writer, or any number of readers. */
#ifndef AUREON_STATE_TABLE_H
#define AUREON_STATE_TABLE_H

#include "base/err.h"

struct au_table_cell {
    uint64_t hash;
    void *entry; /* NULL: free */
};

struct au_table {
    struct au_table_cell *cells;
    size_t capacity; /* cells */
    size_t count;    /* entries */
};

/* A zeroed table is an empty one. au_table_done frees its cells, not the entries, and leaves it
 * empty. */
void au_table_done(struct au_table *table);

/* au_table_clear forgets all entries. Cells are kept for the next round unless there are so many
 * that clearing them would cost more than a usual round. */
void au_table_clear(struct au_table *table);

/* au_table_add adds an entry under hash; that no equal key is there is the caller's affair.
 * OK, NO_MEMORY (nothing changed). Cost: constant on average. */
AU_MUST_USE enum au_err au_table_add(struct au_table *table, uint64_t hash, void *entry);

/* au_table_seek gives the first cell with this hash at or after index, NULL if there is none. Only
 * au_table_find and au_table_next call it. */
static inline struct au_table_cell *au_table_seek(const struct au_table *table, uint64_t hash,
                                                  size_t index)
{
    for (;; index++) {
        struct au_table_cell *cell = &table->cells[index & (table->capacity - 1)];
        if (!cell->entry) return NULL;
        if (cell->hash == hash) return cell;
    }
}

/* au_table_find gives the first cell with this hash, au_table_next the one after cell; NULL at the
 * end. Cells are valid until the next change of the table. */
static inline struct au_table_cell *au_table_find(const struct au_table *table, uint64_t hash)
{
    return table->count == 0 ? NULL : au_table_seek(table, hash, (size_t)hash);
}

static inline struct au_table_cell *au_table_next(const struct au_table *table,
                                                  const struct au_table_cell *cell, uint64_t hash)
{
    return au_table_seek(table, hash, (size_t)(cell - table->cells) + 1);
}

#endif
