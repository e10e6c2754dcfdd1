/* What a module may hold (protocol.md section 5). Each limit is tested at its value and past it. */
#ifndef AUREON_VM_LIMITS_H
#define AUREON_VM_LIMITS_H

#define AU_CODE_SIZE_MAX      524288u /* bytes */
#define AU_TYPES_MAX          4096u
#define AU_FUNCTIONS_MAX      10000u /* defined in the module */
#define AU_BODY_SIZE_MAX      65536u /* bytes of one function's code entry */
#define AU_PARAMS_MAX         32u
#define AU_RESULTS_MAX        32u
#define AU_LOCALS_MAX         512u /* of a function, parameters not counted */
#define AU_LOCALS_TOTAL_MAX   50000u
#define AU_NESTING_MAX        256u /* open blocks, loops and ifs of a function */
#define AU_LOOP_NESTING_MAX   32u  /* of them loops */
#define AU_GLOBALS_MAX        1024u
#define AU_PAGES_MAX          256u  /* of 64 KiB */
#define AU_TABLE_SIZE_MAX     4096u /* entries */
#define AU_BR_TABLE_MAX       1024u /* labels, the default not counted */
#define AU_SEGMENTS_MAX       1024u /* element and data segments together */
#define AU_IMPORTS_MAX        128u
#define AU_EXPORTS_MAX        256u
#define AU_NAME_SIZE_MAX      256u   /* bytes of an import's or export's name */
#define AU_METERED_BLOCKS_MAX 65536u /* in all functions */

#define AU_PAGE_SIZE        65536u /* bytes */
#define AU_STACK_UNITS      65536  /* that every frame starts with */
#define AU_STACK_CALL_UNITS 8u     /* that a call reserves besides params, locals, operands, body */
#define AU_DEPTH_MAX        16u /* frames open one inside another; the transaction's is the first */

#endif
