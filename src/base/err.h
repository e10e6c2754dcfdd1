/* Failures of the world around the program: memory, files, the engine, malformed input.
 *
 * enum au_err, au_err_name and au_err_text are part of the public header; abi/err.def holds the
 * words and sentences. */
#ifndef AUREON_BASE_ERR_H
#define AUREON_BASE_ERR_H

#include "aureon.h"
#include "base/base.h"

#endif
