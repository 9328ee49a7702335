/* SPDX-License-Identifier: MPL-2.0 */
/* gc.h -- proxies for programs that use the Boehm collector (libgc): drop the last pointer, and the referent goes.
 *
 *     GC_INIT();
 *     hf_proxy_t *made = hf_create(client, "list", "");
 *     hf_cell_t *list = hf_gc_bind(&made);
 *     hf_call(list->proxy, "append", "i", INT64_C(1));
 *
 * A proxy itself is no memory of the collector's: what it watches is the cell. So a program keeps the pointer to the
 * cell, and takes the proxy out of it for the length of a call; a proxy kept beside the cell would outlive it.
 *
 * This header alone needs libgc (Debian: libgc-dev; cc … $(pkg-config --cflags --libs holdfast bdw-gc)). Threads that
 * libholdfast makes never touch the collector's memory, and need not be known to it.
 */
#ifndef HF_GC_H
#define HF_GC_H

#include <gc/gc.h>

#include <holdfast/holdfast.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A proxy that is released when nothing points to the cell any more. */
typedef struct hf_cell {
    hf_proxy_t *proxy; /* NULL: it was let go of by hf_gc_release */
} hf_cell_t;

/* hf_gc_finalize -- what the collector runs for a cell that nothing points to; not for programs to call.
 *
 * cell    borrows  the cell
 * unused  borrows  NULL
 *
 * Returns nothing.
 * Thread: [any], any finalizer. Blocks: never. Since: 1.0.
 */
static inline void
hf_gc_finalize(void *cell, void *unused)
{
    (void)unused;
    hf_release(&((hf_cell_t *)cell)->proxy);
}

/* hf_gc_bind -- give a proxy to the collector, which releases it once nothing points to the cell any more.
 *
 * proxy_p  takes  the proxy; nulled, unless it failed; NULL inside (a call that has failed) gives NULL
 *
 * The collector may run its finalizers in any thread that allocates from it; hf_release is made for that.
 *
 * Returns the cell, the collector's; or NULL: it has no memory, and the proxy is still the caller's.
 *
 * Thread: [any] that the collector knows. Blocks: while the collector does. Since: 1.0.
 */
static inline hf_cell_t *
hf_gc_bind(hf_proxy_t **proxy_p)
{
    if (*proxy_p == NULL)
        return NULL;
    hf_cell_t *cell = (hf_cell_t *)GC_MALLOC_ATOMIC(sizeof *cell);
    if (cell == NULL)
        return NULL;
    cell->proxy = *proxy_p;
    *proxy_p = NULL;
    GC_REGISTER_FINALIZER_NO_ORDER(cell, hf_gc_finalize, NULL, NULL, NULL);
    return cell;
}

/* hf_gc_release -- let go of the referent now, without waiting for the collector.
 *
 * cell  borrows  the cell; its proxy is NULL from here on; again, or NULL, is fine
 *
 * Returns nothing.
 * Thread: [any] that the collector knows. Blocks: never. Since: 1.0.
 */
static inline void
hf_gc_release(hf_cell_t *cell)
{
    if (cell == NULL)
        return;
    GC_REGISTER_FINALIZER_NO_ORDER(cell, NULL, NULL, NULL, NULL);
    hf_release(&cell->proxy);
}

#ifdef __cplusplus
}
#endif

#endif
