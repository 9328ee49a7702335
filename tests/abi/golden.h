/* SPDX-License-Identifier: MPL-2.0 */
/* golden -- what the files of a minor version say of the ABI, as asserts: compiling them is the test. */
#ifndef GOLDEN_H
#define GOLDEN_H

#define MEMBER(struct_, member_, offset_, ...)                                                     \
    _Static_assert(offsetof(struct_, member_) == (offset_), #struct_ "." #member_ " has moved");   \
    _Static_assert(_Generic(&((struct_ *)0)->member_, __VA_ARGS__ : 1, default : 0),               \
                   #struct_ "." #member_ " has another type")
#define FUNCTION(type_, ...)                                                                       \
    _Static_assert(_Generic((type_ *)0, __VA_ARGS__ : 1, default : 0), #type_ " is another one")
#define AT_LEAST(struct_, size_)                                                                   \
    _Static_assert(sizeof(struct_) >= (size_), #struct_ " has lost its end")
#define EXACTLY(struct_, size_)                                                                    \
    _Static_assert(sizeof(struct_) == (size_), #struct_ " is of another size")
#define CODE(name_, number_) _Static_assert((name_) == (number_), #name_ " has another number")

#endif
