# Contracts written in C, compiled to build/contracts/<name>.wasm with the flags of `aureon build`: no
# library, one page of memory, sign extension and bulk memory but nothing newer.

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/abi/clang.def)
file(STRINGS abi/clang.def contract_flags REGEX "^AU_CLANG\\(")
list(TRANSFORM contract_flags REPLACE "^AU_CLANG\\(\"([^\"]*)\"\\).*" "\\1")

find_program(AUREON_WASM_CLANG NAMES clang)
find_program(AUREON_WASM_LD NAMES wasm-ld)
mark_as_advanced(AUREON_WASM_CLANG AUREON_WASM_LD)

set(AUREON_CONTRACTS_DIR ${CMAKE_BINARY_DIR}/contracts)
file(MAKE_DIRECTORY ${AUREON_CONTRACTS_DIR})

# aureon_add_contract(NAME SOURCE): adds the module to the list contract_modules.
function(aureon_add_contract name source)
    set(module ${AUREON_CONTRACTS_DIR}/${name}.wasm)
    add_custom_command(
        OUTPUT ${module}
        COMMAND ${AUREON_WASM_CLANG} ${contract_flags} -Werror
            -I${PROJECT_SOURCE_DIR}/sdk/c -I${PROJECT_SOURCE_DIR}
            -MD -MF ${module}.d -MT ${module}
            -o ${module} ${source}
        DEPENDS ${source} ${PROJECT_SOURCE_DIR}/abi/clang.def
        DEPFILE ${module}.d
        COMMENT "Contract ${name}"
        VERBATIM)
    set(contract_modules ${contract_modules} ${module} PARENT_SCOPE)
endfunction()

file(GLOB contract_sources CONFIGURE_DEPENDS contracts/*/*.c tests/contracts/*.c bench/programs/*.c)
list(FILTER contract_sources EXCLUDE REGEX "_test\\.c$") # those run natively
if(AUREON_WASM_CLANG AND AUREON_WASM_LD)
    foreach(source IN LISTS contract_sources)
        cmake_path(GET source STEM name)
        aureon_add_contract(${name} ${source})
    endforeach()
elseif(contract_sources)
    message(STATUS "Contracts: not built, they need clang and wasm-ld")
endif()
add_custom_target(contracts ALL DEPENDS ${contract_modules})
