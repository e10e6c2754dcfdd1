# How every C file of ours is compiled: language, warnings, hardening, sanitizers.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Ours, not CMake's: no build type defines NDEBUG, and -O2 is what is measured and shipped.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")

set(AUREON_SANITIZE "" CACHE STRING "value of -fsanitize=, empty for none")
option(AUREON_FUZZER "link fuzz targets with libFuzzer (clang only)" OFF)
option(AUREON_COVERAGE "record source coverage (clang only)" OFF)

add_library(aureon_flags INTERFACE)
target_compile_definitions(aureon_flags INTERFACE
    _GNU_SOURCE
    AUREON_VERSION="${PROJECT_VERSION}")
target_compile_options(aureon_flags INTERFACE
    -pedantic -Wall -Wextra -Werror -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
    -Wcast-align -Wcast-qual -Wundef -Wvla -Walloca -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wswitch-enum -Wformat=2
    -Wnull-dereference -fno-common)
# A program names only what it uses, whatever its libraries might need.
target_link_options(aureon_flags INTERFACE -Wl,--as-needed)

if(AUREON_SANITIZE)
    target_compile_options(aureon_flags INTERFACE
        -fsanitize=${AUREON_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(aureon_flags INTERFACE -fsanitize=${AUREON_SANITIZE})
else()
    # _FORTIFY_SOURCE hides accesses from the sanitizers.
    target_compile_options(aureon_flags INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
    target_link_options(aureon_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

if(AUREON_FUZZER)
    target_compile_options(aureon_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(AUREON_COVERAGE)
    target_compile_options(aureon_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(aureon_flags INTERFACE -fprofile-instr-generate)
endif()
