/* SPDX-License-Identifier: MPL-2.0 */
/* cppcheck -- what ./dev lint tells cppcheck 2.10, which does not know C11's _Noreturn, before each file. */
#define _Noreturn __attribute__((noreturn))
