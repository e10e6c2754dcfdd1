#include "state/table.h"

#include <string.h>

#include "base/mem.h"

#define CAPACITY_MIN  64u   /* cells: 1 KiB, enough for a usual execution */
#define CAPACITY_KEPT 4096u /* cells kept by a clear */

void au_table_done(struct au_table *table)
{
    au_mem_free(table->cells);
    *table = (struct au_table){0};
}

void au_table_clear(struct au_table *table)
{
    if (table->count == 0) return;
    if (table->capacity > CAPACITY_KEPT) {
        au_table_done(table);
        return;
    }
    memset(table->cells, 0, table->capacity * sizeof(*table->cells));
    table->count = 0;
}

static void place(struct au_table *table, uint64_t hash, void *entry)
{
    size_t index = (size_t)hash & (table->capacity - 1);
    while (table->cells[index].entry) {
        index = (index + 1) & (table->capacity - 1);
    }
    table->cells[index] = (struct au_table_cell){hash, entry};
    table->count++;
}

static enum au_err grow(struct au_table *table)
{
    struct au_table grown = {.capacity = table->capacity ? table->capacity * 2 : CAPACITY_MIN};
    if (grown.capacity > SIZE_MAX / 2 / sizeof(*grown.cells)) return AU_ERR_NO_MEMORY;
    grown.cells = au_mem_new(grown.capacity * sizeof(*grown.cells));
    if (!grown.cells) return AU_ERR_NO_MEMORY;

    for (size_t i = 0; i < table->capacity; i++) {
        if (table->cells[i].entry) place(&grown, table->cells[i].hash, table->cells[i].entry);
    }
    AU_ASSERT(grown.count == table->count);
    au_mem_free(table->cells);
    *table = grown;
    return AU_OK;
}

enum au_err au_table_add(struct au_table *table, uint64_t hash, void *entry)
{
    AU_ASSERT(entry);
    if (table->count >= table->capacity / 2) AU_TRY(grow(table));
    place(table, hash, entry);
    return AU_OK;
}
