/* SPDX-License-Identifier: MPL-2.0 */
/* tally -- how often each method of each type gave what, and whether that was often enough. */
#ifndef CONFORMANCE_TALLY_H
#define CONFORMANCE_TALLY_H

enum { TALLY_ROWS = 1024, TALLY_NAME = 40, TALLY_LEAST = 50 };

typedef struct tally_row {
    char typeid_[TALLY_NAME];
    char method[TALLY_NAME];
    char kind[TALLY_NAME]; /* of error; "answers" */
    unsigned n;
} tally_row_t;

typedef struct tally {
    tally_row_t row[TALLY_ROWS];
    unsigned n;
} tally_t;

void tally_count(tally_t *self, const char *typeid_, const char *method, const char *kind);
void tally_print(tally_t *self);

/* Fails unless each method and each kind that the family's part of the file `rows` has was counted TALLY_LEAST times,
 * and the file has each method of each type. */
void tally_audit(const tally_t *self, const char *rows, const char *family);

#endif
