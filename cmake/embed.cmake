# cmake -D OUT=FILE.c -D FILES=list -P embed.cmake: files as the array au_embedded of cli/embedded.h.
# A file's name in it is that of its folder and its own: counter/counter.c.

set(text "#include \"cli/embedded.h\"\n\n")
set(rows "")
set(index 0)
foreach(file IN LISTS FILES)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    cmake_path(GET file FILENAME name)
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    string(APPEND text "static const uint8_t file_${index}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${folder}\", \"${name}\", {file_${index}, sizeof(file_${index})}},\n")
    math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT} "${text}\nconst struct au_embedded_file au_embedded[] = {\n${rows}};\n"
    "const size_t au_embedded_count = ${index};\n")
