/* SPDX-License-Identifier: MPL-2.0 */
/* types.h -- iteration over a referent, and the common types' methods as functions: list, dict, set, Queue, Value.
 *
 * Each of these is one call of holdfast.h said shorter (hf_iter_next: one call a chunk), and a program may mix both.
 * A proxy of another type fails as any call of it would: NoSuchMethod, or whatever its method of that name raises.
 *
 *     hf_list_append(list, "s", "four");                     an item by picture; "v" with a hf_value_t *
 *     hf_dict_set(dict, "si", "water", INT64_C(10));         key and value, one picture
 *     hf_dict_get(dict, "s", "water", "i", &n);              key, then the result's picture and its pointers
 *     HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, HF_ITER_CHUNK);
 *     while ((more = hf_iter_next_into(it, "i", &n)) == 1)
 *         use(n);                                            more is 0 at the end, -1 for an error
 *
 * Pictures, errors and the tags of threads are holdfast.h's. What blocks until an answer is bounded by
 * hf_set_timeout.
 */
#ifndef HF_TYPES_H
#define HF_TYPES_H

#include <holdfast/holdfast.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- iteration ------------------------------------------------------------------------ */

typedef struct hf_iter hf_iter_t;

/* Items asked for at a time, where there is no reason for another number. */
#define HF_ITER_CHUNK 1024u

/* hf_iter_new -- go through a referent's items: a list's items, a dict's keys, a set's elements.
 *
 * proxy  borrows  a referent with a method `iter`; it lives as long as the iteration
 * chunk           items to ask for at a time, at least 1
 *
 * The items are brought a chunk at a time. What is changed ahead of those is met, what is changed among them is not;
 * with a chunk of 1 every item is as it is when it is asked for, as in Python. Answers that would be longer than
 * a frame make the chunk smaller.
 *
 * Returns an iteration, to be destroyed; or NULL: ValueError, the chunk is 0; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT hf_iter_t *hf_iter_new(const hf_proxy_t *proxy, uint32_t chunk);

/* hf_iter_of -- go through what is left of an Iterator that a method gave (`reversed`), or a type of one's own.
 *
 * iterator  borrows  a referent with a method `next` that raises StopIteration at the end, and for a chunk above 1
 *                    a method `take(n)` that gives a list, shorter than n at the end
 * chunk              items to ask for at a time, at least 1
 *
 * Returns an iteration, to be destroyed; or NULL: ValueError, the chunk is 0; SessionLost; LimitExceeded.
 *
 * Thread: [any]. Blocks: never. Since: 1.0.
 */
HF_EXPORT hf_iter_t *hf_iter_of(const hf_proxy_t *iterator, uint32_t chunk);

/* hf_iter_next -- the next item, as a value.
 *
 * self      borrows  the iteration
 * ret_item  gives    a view, not to be dropped: good until the next call with this iteration; untouched unless 1
 *
 * Returns 1; 0 at the end, again and again; -1: RuntimeError, a dict or set has changed its size; or as any call.
 * After -1 the iteration is over and says the same again, with one exception: Interrupted loses no item and the
 * next call goes on.
 *
 * Thread: [own]. Blocks: once a chunk, until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_iter_next(hf_iter_t *self, hf_value_t *ret_item);

/* hf_iter_next_into -- the next item, read by a picture.
 *
 * self         borrows  the iteration
 * ret_picture  borrows  the item's picture; the pointers that it names follow; what they give is the caller's
 *
 * Returns 1, 0 or -1 as hf_iter_next; -1 with TypeError too: the item is of another kind, it is passed and the next
 * call goes on. No pointer is written unless 1.
 *
 * Thread: [own]. Blocks: once a chunk, until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_iter_next_into(hf_iter_t *self, const char *ret_picture, ...);

/* hf_iter_destroy -- end an iteration, at its end or before; as HF_AUTO_ITER calls it.
 *
 * self_p  takes  the iteration; nulled; NULL inside is fine
 *
 * Returns nothing.
 * Thread: [own]. Blocks: never. Since: 1.0.
 */
HF_EXPORT void hf_iter_destroy(hf_iter_t **self_p);
#define HF_AUTO_ITER __attribute__((cleanup(hf_iter_destroy)))

/* ---- list ----------------------------------------------------------------------------- */

/* hf_list_len -- how many items there are.
 *
 * list  borrows  the list
 *
 * Returns the number, or -1 as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int64_t hf_list_len(const hf_proxy_t *list);

/* hf_list_append -- put an item at the end.
 *
 * list     borrows  the list
 * picture  borrows  the item; what it names follows
 *
 * Returns 0, or -1 as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_list_append(const hf_proxy_t *list, const char *picture, ...);

/* hf_list_insert -- put an item before another.
 *
 * list     borrows  the list
 * index             of the other; below 0 from the end; past either end: there
 * picture  borrows  the item; what it names follows
 *
 * Returns 0, or -1 as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_list_insert(const hf_proxy_t *list, int64_t index, const char *picture, ...);

/* hf_list_get -- read an item.
 *
 * list         borrows  the list
 * index                 below 0 from the end
 * ret_picture  borrows  the item's picture; the pointers that it names follow
 *
 * Returns 0, or -1: IndexError; TypeError, it is of another kind; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_list_get(const hf_proxy_t *list, int64_t index, const char *ret_picture, ...);

/* hf_list_set -- put an item in another's place.
 *
 * list     borrows  the list
 * index             below 0 from the end
 * picture  borrows  the item; what it names follows
 *
 * Returns 0, or -1: IndexError; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_list_set(const hf_proxy_t *list, int64_t index, const char *picture, ...);

/* hf_list_pop -- take an item out and read it.
 *
 * list         borrows  the list
 * index                 below 0 from the end: -1 is the last
 * ret_picture  borrows  the item's picture; the pointers that it names follow; "": it is thrown away
 *
 * Returns 0, or -1: IndexError; TypeError, it is of another kind, and gone; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_list_pop(const hf_proxy_t *list, int64_t index, const char *ret_picture, ...);

/* ---- dict ----------------------------------------------------------------------------- */

/* hf_dict_len -- how many keys there are.
 *
 * dict  borrows  the dict
 *
 * Returns the number, or -1 as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int64_t hf_dict_len(const hf_proxy_t *dict);

/* hf_dict_set -- set a key's value.
 *
 * dict     borrows  the dict
 * picture  borrows  two items, the key and the value; what they name follows
 *
 * Returns 0, or -1: TypeError, no such key can be; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_dict_set(const hf_proxy_t *dict, const char *picture, ...);

/* hf_dict_get -- read a key's value.
 *
 * dict     borrows  the dict
 * picture  borrows  the key; what it names follows; behind that the value's picture (const char *) and the pointers
 *                   that it names: hf_dict_get(dict, "s", "water", "i", &n)
 *
 * Returns 0, or -1: KeyError; TypeError, the value is of another kind; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_dict_get(const hf_proxy_t *dict, const char *picture, ...);

/* hf_dict_has -- whether a key is there.
 *
 * dict     borrows  the dict
 * picture  borrows  the key; what it names follows
 *
 * Returns 1 or 0, or -1: TypeError, no such key can be; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_dict_has(const hf_proxy_t *dict, const char *picture, ...);

/* hf_dict_pop -- remove a key and read its value.
 *
 * dict     borrows  the dict
 * picture  borrows  the key; what it names follows; behind that the value's picture and its pointers; "" as value's
 *                   picture: it is thrown away
 *
 * Returns 0, or -1: KeyError; TypeError, the value is of another kind, and gone; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_dict_pop(const hf_proxy_t *dict, const char *picture, ...);

/* ---- set ------------------------------------------------------------------------------ */

/* hf_set_len -- how many elements there are.
 *
 * set  borrows  the set
 *
 * Returns the number, or -1 as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int64_t hf_set_len(const hf_proxy_t *set);

/* hf_set_add -- put an element in, if none that equals it is there.
 *
 * set      borrows  the set
 * picture  borrows  the element; what it names follows
 *
 * Returns 0, or -1: TypeError, no such element can be; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_set_add(const hf_proxy_t *set, const char *picture, ...);

/* hf_set_discard -- remove an element if it is there.
 *
 * set      borrows  the set
 * picture  borrows  the element; what it names follows
 *
 * Returns 0, or -1: TypeError, no such element can be; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_set_discard(const hf_proxy_t *set, const char *picture, ...);

/* hf_set_has -- whether an element is there.
 *
 * set      borrows  the set
 * picture  borrows  the element; what it names follows
 *
 * Returns 1 or 0, or -1: TypeError, no such element can be; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_set_has(const hf_proxy_t *set, const char *picture, ...);

/* ---- Queue, JoinableQueue, LifoQueue, PriorityQueue ----------------------------------- */

/* hf_queue_len -- how many items wait.
 *
 * queue  borrows  the queue
 *
 * Returns the number, or -1 as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int64_t hf_queue_len(const hf_proxy_t *queue);

/* hf_queue_put -- put an item in, and wait for room.
 *
 * queue    borrows  the queue
 * timeout           seconds to wait for room; 0: do not wait; HF_FOREVER
 * picture  borrows  the item; what it names follows
 *
 * Returns 0, or -1: Full, there was no room in time; ShutDown; or as any call.
 *
 * Thread: [any]. Blocks: up to timeout, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_queue_put(const hf_proxy_t *queue, double timeout, const char *picture, ...);

/* hf_queue_get -- take an item out and read it, and wait for one.
 *
 * queue        borrows  the queue
 * timeout               seconds to wait for an item; 0: do not wait; HF_FOREVER
 * ret_picture  borrows  the item's picture; the pointers that it names follow
 *
 * Returns 0, or -1: Empty, there was no item in time; ShutDown; TypeError, it is of another kind, and gone; or as
 * any call.
 *
 * Thread: [any]. Blocks: up to timeout, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_queue_get(const hf_proxy_t *queue, double timeout, const char *ret_picture, ...);

/* hf_queue_task_done -- an item that was got is done with.
 *
 * queue  borrows  the queue
 *
 * Returns 0, or -1: ValueError, more often than items were put; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_queue_task_done(const hf_proxy_t *queue);

/* hf_queue_join -- wait until all items that were put are done with.
 *
 * queue    borrows  the queue
 * timeout           seconds; HF_FOREVER to wait for ever
 *
 * Returns 0, or -1: TimeoutError; or as any call.
 *
 * Thread: [any]. Blocks: up to timeout. Since: 1.0.
 */
HF_EXPORT int hf_queue_join(const hf_proxy_t *queue, double timeout);

/* ---- Value ---------------------------------------------------------------------------- */

/* hf_value_get -- read the value.
 *
 * value        borrows  the Value
 * ret_picture  borrows  its picture; the pointer that it names follows
 *
 * Returns 0, or -1: TypeError, it is of another kind; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_value_get(const hf_proxy_t *value, const char *ret_picture, ...);

/* hf_value_set -- write the value.
 *
 * value    borrows  the Value
 * picture  borrows  the new one; what it names follows
 *
 * Returns 0, or -1: TypeError or OverflowError, the typecode is for others; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_value_set(const hf_proxy_t *value, const char *picture, ...);

/* hf_value_add -- add to an integer: nobody comes between.
 *
 * value    borrows  a Value of integers
 * by                what to add
 * ret_new  gives    the sum; NULL: not wanted
 *
 * Returns 0, or -1: OverflowError, the sum leaves the typecode's range; or as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_value_add(const hf_proxy_t *value, int64_t by, int64_t *ret_new);

/* hf_value_cas -- write an integer if it is what is expected: nobody comes between.
 *
 * value     borrows  a Value of integers
 * expected           what it must be
 * wanted             what it is to be then
 *
 * Returns 1, it was written; 0, it was another; or -1: OverflowError, `wanted` is outside the typecode's range; or
 * as any call.
 *
 * Thread: [any]. Blocks: until the answer, or hf_set_timeout. Since: 1.0.
 */
HF_EXPORT int hf_value_cas(const hf_proxy_t *value, int64_t expected, int64_t wanted);

#ifdef __cplusplus
}
#endif

#endif
