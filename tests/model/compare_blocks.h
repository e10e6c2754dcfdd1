/* Compares what the sandbox's check of function bodies says of a module with what the model says,
 * without running anything: every metered block and its cost, in code that no run reaches too, and
 * what every function reserves of the stack.
 *
 * Threading: pure. */
#ifndef AUREON_TESTS_COMPARE_BLOCKS_H
#define AUREON_TESTS_COMPARE_BLOCKS_H

#include "base/bytes.h"

struct au_model;

/* au_compare_blocks compares all functions of an accepted module. false: a difference, described on
 * stderr under label. */
AU_MUST_USE bool au_compare_blocks(const char *label, struct au_bytes code,
                                   const struct au_model *model);

#endif
