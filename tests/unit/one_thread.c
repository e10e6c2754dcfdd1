/* Threads of programs that are said to have one alone (cmake/tests.cmake): the linker puts this in
 * place of pthread_create, so that none is started unseen. */
#include <stdio.h>
#include <stdlib.h>

int __wrap_pthread_create(void);

int __wrap_pthread_create(void)
{
    fputs("a program without threads starts one: take it out of single_threaded_tests\n", stderr);
    abort();
}
