# Conformance tests: runners (tests/conformance/*.c) over scripts of the WebAssembly specification,
# which the test tools (tests/tools, a Rust package) turn into JSON and modules. The tools take a
# minute or two to build the first time, so the target `tests` builds them, not the configuration.

file(GLOB conformance_sources CONFIGURE_DEPENDS tests/conformance/*.c)
file(GLOB_RECURSE test_tools_sources CONFIGURE_DEPENDS tests/tools/Cargo.* tests/tools/src/*)
if(NOT test_tools_sources)
    return()
endif()

set(test_tools ${CMAKE_BINARY_DIR}/tests/aureon-testtools)
set(spec_dir ${CMAKE_BINARY_DIR}/tests/spec)
list(APPEND test_environment AUREON_TESTTOOLS=${test_tools} AUREON_SPEC_DIR=${spec_dir})

add_custom_command(
    OUTPUT ${spec_dir}.stamp ${test_tools}
    COMMAND ${PROJECT_SOURCE_DIR}/tools/spec-data ${test_tools} ${spec_dir}
    COMMAND ${CMAKE_COMMAND} -E touch ${spec_dir}.stamp
    DEPENDS ${test_tools_sources} tools/spec-data tools/engine
    COMMENT "Test tools and the specification's scripts"
    USES_TERMINAL
    VERBATIM)
add_custom_target(spec_data DEPENDS ${spec_dir}.stamp)
add_dependencies(tests spec_data)

foreach(source IN LISTS conformance_sources)
    if(NOT cmocka_FOUND)
        break()
    endif()
    cmake_path(GET source STEM name)
    aureon_add_test_program(conformance_${name} ${source})
    target_link_libraries(conformance_${name} PRIVATE PkgConfig::cmocka)
    add_dependencies(tests conformance_${name})
    aureon_add_test(conformance/${name} conformance_${name})
endforeach()
