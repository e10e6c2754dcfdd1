# Tests, fuzz targets and benchmarks. A new file is a new test: everything is found by its place.
# Every test writes TAP or is one case by its exit code; tools/run-tests counts them.

enable_testing()

# Not part of a plain build: what make test needs besides the program and the contracts.
add_custom_target(tests)
add_dependencies(tests contracts aureon)
if(TARGET aureon_program)
    add_dependencies(tests aureon_program)
endif()

set(test_environment
    AUREON=${CMAKE_BINARY_DIR}/aureon
    AUREON_SOURCE_DIR=${PROJECT_SOURCE_DIR}
    AUREON_BUILD_DIR=${CMAKE_BINARY_DIR}
    AUREON_CONTRACTS_DIR=${AUREON_CONTRACTS_DIR}
    CMOCKA_MESSAGE_OUTPUT=TAP
    ASAN_OPTIONS=allocator_may_return_null=1 # as malloc does
    TSAN_OPTIONS=allocator_may_return_null=1:suppressions=${PROJECT_SOURCE_DIR}/tools/tsan.supp
    UBSAN_OPTIONS=print_stacktrace=1)

# aureon_add_test(NAME COMMAND...): runs in the root of the tree. Labels are the name's first part.
# The time limit is for what hangs: what takes half a minute may take ten on a machine that is busy.
function(aureon_add_test name)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    string(REGEX MATCH "^[a-z0-9-]+" label ${name})
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${test_environment}" LABELS ${label} TIMEOUT 1800)
endfunction()

# aureon_add_test_program(TARGET SOURCES...): a program that may reach into every layer.
function(aureon_add_test_program target)
    add_executable(${target} ${ARGN})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_link_libraries(${target} PRIVATE aureon_flags
        $<TARGET_NAME_IF_EXISTS:aureon_test_support> aureon_verify aureon_layers)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
endfunction()

# The verifier that others copy, as they compile it: C99, and nothing of the tree.
add_library(aureon_verify STATIC EXCLUDE_FROM_ALL sdk/verify/aureon_verify.c)
target_include_directories(aureon_verify PUBLIC ${PROJECT_SOURCE_DIR}/sdk/verify)
target_link_libraries(aureon_verify PRIVATE aureon_flags)
set_target_properties(aureon_verify PROPERTIES C_STANDARD 99)

# What several tests share: helpers, and the slow models that the product is compared with.
file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.c tests/model/*.c)
if(support_sources)
    add_library(aureon_test_support STATIC EXCLUDE_FROM_ALL ${support_sources})
    target_include_directories(aureon_test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(aureon_test_support PRIVATE aureon_flags PUBLIC aureon)
endif()

pkg_check_modules(cmocka IMPORTED_TARGET cmocka)
find_program(AUREON_BATS NAMES bats)
mark_as_advanced(AUREON_BATS)

include(cmake/conformance.cmake)

# These run for minutes under ThreadSanitizer, which watches each access, and each byte that the engine
# clears, copies or compares while it compiles and opens instances. Each of their processes has one
# thread, so there is nothing to be found: tools/check leaves the label out there. A thread that is
# started all the same ends them.
set(single_threaded_tests
    contract/frame contract/host_pointers state/trie_small vm/bombs
    vm/meter_model vm/meter_model_smith vm/meter_model_stack vm/module_limits)

# Unit tests: tests/unit/<layer>/test_<noun>.c
file(GLOB unit_sources CONFIGURE_DEPENDS tests/unit/*/test_*.c)
foreach(source IN LISTS unit_sources)
    if(NOT cmocka_FOUND)
        message(STATUS "Unit tests: not built, they need cmocka")
        break()
    endif()
    string(REGEX REPLACE ".*/([^/]+)/test_([^/]+)\\.c$" "\\1/\\2" name ${source})
    string(REPLACE "/" "_" target unit_${name})
    aureon_add_test_program(${target} ${source})
    target_link_libraries(${target} PRIVATE PkgConfig::cmocka)
    add_dependencies(tests ${target})
    aureon_add_test(unit/${name} ${target})
    if(name IN_LIST single_threaded_tests)
        set_property(TEST unit/${name} APPEND PROPERTY LABELS single-threaded)
        target_sources(${target} PRIVATE tests/unit/one_thread.c)
        target_link_options(${target} PRIVATE -Wl,--wrap=pthread_create)
    endif()
endforeach()

# Driven by tests/trie_mpt.sh.
aureon_add_test_program(trie_lines tests/node/trie_lines.c)
add_dependencies(tests trie_lines)

# Driven by tests/e2e/node.bats.
aureon_add_test_program(spoil tests/node/spoil.c)
add_dependencies(tests spoil)

# Random chains of the real ledger, printed for the model in Python (tests/ledger_model.sh).
file(GLOB ledger_log_sources CONFIGURE_DEPENDS tests/ledger_log/*.c)
aureon_add_test_program(ledger_log ${ledger_log_sources})
add_dependencies(tests ledger_log)

# Modules made to hurt, for tests of the whole node.
aureon_add_test_program(bomb tests/bomb/main.c)
add_dependencies(tests bomb)

# Modules run by both kinds of engine, for V8 to be compared with (tests/differential.sh).
file(GLOB differential_sources CONFIGURE_DEPENDS tests/differential/*.c)
aureon_add_test_program(differential ${differential_sources})
add_dependencies(tests differential)

# This one makes allocations fail, one after the other, and counts what is not given back.
if(TARGET unit_contract_no_memory)
    target_link_options(unit_contract_no_memory PRIVATE
        -Wl,--wrap=au_mem_new,--wrap=au_mem_resize,--wrap=au_mem_free)
endif()

# A compile helper that does whatever it should not; make torture goes on with it for long.
if(cmocka_FOUND)
    aureon_add_test_program(torture_helper tests/torture/helper.c tests/torture/bad_helper.c)
    target_link_libraries(torture_helper PRIVATE PkgConfig::cmocka)
    add_dependencies(tests torture_helper)
    aureon_add_test(torture/helper torture_helper)
endif()

# End to end: the program seen from a shell.
file(GLOB bats_files CONFIGURE_DEPENDS tests/e2e/*.bats)
if(AUREON_BATS AND NOT AUREON_FUZZER)
    foreach(file IN LISTS bats_files)
        cmake_path(GET file STEM name)
        aureon_add_test(e2e/${name} ${AUREON_BATS} --tap ${file})
    endforeach()
endif()

# The node under ThreadSanitizer, asked for everything at once.
if(AUREON_SANITIZE STREQUAL "thread")
    aureon_add_test(race/node ${PROJECT_SOURCE_DIR}/tests/torture/race.py)
    set_tests_properties(race/node PROPERTIES PROCESSORS 2)
endif()

# Fuzz targets: with libFuzzer under the fuzz preset; everywhere else they replay their corpus.
add_custom_target(fuzzers)
add_dependencies(tests fuzzers)
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/fuzz_*.c)
file(GLOB contract_writer_sources CONFIGURE_DEPENDS
    tests/differential/code*.c tests/differential/contract.c tests/differential/world.c)
foreach(source IN LISTS fuzz_sources)
    cmake_path(GET source STEM target)
    string(REGEX REPLACE "^fuzz_" "" name ${target})
    if(AUREON_FUZZER)
        aureon_add_test_program(${target} ${source})
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    else()
        aureon_add_test_program(${target} ${source} fuzz/replay_main.c)
        if(NOT name STREQUAL "canary") # fails on purpose, and only libFuzzer finds out how
            aureon_add_test(fuzz/${name} ${target} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
        endif()
    endif()
    if(name STREQUAL "instrument") # what makes contracts
        target_sources(${target} PRIVATE ${contract_writer_sources})
    endif()
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    add_dependencies(fuzzers ${target})
endforeach()

# Scripts that check the tree or what is installed. They say nothing new about a sanitized build.
file(GLOB script_tests CONFIGURE_DEPENDS tests/*.sh)
if(NOT AUREON_SANITIZE)
    foreach(file IN LISTS script_tests)
        cmake_path(GET file STEM name)
        aureon_add_test(script/${name} bash ${file})
    endforeach()
    set_tests_properties(script/ledger_model script/differential PROPERTIES PROCESSORS 2)
    aureon_add_test(tidy/rules ${PROJECT_SOURCE_DIR}/tools/tidy)
    aureon_add_test(tidy/self-test ${PROJECT_SOURCE_DIR}/tools/tidy --self-test)
endif()

# Benchmarks are built with the tests, so that they stay whole, and never run as such.
add_custom_target(bench)
add_dependencies(tests bench)
file(GLOB bench_sources CONFIGURE_DEPENDS bench/bench_*.c)
foreach(source IN LISTS bench_sources)
    cmake_path(GET source STEM target)
    aureon_add_test_program(${target} ${source})
    if(target STREQUAL "bench_node") # what runs other programs
        target_sources(${target} PRIVATE
            bench/anvil.c bench/node_chain.c bench/node_run.c bench/process.c)
    elseif(target MATCHES "^bench_(ledger|readers)$")
        target_sources(${target} PRIVATE bench/ledger_chain.c)
    elseif(target STREQUAL "bench_state")
        file(GLOB state_sources CONFIGURE_DEPENDS bench/state_*.c)
        target_sources(${target} PRIVATE ${state_sources})
        target_link_libraries(${target} PRIVATE m)
    endif()
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
    add_dependencies(bench ${target})
endforeach()

# What a gas takes (tools/calibrate).
file(GLOB calibrate_sources CONFIGURE_DEPENDS bench/calibrate*.c)
aureon_add_test_program(calibrate ${calibrate_sources} ${contract_writer_sources})
set_target_properties(calibrate PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
add_dependencies(bench calibrate)
