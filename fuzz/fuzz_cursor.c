/* Fuzzes where lists go on: cursors of transactions and of events, as clients bring them back.
 *
 * A text is a cursor exactly if it is two or three numbers, each written in the one way there is,
 * with dashes between; what is read is written again to the same bytes. */
#include "api/cursor.h"
#include "fuzz.h"

#define NUMBERS_MAX 3u

/* Digits up to the next dash or the end. false: they are no number of that bound. */
static bool take_digits(struct fuzz_input *input, uint64_t max, uint64_t *out_number)
{
    const uint8_t *start = input->pos;
    *out_number = 0;
    while (fuzz_left(input) > 0 && *input->pos != '-') {
        uint8_t digit = (uint8_t)(fuzz_u8(input) - '0');
        uint64_t tens, number;
        if (digit > 9 || __builtin_mul_overflow(*out_number, UINT64_C(10), &tens) ||
            __builtin_add_overflow(tens, digit, &number) || number > max) {
            return false;
        }
        *out_number = number;
    }
    size_t size = (size_t)(input->pos - start);
    return size == 1 || (size > 1 && *start != '0');
}

/* How many numbers a text is; 0: it is something else. */
static size_t read_numbers(struct au_bytes text, uint64_t out_numbers[NUMBERS_MAX])
{
    struct fuzz_input input = {text.data, text.data + text.size};
    for (size_t count = 0; count < NUMBERS_MAX; count++) {
        if (!take_digits(&input, count == 0 ? UINT64_MAX : UINT32_MAX, &out_numbers[count])) break;
        if (fuzz_left(&input) == 0) return count + 1;
        (void)fuzz_u8(&input); /* the dash */
    }
    return 0;
}

static void check_again(struct au_bytes text, const char *again)
{
    AU_ASSERT(au_bytes_is_equal(au_bytes_of(again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_bytes text = {data, size};
    struct au_chain_place tx;
    struct au_event_place event;
    uint64_t numbers[NUMBERS_MAX];
    char again[AU_CURSOR_SIZE];
    size_t count = read_numbers(text, numbers);
    AU_ASSERT(au_cursor_parse_tx(text, &tx) == (count == 2));
    AU_ASSERT(au_cursor_parse_event(text, &event) == (count == 3));
    if (count == 2) {
        AU_ASSERT(tx.height == numbers[0] && tx.index == numbers[1]);
        au_cursor_format_tx(&tx, again);
        check_again(text, again);
    }
    if (count == 3) {
        AU_ASSERT(event.tx.height == numbers[0] && event.tx.index == numbers[1]);
        AU_ASSERT(event.number == numbers[2]);
        au_cursor_format_event(&event, again);
        check_again(text, again);
    }
    return 0;
}
