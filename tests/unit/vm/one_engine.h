/* One engine for all tests of a program, with room for eight instances: start_engine and
 * stop_engine are the group's setup and teardown. */
#ifndef AUREON_TESTS_ONE_ENGINE_H
#define AUREON_TESTS_ONE_ENGINE_H

#include "engine_fixture.h"

static struct au_engine *engine;

static int start_engine(void **state)
{
    (void)state;
    engine = fixture_engine(8, 1 << 24);
    return 0;
}

static int stop_engine(void **state)
{
    (void)state;
    au_engine_free(engine);
    return 0;
}

#endif
