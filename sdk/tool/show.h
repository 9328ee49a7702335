/* SPDX-License-Identifier: MPL-2.0 */
/* show -- results on stdout: JSON for programs, tables for people. */
#ifndef TOOL_SHOW_H
#define TOOL_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/value.h>

/* One line of JSON. */
void show_json(const hf_value_t *value);

/* A str as it is, with a newline. */
void show_text(const hf_value_t *text);

/* A list of strs, one a line. */
void show_lines(const hf_value_t *list);

/* What `describe` gives: typeid, doc, methods. */
void show_type(const hf_value_t *type);

/* What `holdfastd --check-plugin` gives. */
void show_report(const hf_value_t *report);

/* What `stats` gives: a line for each figure, those inside a map indented below it. */
void show_stats(const hf_value_t *stats);

/* What `slow_calls` gives: a line for each. */
void show_slow_calls(const hf_value_t *calls);

/* What `sessions` and `leaks` give: a line for each. */
void show_sessions(const hf_value_t *sessions);
void show_leaks(const hf_value_t *leaks);

/* One page of what `objects` gives; *ret_last becomes the last object's number where there is one. */
void show_objects(const hf_value_t *page, bool as_json, bool is_first, int64_t *ret_last);
void show_objects_end(bool as_json);

#endif
