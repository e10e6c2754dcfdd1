# make install: the program, the library for C programs, and what pkg-config tells about it.

list(JOIN AUREON_ENGINE_NATIVE_LIBS " " engine_native_libs)
configure_file(cmake/aureon.pc.in aureon.pc @ONLY)

if(TARGET aureon_program)
    install(TARGETS aureon_program RUNTIME DESTINATION bin)
endif()
install(TARGETS aureon ARCHIVE DESTINATION lib)
install(FILES ${AUREON_ENGINE_DIR}/libaureon_engine.a DESTINATION lib)
install(FILES include/aureon.h DESTINATION include)
# The headers for contracts in C.
install(DIRECTORY sdk/c/ DESTINATION share/aureon/c)
# Checks proofs in any program: to be copied.
install(FILES sdk/verify/aureon_verify.c sdk/verify/aureon_verify.h DESTINATION share/aureon/verify)
install(FILES ${CMAKE_BINARY_DIR}/aureon.pc DESTINATION lib/pkgconfig)
