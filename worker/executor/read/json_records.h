/* JSON records: cutting a text of any shape into the values that are its records. Private to the
 * JSON reader. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_READ_JSON_RECORDS_H
#define ASSAY_READ_JSON_RECORDS_H

#include "worker/executor/read/json_fast.h"
#include "worker/executor/read/json_reader.h"
#include "worker/executor/read/json_scan.h"

/** The bytes of one record, in the window; JSON_FAST_PADDING more are readable. */
struct json_record {
    const char *data;
    size_t size;
    uint64_t offset, line;
    const char *fault; /* NULL, or why this cannot be a record whatever it holds */
};

enum json_step {
    JSON_STEP_RECORD,
    JSON_STEP_FULL, /* no whole record left in the window: call again with may_move */
    JSON_STEP_END,
};

struct json_records {
    struct assay_source *source; /* borrowed */
    enum assay_json_shape shape;
    char *window;
    size_t capacity, begin, end; /* what is left lies in [begin, end) */
    uint64_t offset;             /* of window[0] in the text */
    uint64_t line;               /* of window[begin], from 1 */
    uint64_t bytes;              /* taken from the source so far */
    uint64_t stop;  /* lines that begin at or behind it are not ours; UINT64_MAX = none */
    uint64_t limit; /* bytes of the largest record */
    bool at_end;    /* the source has no more */
    bool opened, closed, after_value, after_comma; /* arrays: brackets seen, what came last */
};

/** Start at the text's beginning, or at the first line that begins in [begin, end) (end 0 = to the
 * end). The source stands at its beginning, or can be sought. format: "jsonl" = lines; else the
 * shape is found from the first MiB. Release in any case. */
ASSAY_MUST_CHECK int json_records_start(struct json_records *records, struct assay_source *source,
                                        const char *format, uint64_t begin, uint64_t end,
                                        uint64_t limit, struct assay_error *err);
void json_records_release(struct json_records *records);
/** The next record. With may_move the window's earlier bytes are given up, so slices of earlier
 * records die. */
ASSAY_MUST_CHECK int json_records_next(struct json_records *records, bool may_move,
                                       enum json_step *ret_step, struct json_record *ret_record,
                                       struct assay_error *err);

#endif
