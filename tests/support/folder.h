/* Folders of tests and benchmarks. */
#ifndef AUREON_TESTS_FOLDER_H
#define AUREON_TESTS_FOLDER_H

/* folder_remove removes a folder with all that is in it. 0, or not: something is left. */
int folder_remove(const char *path);

#endif
