/* What contracts did, call by call, as JSON: the members trace and trace_truncated.
 *
 * An entry is a frame or the call of a host function. Entries come in the order in which they
 * began; depth says which are inside which; steps are a thousandth of gas and count all inside.
 * A frame has the functions of its module, by the path of calls, and within is a place in that
 * list. Beside the bytes stands what they mean by the ABI of the code that the frame ran.
 *
 * Threading: that of the request. */
#ifndef AUREON_API_TRACE_H
#define AUREON_API_TRACE_H

#include "api/decoder.h"
#include "api/input.h"
#include "base/json_write.h"
#include "contract/tracer.h"

/* au_trace_is_wanted reads "trace" of the query: true or false, which it is unless given. */
bool au_trace_is_wanted(struct au_input *input);

/* decoder   knows all code that ran */
void au_trace_put_json(struct au_json_write *json, const struct au_tracer *tracer,
                       struct au_decoder *decoder);

#endif
