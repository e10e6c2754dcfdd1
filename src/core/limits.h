/* Limits of the protocol that a transaction can meet (protocol.md section 4). Module limits are in
 * vm/limits.h. */
#ifndef AUREON_CORE_LIMITS_H
#define AUREON_CORE_LIMITS_H

#include <stdint.h>

#define AU_STEPS_PER_GAS 1000

#define AU_KEY_SIZE_MAX      256u    /* bytes of a storage key */
#define AU_VALUE_SIZE_MAX    65536u  /* bytes of a stored value */
#define AU_LOG_SIZE_MAX      4096u   /* bytes of one log line */
#define AU_LOGS_SIZE_MAX     65536u  /* bytes of all lines of a transaction, 4 per line added */
#define AU_OUTPUT_SIZE_MAX   262144u /* bytes of output of a transaction */
#define AU_ARG_COUNT_MAX     64u
#define AU_ARGS_SIZE_MAX     262144u /* bytes of all arguments of a call */
#define AU_FUNCTION_SIZE_MAX 64u     /* bytes of a function's name */
#define AU_CHAIN_ID_SIZE_MAX 50u
#define AU_TX_SIZE_MAX       (1u << 20) /* bytes of a transaction */

#endif
