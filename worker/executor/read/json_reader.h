/* JSON reader: JSON lines, arrays of objects and streams of objects as batches of untyped cells.
 *
 * Strict (RFC 8259): what is malformed is rejected with its place and raw text, never dropped.
 * Decisions:
 * - A record is an object; any other well-formed value is rejected as "not a record".
 * - A key that a record holds twice makes it rejected: neither value may be dropped.
 * - Numbers keep their own text (1e999, 30 digits). Strings are unescaped; half of a surrogate pair
 *   becomes U+FFFD and is counted in the reader's warnings. Malformed UTF-8 inside strings stays,
 *   for the profile to count.
 * - Objects become dotted fields, of at most ASSAY_JSON_LEVELS names; what lies deeper stays JSON
 *   text. A field that is an object in some records and something else in others stays JSON text as
 *   a whole.
 * - Arrays (fields that hold nothing else): LIST of cells; of objects also one LIST for each dotted
 *   field of the elements ("items.sku"), one entry an element. Reader option `arrays=text` keeps
 *   them as ASSAY_CELL_NESTED.
 * - Fields are those of all records, by a pass over the whole text before the first record is
 *   delivered. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_JSON_READER_H
#define ASSAY_EXECUTOR_JSON_READER_H

#include "common/json/json.h"
#include "worker/executor/read/reader.h"
#include "worker/executor/read/source.h"

#define ASSAY_JSON_LEVELS  4    /* names of a dotted field: "a.b.c.d" */
#define ASSAY_JSON_NESTING 1024 /* deeper values are refused */

enum assay_json_shape {
    ASSAY_JSON_LINES,  /* one value a line */
    ASSAY_JSON_ARRAY,  /* [ value, … ] */
    ASSAY_JSON_VALUES, /* one value, or several with white space between them */
};

/** The fields of a container's records, found in one or several texts; afterwards immutable and
 * shared by readers and threads. */
struct assay_json_fields;

ASSAY_MUST_CHECK int assay_json_fields_new(const json_t *reader_options,
                                           struct assay_json_fields **ret_fields,
                                           struct assay_error *err);
void assay_json_fields_free(struct assay_json_fields *fields);
ASSAY_DEFINE_CLEANUP(struct assay_json_fields, assay_json_fields_free)

/** Add the fields of one text, read from its beginning to its end; `sample`: only the beginning and
 * spots spread over a seekable text of lines (some 4 MiB in all), enough for a listing, not for
 * readers. *cancelled (may be NULL) is looked at. Malformed records are passed over. Errors as of
 * assay_source_read(), ASSAY_CANCELLED, ASSAY_NO_MEMORY; ASSAY_LIMIT: more than 100,000 fields. */
ASSAY_MUST_CHECK int assay_json_fields_add(struct assay_json_fields *fields,
                                           struct assay_source *source, bool sample,
                                           const atomic_bool *cancelled, struct assay_error *err);
/** The same for a file, whole: large plain texts of lines are looked at by several threads, with
 * the same result. */
ASSAY_MUST_CHECK int assay_json_fields_add_file(struct assay_json_fields *fields, const char *path,
                                                const char *encoding, int threads,
                                                const atomic_bool *cancelled,
                                                struct assay_error *err);
/** What was found, as JSON, and back into an empty tree instead of reading the texts again: the
 * splits of a container share one. *ret_saved is the caller's. Save: ASSAY_UNSUPPORTED when a key
 * is not UTF-8. Load: ASSAY_FORMAT, ASSAY_LIMIT; hostile input is safe. */
ASSAY_MUST_CHECK int assay_json_fields_save(const struct assay_json_fields *fields,
                                            json_t **ret_saved, struct assay_error *err);
ASSAY_MUST_CHECK int assay_json_fields_load(struct assay_json_fields *fields, const json_t *saved,
                                            struct assay_error *err);
/** All texts are added: settle the layouts. Once, before the schema or a reader is wanted. */
ASSAY_MUST_CHECK int assay_json_fields_finish(struct assay_json_fields *fields,
                                              struct assay_error *err);
/** Dotted names, in order of appearance, children behind their parent. The fields'. */
const struct assay_schema *assay_json_fields_schema(const struct assay_json_fields *fields);

/** The shape of a text; the source is left anywhere. */
ASSAY_MUST_CHECK int assay_json_shape_find(struct assay_source *source,
                                           const json_t *reader_options,
                                           enum assay_json_shape *ret_shape,
                                           struct assay_error *err);

/** What to read. Zero-initialised: everything. */
struct assay_json_part {
    const char *const *fields; /* names of schema fields, delivered in this order; NULL = all */
    size_t fields_count;
    uint64_t begin, end; /* lines that begin in [begin, end); any bytes will do; end 0 = to the end.
                            Seekable lines only */
    uint32_t file;       /* index stated in batches and rejections */
};

/** Open a reader on a source that it takes over (closed also on failure), at its beginning.
 * `fields` (finished, of this text among others) must outlive the reader. Batches hold ≤
 * ASSAY_BATCH_ROWS rows and some 512 KiB of text; cells are slices of the reader's memory, valid
 * until the next call. `line` counts from the range's first line for ranges (begin > 0), else
 * from 1. Memory: the batch and the largest record (at most 4 × max_cell; a larger line is
 * rejected, in other shapes it is ASSAY_LIMIT). Errors of next: those of the source,
 * ASSAY_SCHEMA_CHANGED (a field that `fields` lacks: the text has changed since), ASSAY_NO_MEMORY.
 * An array that does not end is a rejection.
 */
ASSAY_MUST_CHECK int
assay_json_reader_open(struct assay_source *source, const struct assay_json_fields *fields,
                       const json_t *reader_options, const struct assay_json_part *part,
                       struct assay_reader **ret_reader, struct assay_error *err);

/** Is the text one well-formed JSON value with white space around it? ASSAY_FORMAT says why not,
 * and at which byte. */
ASSAY_MUST_CHECK int assay_json_check(const char *text, size_t size_bytes, struct assay_error *err);

#endif
