/* Whole files: read with a bound, written so that a crash leaves the old content or the new one.
 *
 * After IO errno tells why: au_file_err_text says it.
 *
 * Threading: any thread. Of two writers of one file at the same time the later one wins. */
#ifndef AUREON_BASE_FILE_H
#define AUREON_BASE_FILE_H

#include "base/buf.h"

/* au_file_read reads a file, or any other thing that can be read to its end, such as a pipe.
 *
 * content     gets the bytes; its size_max bounds them. After an error it is empty, with no error
 *             of its own
 *
 * OK
 * NOT_FOUND   there is no such file
 * TOO_LARGE   the content does not fit into the buffer's bound
 * IO          it is a folder, may not be read, or reading failed
 * NO_MEMORY */
AU_MUST_USE enum au_err au_file_read(const char *path, struct au_buf *content);

/* au_file_write creates a file or replaces its content, by a new file beside it that is synced and
 * takes its name. A symbolic link is followed; an existing file's permissions are kept.
 *
 * OK            the content is on disk
 * NOT_FOUND     the folder does not exist, or the path is a link to nothing
 * INVALID_ARG   the path names something that is no regular file
 * IO            not permitted, no space, or writing failed: the old content is still there. (After
 *               a failed sync of the folder the new content is there, but may not survive a crash)
 * NO_MEMORY     nothing happened */
AU_MUST_USE enum au_err au_file_write(const char *path, struct au_bytes content);

/* au_file_create writes a file that must not be there yet, for its owner alone from the first byte.
 *
 * OK         the file is on disk
 * NOT_FOUND  the folder does not exist
 * IO         something has this name already (errno is EEXIST), not permitted, no space, or writing
 *            failed: there is no file then. (After a failed sync of the folder there is, but it may
 *            not survive a crash) */
AU_MUST_USE enum au_err au_file_create(const char *path, struct au_bytes content);

/* au_file_make_folder sees to it that there is a folder, and leaves one that is there as it is.
 *
 * mode   permissions of one that is made, less those of the umask
 *
 * OK
 * IO     it cannot be made (errno is ENOENT if the folder around it does not exist), or something
 *        that is no folder has this name (EEXIST) */
AU_MUST_USE enum au_err au_file_make_folder(const char *path, unsigned mode);

/* au_file_err_text gives words for an error of these functions, of use until errno changes or this
 * thread asks again. */
const char *au_file_err_text(enum au_err err);

#endif
