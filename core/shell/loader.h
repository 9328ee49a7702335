/* SPDX-License-Identifier: MPL-2.0 */
/* loader -- a plugin's file, checked, copied, and mapped for good.
 *
 * A file is mapped only if nobody but root and this user could have changed it: it and each folder above it
 * belong to one of the two and cannot be written by others (a sticky folder is fine when the next step down
 * is ours). What is mapped is a private copy named by its content's SHA-256, made from the very descriptor
 * that was checked: a file replaced later, or at the same path, is another file. Nothing is ever unmapped.
 *
 * Whether the descriptor inside is any good is the registry's to say.
 *
 * Thread: one at a time.
 */
#ifndef HFI_LOADER_H
#define HFI_LOADER_H

#include <stdbool.h>

#include <base/span.h>
#include <holdfast/plugin.h>

enum { HFI_IMAGE_HASH = 64 /* hexadecimal digits of a SHA-256 */, HFI_WHY = 512 };

/* One mapped plugin. */
typedef struct hfi_image {
    char hash[HFI_IMAGE_HASH + 1]; /* of the content; in a replay, the recorded one */
    char *path;                    /* where it came from */
    const hf_plugin_t *descriptor; /* stays for ever */
} hfi_image_t;

typedef struct hfi_loader hfi_loader_t;

/* Copies go to RUN_DIR/plugins; borrows nothing. NULL: no memory. */
hfi_loader_t *hfi_loader_new(const char *run_dir);

/* Takes *self_p and nulls it; what is mapped stays mapped. */
void hfi_loader_destroy(hfi_loader_t **self_p);

/* Loads the file; the image is borrowed until the next load. NULL with a sentence in why. A file that is loaded
 * already gives the image it has. */
const hfi_image_t *hfi_loader_load(hfi_loader_t *self, const char *path, char *why,
                                   size_t why_room);

/* Whether nobody but root and this user could have changed the file; it is not loaded. False with a sentence in why. */
bool hfi_loader_check(const char *path, char *why, size_t why_room);

/* Whether the library, loaded already as something loaded needed it, or what that needs, has the symbol. */
bool hfi_loader_provides(const char *library, const char *symbol);

/* Loads the copy that was once made of that content, if it is still there and still that; NULL: it is not. */
const hfi_image_t *hfi_loader_load_copy(hfi_loader_t *self, const char *hash);

/* Lets the image be found by the hash that a record has for it (64 digits). */
bool hfi_loader_rename(hfi_loader_t *self, const char *hash, const char *as);

/* The images in the order they came; NULL past the last. */
const hfi_image_t *hfi_loader_at(const hfi_loader_t *self, size_t k);

/* What the machine is lent as find_image; context is the loader. */
const hf_plugin_t *hfi_loader_find(void *context, hfi_span_t hash);

/* The file of a plugin that is shipped with this program, from where the program lies: installed, or in its
 * build folder. False: there is none of that name. */
bool hfi_loader_shipped(const char *name, char *to, size_t room);

/* The folder, made with mode 0700 if it is missing, is this user's own and nobody else may write in it.
 * `is_private`: nor look into it. False with a sentence in why. */
bool hfi_loader_own_folder(const char *path, bool is_private, char *why, size_t why_room);

#endif
