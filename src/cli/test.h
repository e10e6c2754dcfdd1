/* `aureon test`: runs the scenarios of a folder. */
#ifndef AUREON_CLI_TEST_H
#define AUREON_CLI_TEST_H

#include "cli/invocation.h"

/* DONE · INTERNAL: a step came to something else than it expects, or this machine could not run it
 * · USAGE: a file is no scenario · NOT_FOUND: no such file, or none in the folder */
enum au_exit au_test_command(struct au_invocation *invocation);

#endif
