#include "cli/nearest.h"

#include <string.h>

#define WORD_SIZE_MAX 32

void au_nearest_init(struct au_nearest *nearest, const char *given)
{
    *nearest = (struct au_nearest){.given = given, .distance = SIZE_MAX};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows are enough, since a swap looks two rows back. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][WORD_SIZE_MAX + 1];
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }

    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

void au_nearest_offer(struct au_nearest *nearest, const char *known)
{
    size_t given_size = strlen(nearest->given);
    size_t known_size = strlen(known);
    if (given_size > WORD_SIZE_MAX || known_size > WORD_SIZE_MAX) return;

    size_t distance = edit_distance(nearest->given, given_size, known, known_size);
    if (distance > 1 + known_size / 4 || distance >= nearest->distance) return;
    nearest->best = known;
    nearest->distance = distance;
}
