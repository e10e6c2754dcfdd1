/* Keeps cmocka's hands off the signals by which the engine traps. Around each test and fixture
 * cmocka calls signal() to put its own handlers over those of the engine; in a program that
 * includes this header (in one file) that call does nothing. A real crash then ends the program. */
#ifndef AUREON_TESTS_CMOCKA_SIGNALS_H
#define AUREON_TESTS_CMOCKA_SIGNALS_H

#include <signal.h>

void (*signal(int number, void (*handler)(int)))(int)
{
    (void)number;
    (void)handler;
    return SIG_DFL;
}

#endif
