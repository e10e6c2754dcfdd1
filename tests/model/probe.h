/* Makes the globals of a module visible: the engine's interface shows functions and memory only.
 * Threading: pure. */
#ifndef AUREON_TESTS_PROBE_H
#define AUREON_TESTS_PROBE_H

#include "base/buf.h"

#define AU_PROBES_MAX 32u

/* au_probe_globals writes a module that has an exported function "global <i>" for each of its first
 * AU_PROBES_MAX globals, which returns the global's value; nothing else is changed.
 *
 * code     a valid module
 * out      initialised and empty; TOO_LARGE and NO_MEMORY are sticky in it
 * returns  how many such functions it has; 0: nothing was written, the module has no globals or has
 *          not the sections that functions need */
uint32_t au_probe_globals(struct au_bytes code, struct au_buf *out);

/* au_probe_name writes the name of the function for a global. */
void au_probe_name(uint32_t index, char out_name[16]);

#endif
