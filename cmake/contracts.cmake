# Contracts written in C, compiled to build/contracts/<name>.wasm. The flags are those that the C kit
# documents: no library, one page of memory, sign extension and bulk memory but nothing newer.

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
        COMMAND ${AUREON_WASM_CLANG} --target=wasm32 -mcpu=mvp -msign-ext -mbulk-memory -std=c17
            -O2 -ffreestanding -nostdlib -Wall -Wextra -Werror
            -I${PROJECT_SOURCE_DIR}/sdk/c -I${PROJECT_SOURCE_DIR}
            -MD -MF ${module}.d -MT ${module}
            -Wl,--no-entry -Wl,--export-dynamic -Wl,--strip-all
            -Wl,-z,stack-size=8192 -Wl,--initial-memory=65536 -Wl,--max-memory=65536
            -o ${module} ${source}
        DEPENDS ${source}
        DEPFILE ${module}.d
        COMMENT "Contract ${name}"
        VERBATIM)
    set(contract_modules ${contract_modules} ${module} PARENT_SCOPE)
endfunction()

file(GLOB contract_sources CONFIGURE_DEPENDS contracts/*/*.c tests/contracts/*.c bench/programs/*.c)
if(AUREON_WASM_CLANG AND AUREON_WASM_LD)
    foreach(source IN LISTS contract_sources)
        cmake_path(GET source STEM name)
        aureon_add_contract(${name} ${source})
    endforeach()
elseif(contract_sources)
    message(STATUS "Contracts: not built, they need clang and wasm-ld")
endif()
add_custom_target(contracts ALL DEPENDS ${contract_modules})
