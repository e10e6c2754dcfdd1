/* Limits of the protocol that a transaction can meet (protocol.md section 4). Module limits are in
 * vm/limits.h. */
#ifndef AUREON_CORE_LIMITS_H
#define AUREON_CORE_LIMITS_H

#include <stdint.h>

#define AU_STEPS_PER_GAS 1000

#define AU_KEY_SIZE_MAX         256u    /* bytes of a storage key */
#define AU_VALUE_SIZE_MAX       65536u  /* bytes of a stored value */
#define AU_ITERS_MAX            64u     /* walks over keys that a frame has open */
#define AU_LOG_SIZE_MAX         4096u   /* bytes of one log line */
#define AU_LOGS_SIZE_MAX        65536u  /* bytes of all lines of a transaction, 4 per line added */
#define AU_EVENT_NAME_SIZE_MAX  64u     /* bytes of an event's name */
#define AU_EVENT_TOPIC_SIZE     32u     /* bytes of a topic */
#define AU_EVENT_TOPICS_MAX     4u      /* topics of an event */
#define AU_EVENT_DATA_SIZE_MAX  16384u  /* bytes of an event's data */
#define AU_EVENTS_MAX           256u    /* events of a transaction, undone ones too */
#define AU_EVENTS_DATA_SIZE_MAX 262144u /* bytes of data of all of them */

#define AU_OUTPUT_SIZE_MAX   262144u /* bytes of output of a transaction */
#define AU_ARG_COUNT_MAX     64u
#define AU_ARGS_SIZE_MAX     262144u /* bytes of all arguments of a call */
#define AU_FUNCTION_SIZE_MAX 64u     /* bytes of a function's name */
#define AU_CHAIN_ID_SIZE_MAX 50u
#define AU_TX_SIZE_MAX       (1u << 20) /* bytes of a transaction */

#endif
