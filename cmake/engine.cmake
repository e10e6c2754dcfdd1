# The engine library: built by cargo outside the tree, found here. Its sources are inputs of the
# configuration, so that a change of them configures again.

file(GLOB engine_sources CONFIGURE_DEPENDS
    engine/Cargo.toml engine/Cargo.lock engine/build.rs engine/src/*.rs engine/include/*.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${engine_sources} tools/engine)

execute_process(
    COMMAND ${PROJECT_SOURCE_DIR}/tools/engine
    OUTPUT_VARIABLE AUREON_ENGINE_DIR
    OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
message(STATUS "Engine library: ${AUREON_ENGINE_DIR}")

file(READ ${AUREON_ENGINE_DIR}/native-libs.txt native_libs)
string(STRIP "${native_libs}" native_libs)
separate_arguments(AUREON_ENGINE_NATIVE_LIBS UNIX_COMMAND "${native_libs}")

# Two targets: everybody who links libaureon needs the archive, only crypto and vm see the headers.
add_library(aureon_engine_archive INTERFACE)
target_link_libraries(aureon_engine_archive INTERFACE
    ${AUREON_ENGINE_DIR}/libaureon_engine.a ${AUREON_ENGINE_NATIVE_LIBS})

add_library(aureon_engine_headers INTERFACE)
target_include_directories(aureon_engine_headers SYSTEM INTERFACE ${AUREON_ENGINE_DIR}/include)
