/* A compile helper that is the real one most of the time.
 *
 * It stands between its parent and a real helper, both in one process, and confined as that is. Of
 * a thousand modules it passes some hundred back as they should not be, or not at all. */
#ifndef AUREON_TORTURE_BAD_HELPER_H
#define AUREON_TORTURE_BAD_HELPER_H

/* bad_helper_main is what a program does that is started with the helper's word. Gives the exit
 * code.
 *
 * arguments   those behind the word, up to a NULL */
int bad_helper_main(const char *const *arguments);

#endif
